"""Take in that a rail has received money for somebody."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from identity.models import Program
from ledger.errors import UnknownAsset
from ledger.models import Asset, Transaction
from wallets.errors import BadNotice
from wallets.models import Wallet
from wallets.operations.put_in_suspense import put_in_suspense
from wallets.operations.top_up import top_up
from wallets.queries import checking, notices
from wallets.queries.holdings import is_booked
from wallets.rails import Applied, Delivery, Ignored
from wallets.states import WalletState


@transaction.atomic
def take_deposit(delivery: Delivery, at: datetime) -> Applied | Ignored:
    """Put what came into the wallet it is for; money that no wallet is named for waits in the rail's suspense.

    A receipt books once, whatever event tells of it.

    :raises BadNotice: if the notice says no amount, asset or receipt, or a known receipt otherwise.
    :raises UnknownAsset: if there is no such asset.
    :raises UnknownRail: if the program keeps no account there in the asset.
    :raises PostingRefused: if it can't be booked.
    """
    said = notices.deposit(delivery.notice.data)
    asset = Asset.objects.filter(code=said.asset).first()
    if asset is None:
        raise UnknownAsset(asset=said.asset)
    key = f"rail:{delivery.rail}:{said.receipt}"
    wallet = None
    if said.wallet is not None:
        wallet = Wallet.objects.filter(pk=said.wallet, program=delivery.program_id, asset=asset).first()
    if is_booked(delivery.program_id, checking.house_key(key)):
        _require_the_same(said, asset, wallet, program_id=delivery.program_id, key=checking.house_key(key))
        return Ignored(f"Receipt {said.receipt} was booked before.")

    told = {"receipt": said.receipt, "rail": delivery.rail, "rail_event": str(delivery.event_id)}
    if wallet is not None and wallet.state != WalletState.CLOSED:
        line = top_up(
            wallet.pk, program_id=delivery.program_id, amount=said.amount, rail=delivery.rail, key=key,
            description=said.reference, metadata=told, effective_at=min(delivery.notice.occurred_at, at), at=at,
        )  # fmt: skip
        return Applied({"wallet_transaction": str(line.pk)})
    program = Program.objects.get(pk=delivery.program_id)
    booked_id = put_in_suspense(
        program, asset, rail=delivery.rail, amount=said.amount, key=key, description=said.reference, metadata=told,
        at=at,
    )  # fmt: skip
    return Applied({"suspense": str(booked_id)})


def _require_the_same(
    said: notices.Deposit, asset: Asset, wallet: Wallet | None, *, program_id: UUID, key: str
) -> None:
    """Refuse a receipt that was told otherwise before: somebody has to look which of both is so."""
    [booked] = Transaction.objects.under_key(program_id, key).prefetch_related("entries__credit_account")
    entry = min(booked.entries.all(), key=lambda each: each.pk)  # what it repaid stands behind it
    same_amount = (entry.amount, entry.credit_account.asset_id) == (said.amount, asset.pk)
    is_theirs = wallet is not None and entry.credit_account_id == wallet.account_id
    if not same_amount or not (is_theirs or entry.credit_account.role == "SUSPENSE"):
        raise BadNotice(reason=f"receipt {said.receipt} was told with another amount or wallet before")
