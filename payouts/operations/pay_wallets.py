"""Pay what goes into wallets of this house: no rail carries it, so it is paid as it is booked."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from ledger.movements import Movement, Posting
from ledger.operations import open_account
from payouts.models import Part, Payout
from payouts.operations.hold_back import PAYEE_CHANGED, hold_back
from payouts.operations.pay_rows import pay_rows
from payouts.operations.require_running import require_running
from payouts.operations.settle_batches import settle_batches
from payouts.queries.accounts import PAYOUTS, withholding_of
from payouts.queries.purses import Purses
from payouts.queries.sendable import HAS_MOVED
from payouts.states import PAYOUT_TRANSITIONS, RUNNING, PayoutState
from wallets.models import Wallet
from wallets.operations.book import book
from wallets.operations.lock_wallets import lock_wallets
from wallets.states import TransactionType, WalletState

CLOSED = ("wallet_closed", "The wallet is closed.")


def pay_wallets(program_id: UUID, *, at: datetime, most: int = 500) -> int:
    """Pay those that are ready, each in a transaction of its own, and return how many were.

    :raises Stopped: if everything is stopped.
    """
    ready = Payout.objects.filter(
        program=program_id, state=PayoutState.READY, destination_kind="WALLET", batch__state__in=RUNNING,
        batch__expires_at__gt=at,
    ).order_by("pk")  # fmt: skip
    found = list(ready.values_list("pk", "batch")[:most])
    paid = sum(_pay(payout_id, at=at) for payout_id, _ in found)
    if found:
        with transaction.atomic():
            settle_batches({batch_id for _, batch_id in found}, at=at)
    return paid


@transaction.atomic
def _pay(payout_id: UUID, *, at: datetime) -> bool:
    payout = (
        Payout.objects.locked(skip=True)
        .filter(pk=payout_id, state=PayoutState.READY, batch__state__in=RUNNING, batch__expires_at__gt=at)
        .select_related("asset", "batch", "program")
        .first()
    )
    if payout is None:
        return False
    require_running(payout.program_id)
    if Payout.objects.filter(HAS_MOVED, pk=payout_id).exists():
        hold_back([(payout, PAYEE_CHANGED)], at=at)
        return False
    wallet = Wallet.objects.filter(pk=payout.destination, program=payout.program_id, asset=payout.asset_id).first()
    if wallet is None or wallet.state == WalletState.CLOSED:
        hold_back([(payout, CLOSED)], at=at)
        return False
    wallets = lock_wallets(wallet.pk, program_id=payout.program_id)
    follow(PAYOUT_TRANSITIONS, payout, to=PayoutState.SENDING, at=at, program_id=payout.program_id)
    Part.objects.filter(payout=payout).update(paid_at=at)
    pay_rows([payout], at=at)
    written = book(_paid(payout, wallet, at=at), wallets=wallets, kind=TransactionType.COMMISSION, at=at)
    follow(
        PAYOUT_TRANSITIONS, payout, to=PayoutState.PAID, at=at, program_id=payout.program_id,
        values={"receipt": str(written.booked_id), "settled_at": at},
    )  # fmt: skip
    return True


def _paid(payout: Payout, wallet: Wallet, *, at: datetime) -> Posting:
    def shared(code: str) -> int:
        return open_account(code, program=payout.program, asset_code=payout.asset.code, at=at).pk

    passing, reserved = shared(PAYOUTS), Purses([payout]).reserved(payout)
    movements = [
        Movement(reserved, passing, payout.amount), Movement(passing, wallet.account_id, payout.amount),
    ]  # fmt: skip
    if payout.withheld:
        movements.append(Movement(reserved, shared(withholding_of(payout.program)), payout.withheld))
    return Posting(
        program_id=payout.program_id, key=f"{payout.key}:1", kind="PAYOUT_PAID", memo=str(payout.batch),
        movements=tuple(movements), metadata={"payout": str(payout.pk)},
    )  # fmt: skip
