"""Void what was never earned."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from affiliates.errors import NotEarned, UnknownCommission
from affiliates.models import Commission, Purse
from affiliates.operations.find_books import EXPENSE, find_books
from affiliates.states import COMMISSION_TRANSITIONS, UNPAID, CommissionState, CommissionType
from audit.errors import WrongState
from audit.operations import follow
from ledger.money import ZERO, exactly
from ledger.movements import Movement, Posting
from ledger.operations import post
from wallets.queries.checking import require_reason


@transaction.atomic
def void_commission(commission_id: UUID, *, program_id: UUID, reason: str, at: datetime) -> Commission:
    """Take a row out of what is earned, with the claw-backs of it that nobody has paid with yet.

    What claw-backs left of it is booked back. A claw-back that was netted in a payout took from other earnings what
    should never have been there, so it is given back by a row of its own.

    :raises UnknownCommission: if the program has no such row.
    :raises NotEarned: if the row puts another right.
    :raises WrongState: if it is paid, in a payout or voided.
    :raises PostingRefused: if it can't be booked.
    """
    reason = require_reason(reason)
    found = Commission.objects.filter(pk=commission_id, program=program_id).only("settlement").first()
    if found is None:
        raise UnknownCommission(commission=commission_id)
    # The whole family, in one order: a refund at the same moment waits, and then finds what is voided.
    family = {
        row.pk: row
        for row in Commission.objects.locked()
        .filter(program=program_id, settlement=found.settlement_id)
        .select_related("asset", "program")
    } if found.settlement_id else {}  # fmt: skip
    row = family.get(commission_id)
    if row is None or row.type not in (CommissionType.DIRECT, CommissionType.OVERRIDE):
        raise NotEarned(type=CommissionType(row.type).label.lower() if row else "an adjustment")
    corrections = [one for one in family.values() if one.corrects_id == row.pk]
    if any(one.state == CommissionState.BATCHED for one in (row, *corrections)):
        raise WrongState(subject="commission", state="in a payout", wanted="voided", possible=[])
    taken = [one for one in corrections if one.state in UNPAID]
    given = [one for one in corrections if one.state == CommissionState.PAID]
    with exactly():
        left = row.amount + sum((one.amount for one in corrections), ZERO)
        again = -sum((one.amount for one in given), ZERO)

    booked_id = _book(row, left, reason, at=at) if left else None
    for one in (row, *taken):
        follow(
            COMMISSION_TRANSITIONS, one, to=CommissionState.VOIDED, at=at, program_id=program_id,
            payload={"reason": reason}, values={"reason": reason, "held_reason": ""},
        )  # fmt: skip
    if again:
        _give_again(row, again, reason, booked_id, at=at)
    return row


def _book(row: Commission, amount: Decimal, reason: str, *, at: datetime) -> UUID:
    books = find_books([(row.program, row.asset)], at=at)
    purse = Purse.objects.get(affiliate=row.affiliate_id, asset=row.asset_id)
    expense = books[row.program_id, row.asset_id, EXPENSE]
    posting = Posting(
        program_id=row.program_id, key=f"house:commission:{row.pk}:voided", kind="COMMISSION_ADJUSTMENT", memo=reason,
        movements=(Movement(purse.liability_id, expense, amount),), metadata={"commission": str(row.pk)},
    )  # fmt: skip
    return post(posting).id


def _give_again(row: Commission, amount: Decimal, reason: str, booked_id: UUID | None, *, at: datetime) -> None:
    Commission.objects.create(
        program_id=row.program_id, affiliate_id=row.affiliate_id, asset_id=row.asset_id,
        settlement_id=row.settlement_id,
        type=CommissionType.REINSTATEMENT if amount > 0 else CommissionType.CLAWBACK,
        state=CommissionState.DUE, amount=amount, corrects=row, reason=reason,
        accrued_at=at, payable_at=at, ledger_transaction_id=booked_id,
    )  # fmt: skip
