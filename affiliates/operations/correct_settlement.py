"""Book that a part of a settlement was taken back, or won back again, and put right what was earned from it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from affiliates import rules
from affiliates.errors import ReversalConflict, ReversalTooLarge, SettlementNotProven
from affiliates.models import Commission, Purse, Reversal, Settlement
from affiliates.operations.find_books import EXPENSE, REVENUE, SETTLEMENTS, find_books
from affiliates.queries import sales
from affiliates.states import SETTLEMENT_TRANSITIONS, CommissionState, CommissionType, SettlementState
from audit.operations import follow
from ledger.money import ZERO, exactly, plain
from ledger.movements import Movement, Posting
from ledger.operations import post_many
from wallets.queries.accounts import float_of
from wallets.queries.checking import require_amount, require_key, require_reason


@transaction.atomic
def correct_settlement(
    settlement_id: UUID, *, program_id: UUID, amount: Decimal, key: str, reason: str, returned_from: str = "",
    at: datetime,
) -> Reversal:  # fmt: skip
    """Take ``amount`` back, or give it again when it is below zero, with what both levels earned from it.

    ``returned_from`` is the rail that has sent the money back itself, where one has. Asked again under the same key,
    what was done is found.

    :raises UnknownSettlement: if the program has no such settlement.
    :raises SettlementNotProven: if it is not in the books yet.
    :raises ReversalTooLarge: if more would be taken back than is left, or more won back than was taken.
    :raises ReversalConflict: if the key was used for something else.
    :raises PostingRefused: if it can't be booked.
    """
    require_key(key)
    reason = require_reason(reason)
    settlement = sales.locked_settlement(settlement_id, program_id=program_id)
    known = Reversal.objects.filter(program=program_id, key=key).first()
    if known is not None:
        _require_the_same(known, settlement, amount, key)
        return known
    require_amount(abs(amount), asset=settlement.asset.code, scale=settlement.asset.scale)
    after = _after(settlement, amount)
    family = list(
        Commission.objects.locked()
        .filter(settlement=settlement, type__in=(CommissionType.DIRECT, CommissionType.OVERRIDE))
        .exclude(state=CommissionState.VOIDED)
    )
    corrections = _corrections(settlement, family, after)

    booked_id, correction_id = _book(settlement, amount, corrections, key, reason, returned_from, at=at)
    reversal = Reversal.objects.create(
        program_id=program_id, settlement=settlement, key=key, amount=amount, reversed_after=after, reason=reason,
        at=at, ledger_transaction_id=booked_id,
    )  # fmt: skip
    Commission.objects.bulk_create(
        Commission(
            program_id=program_id, affiliate_id=row.affiliate_id, asset_id=row.asset_id, settlement=settlement,
            type=CommissionType.CLAWBACK if by < 0 else CommissionType.REINSTATEMENT, state=CommissionState.DUE,
            amount=by, corrects=row, reversal=reversal, reason=reason, accrued_at=at, payable_at=at,
            ledger_transaction_id=correction_id,
        )
        for row, by in corrections
    )  # fmt: skip
    _follow(settlement, reversal, corrections, at=at)
    return reversal


def _require_the_same(known: Reversal, settlement: Settlement, amount: Decimal, key: str) -> None:
    fields = ["settlement"] if known.settlement_id != settlement.pk else []
    fields += ["amount"] if known.amount != amount else []
    if fields:
        raise ReversalConflict(key=key, fields=", ".join(fields))


def _after(settlement: Settlement, amount: Decimal) -> Decimal:
    if not settlement.is_recognised:
        raise SettlementNotProven(state=settlement.get_state_display().lower())
    with exactly():
        after = settlement.reversed_amount + amount
        left = settlement.amount - settlement.reversed_amount if amount > 0 else settlement.reversed_amount
    if not 0 <= after <= settlement.amount:
        raise ReversalTooLarge(asked=plain(abs(amount)), asset=settlement.asset.code, left=plain(left))
    return after


Corrections = Sequence[tuple[Commission, Decimal]]


def _corrections(settlement: Settlement, family: Sequence[Commission], after: Decimal) -> Corrections:
    """Return what each row of the family has to change by; it is worked out of all that was taken back so far."""
    before = dict(
        Commission.objects.filter(corrects__in=family).order_by().values_list("corrects").annotate(sum=Sum("amount"))
    )
    found = [
        (
            row,
            rules.correction(
                row.amount, base=settlement.amount, reversed_amount=after, corrected=before.get(row.pk, ZERO),
                scale=settlement.asset.scale,
            ),
        )
        for row in family
    ]  # fmt: skip
    return [(row, by) for row, by in found if by]


def _book(
    settlement: Settlement, amount: Decimal, corrections: Corrections, key: str, reason: str, returned_from: str, *,
    at: datetime,
) -> tuple[UUID, UUID | None]:  # fmt: skip
    own = (settlement.program_id, settlement.asset_id)
    books = find_books([(settlement.program, settlement.asset)], at=at)
    settled, revenue, expense = (books[*own, name] for name in (SETTLEMENTS, REVENUE, EXPENSE))
    purses = dict(
        Purse.objects.filter(affiliate__in=[row.affiliate_id for row, _ in corrections], asset=settlement.asset_id)
        .order_by()
        .values_list("affiliate", "liability")
    )

    def posting(what: str, kind: str, movements: tuple[Movement, ...]) -> Posting:
        return Posting(
            program_id=settlement.program_id, key=f"house:reversal:{what}:{key}", kind=kind, movements=movements,
            memo=reason, metadata={"settlement": str(settlement.pk)},
        )  # fmt: skip

    taken_back = amount > 0
    sides = (revenue, settled) if taken_back else (settled, revenue)
    kind = "SETTLEMENT_REVERSED" if taken_back else "SETTLEMENT"
    postings = [posting("booked", kind, (Movement(*sides, abs(amount)),))]
    if returned_from:
        held = float_of(settlement.program, settlement.asset, returned_from).pk
        kind = "SETTLEMENT_RETURNED" if taken_back else "SETTLEMENT_RECEIVED"
        sides = (settled, held) if taken_back else (held, settled)
        postings.append(posting("returned", kind, (Movement(*sides, abs(amount)),)))
    if corrections:
        movements = tuple(
            Movement(purses[row.affiliate_id], expense, -by) if by < 0
            else Movement(expense, purses[row.affiliate_id], by)
            for row, by in corrections
        )  # fmt: skip
        postings.append(posting("commission", "CLAWBACK" if taken_back else "COMMISSION", movements))
    booked = post_many(postings)
    return booked[0].id, booked[-1].id if corrections else None


def _follow(settlement: Settlement, reversal: Reversal, corrections: Corrections, *, at: datetime) -> None:
    after = reversal.reversed_after
    if after == 0:
        to = SettlementState.CONFIRMED
    elif after == settlement.amount:
        to = SettlementState.REVERSED
    else:
        to = SettlementState.PARTIALLY_REVERSED
    told = {
        "amount": plain(reversal.amount), "reversed": plain(after), "reason": reversal.reason,
        "commissions": {str(row.affiliate_id): plain(by) for row, by in corrections},
    }  # fmt: skip
    follow(
        SETTLEMENT_TRANSITIONS, settlement, to=to, at=at, program_id=settlement.program_id, payload=told,
        values={"reversed_amount": after},
    )  # fmt: skip
