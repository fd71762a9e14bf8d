"""Ask to take money out of a wallet."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from audit import context
from audit.operations import record
from ledger import operations as ledger
from ledger.errors import IdempotencyConflict
from ledger.money import plain
from wallets.models import Wallet, WalletTransaction, Withdrawal
from wallets.operations.lock_wallets import lock_wallets
from wallets.queries import checking
from wallets.queries.withdrawals import Place, require_amount_out, require_place
from wallets.states import DestinationKind, TransactionStatus, TransactionType


@transaction.atomic
def request_withdrawal(
    wallet_id: UUID, *, program_id: UUID, amount: Decimal, kind: str, destination: str, holder: str = "", key: str,
    at: datetime,
) -> Withdrawal:  # fmt: skip
    """Hold ``amount`` until it has left, or is given back. Asked again, it is found.

    :raises UnknownWallet: if the program has no such wallet.
    :raises WalletIsClosed: if it is closed.
    :raises NoWayOut: if nothing sends its asset to such a destination.
    :raises BadPayee: if nobody can be paid there.
    :raises BadWithdrawal: if so much, or so little, can't be taken out.
    :raises BelowFloor: if less is available.
    :raises AccountFrozen: if its owner can take nothing from it.
    :raises IdempotencyConflict: if the key was used for another withdrawal.
    """
    checking.require_key(key)
    (wallet,) = lock_wallets(wallet_id, program_id=program_id)
    known = Withdrawal.objects.filter(program=program_id, key=key).select_related("wallet__asset").first()
    if known is not None:
        return _the_same(known, wallet, amount=amount, kind=kind, destination=destination, holder=holder)
    checking.require_usable(is_closed=wallet.is_closed, version=wallet.version, seen=None)
    checking.require_amount(amount, asset=wallet.asset.code, scale=wallet.asset.scale)
    place, senders = require_place(wallet, kind=kind, destination=destination, holder=holder)
    require_amount_out(wallet, amount, senders, at=at)

    identifier, actor = uuid7(), context.current().actor
    held = ledger.hold(wallet.account_id, program_id=program_id, amount=amount, key=f"withdrawal:{identifier}", at=at)
    line = WalletTransaction.objects.create(
        program_id=program_id, wallet=wallet, type=TransactionType.WITHDRAWAL, status=TransactionStatus.PENDING,
        amount=amount, is_credit=False, description=_told(place), metadata={"withdrawal": str(identifier)},
        created_at=at,
    )  # fmt: skip
    withdrawal = Withdrawal(
        id=identifier, program_id=program_id, key=key, wallet=wallet, amount=amount, destination_kind=place.kind,
        destination=place.destination, holder=place.holder, hold=held, wallet_transaction=line,
        requested_by=f"{actor.type}:{actor.id}"[:250], requested_at=at,
    )  # fmt: skip
    withdrawal.save(force_insert=True)
    Wallet.objects.filter(pk=wallet.pk).update(version=wallet.version + 1)

    record(
        "wallets.withdrawal.requested", subject=withdrawal, at=at, program_id=program_id,
        payload={
            "amount": plain(amount), "asset": wallet.asset.code, "wallet": str(wallet.pk), "kind": place.kind,
        },
    )  # fmt: skip
    return withdrawal


def _the_same(
    known: Withdrawal, wallet: Wallet, *, amount: Decimal, kind: str, destination: str, holder: str
) -> Withdrawal:
    """Return what was asked for under the key, if this asks for the same.

    :raises IdempotencyConflict: if it does not.
    """
    differs = {
        "wallet": known.wallet_id != wallet.pk,
        "amount": known.amount != amount,
        "kind": known.destination_kind != kind,
        "holder": known.holder != " ".join(holder.split()),
    }
    if not differs["kind"] and known.destination != destination:
        place, _ = require_place(wallet, kind=kind, destination=destination, holder=holder)
        differs["destination"] = known.destination != place.destination
    fields = [name for name, is_other in differs.items() if is_other]
    if fields:
        raise IdempotencyConflict(key=known.key, fields=", ".join(fields))
    return known


def _told(place: Place) -> str:
    return f"{DestinationKind(place.kind).label}: {place.destination}"
