"""Tell what payouts pay, where that is a thing of its own, what became of them."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from enum import Enum, auto
from functools import partial
from typing import Final
from uuid import UUID

from payouts.models import Payout
from wallets import operations as wallets
from wallets.states import WithdrawalState


class News(Enum):
    """What has happened to payouts."""

    SUBMITTED = auto()  # others look at the batch
    TAKEN_BACK = auto()  # nothing of it was sent, and nobody looks at it any more
    RESERVED = auto()  # the batch is approved
    SENDING = auto()
    UNKNOWN = auto()
    PAID = auto()
    RELEASED = auto()
    RETURNED = auto()


_Follow = Callable[..., None]

_OUTGOINGS: Final[dict[News, _Follow]] = {
    News.RESERVED: wallets.approve_outgoings,
    News.PAID: wallets.settle_outgoings,
}
_WITHDRAWALS: Final[dict[News, _Follow]] = {
    News.SUBMITTED: wallets.batch_withdrawals,
    News.TAKEN_BACK: wallets.unbatch_withdrawals,
    News.SENDING: partial(wallets.follow_withdrawals, to=WithdrawalState.SENT),
    News.UNKNOWN: partial(wallets.follow_withdrawals, to=WithdrawalState.UNKNOWN),
    News.PAID: partial(wallets.follow_withdrawals, to=WithdrawalState.PAID),
    News.RELEASED: wallets.fail_withdrawals,
    News.RETURNED: partial(wallets.follow_withdrawals, to=WithdrawalState.RETURNED),
}


def tell_payees(payouts: Sequence[Payout], news: News, *, at: datetime) -> None:
    """Follow outgoings and withdrawals. What affiliates earned is followed row by row, where it is booked.

    The caller holds the payouts' locks, and is in a transaction.
    """
    for program_id in {payout.program_id for payout in payouts}:
        own = [payout for payout in payouts if payout.program_id == program_id]
        _tell(_OUTGOINGS, news, [payout.outgoing_id for payout in own], program_id=program_id, at=at)
        _tell(_WITHDRAWALS, news, [payout.withdrawal_id for payout in own], program_id=program_id, at=at)


def _tell(
    table: dict[News, _Follow], news: News, ids: Collection[UUID | None], *, program_id: UUID, at: datetime
) -> None:
    named = [pk for pk in ids if pk is not None]
    if named and news in table:
        table[news](named, program_id=program_id, at=at)
