"""Add to what an affiliate has earned, or take from it, by hand."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Abs

from affiliates.errors import (
    AdjustmentConflict,
    AdjustsOneself,
    CommissionAdjustmentNeedsTwo,
    ReportIsFinal,
    UnknownReport,
)
from affiliates.models import Adjustment, Affiliate, Commission, CommissionReport, ReportLine
from affiliates.operations.find_books import EXPENSE, find_books
from affiliates.operations.open_purses import open_purses
from affiliates.queries import people, sales
from affiliates.queries.limits import adjustable_alone
from affiliates.states import ADJUSTMENT_TRANSITIONS, AdjustmentState, CommissionState, CommissionType, ReportState
from audit import context
from audit.context import Actor
from audit.operations import follow, record
from ledger.models import Asset
from ledger.money import ZERO, exactly, plain
from ledger.movements import Movement, Posting
from ledger.operations import post
from wallets.queries.checking import require_amount, require_key, require_reason


@transaction.atomic
def adjust_commission(
    affiliate_id: UUID, *, program_id: UUID, asset_code: str, amount: Decimal, reason: str, key: str,
    report_id: UUID | None = None, agreed_by: UUID | None = None, at: datetime,
) -> Adjustment:  # fmt: skip
    """Book an adjustment, due at once. ``agreed_by`` is the proposal to which two people agreed.

    Asked again under the same key, it is found.

    :raises UnknownAffiliate: if the program has no such affiliate.
    :raises NotThisAsset: if nothing is earned in the asset.
    :raises UnknownReport: if the affiliate has no such report of the asset.
    :raises ReportIsFinal: if the report was sent.
    :raises AdjustsOneself: if it is their own, and nobody else has agreed.
    :raises CommissionAdjustmentNeedsTwo: if it is more than one may adjust alone, with the last day's.
    :raises AdjustmentConflict: if the key was used for something else.
    :raises PostingRefused: if it can't be booked.
    """
    require_key(key)
    reason = require_reason(reason)
    affiliate = people.locked_affiliate(affiliate_id, program_id=program_id)
    asset = sales.settled_asset(asset_code)
    adjustment = Adjustment.objects.locked().filter(program=program_id, key=key).first()
    if adjustment is not None:
        _require_the_same(adjustment, affiliate, asset, amount)
        if adjustment.state != AdjustmentState.PROPOSED or agreed_by is None:
            return adjustment
    require_amount(abs(amount), asset=asset.code, scale=asset.scale)
    report = _draft(report_id, affiliate, asset) if report_id else None
    if agreed_by is None:
        _require_somebody_else(affiliate)
        _require_little(affiliate, asset, amount, at=at)
    if adjustment is None:
        adjustment = ask_for(affiliate, asset, amount=amount, reason=reason, key=key, report=report, at=at)

    row = _book(affiliate, asset, adjustment, at=at)
    if report is not None:
        ReportLine.objects.create(program_id=program_id, report=report, commission=row)
    return follow(
        ADJUSTMENT_TRANSITIONS, adjustment, to=AdjustmentState.APPLIED, at=at, program_id=program_id,
        payload={"amount": plain(amount), "asset": asset.code, "reason": reason, "commission": str(row.pk)},
        values={"commission": row, "settled_at": at, **({"proposal": agreed_by} if agreed_by else {})},
    )  # fmt: skip


def ask_for(
    affiliate: Affiliate, asset: Asset, *, amount: Decimal, reason: str, key: str, report: CommissionReport | None,
    proposal: UUID | None = None, at: datetime,
) -> Adjustment:  # fmt: skip
    """Write down what is wanted, before it is booked."""
    actor = context.current().actor
    adjustment = Adjustment.objects.create(
        program_id=affiliate.program_id, affiliate=affiliate, asset=asset, report=report, key=key, amount=amount,
        reason=reason, proposal=proposal, asked_at=at, asked_by=f"{actor.type}:{actor.id}",
    )  # fmt: skip
    record(
        "affiliates.adjustment.asked", subject=adjustment, at=at, program_id=affiliate.program_id,
        payload={"affiliate": str(affiliate.pk), "amount": plain(amount), "asset": asset.code, "reason": reason},
    )  # fmt: skip
    return adjustment


def _require_the_same(known: Adjustment, affiliate: Affiliate, asset: Asset, amount: Decimal) -> None:
    if (known.affiliate_id, known.asset_id, known.amount) != (affiliate.pk, asset.pk, amount):
        raise AdjustmentConflict(key=known.key)


def _draft(report_id: UUID, affiliate: Affiliate, asset: Asset) -> CommissionReport:
    report = CommissionReport.objects.locked().filter(pk=report_id, affiliate=affiliate, asset=asset).first()
    if report is None:
        raise UnknownReport(report=report_id)
    if report.state != ReportState.DRAFT:
        raise ReportIsFinal(state=report.get_state_display().lower())
    return report


def _require_somebody_else(affiliate: Affiliate) -> None:
    if context.current().actor == Actor("user", str(affiliate.user_id)):
        raise AdjustsOneself


def _require_little(affiliate: Affiliate, asset: Asset, amount: Decimal, *, at: datetime) -> None:
    """Refuse what many small adjustments would come to, as if it were one."""
    lately = affiliate.adjustments.filter(
        asset=asset, state=AdjustmentState.APPLIED, proposal=None, settled_at__gt=at - timedelta(days=1)
    )
    with exactly():
        asked = abs(amount) + (lately.aggregate(sum=Sum(Abs("amount")))["sum"] or ZERO)
    most = adjustable_alone(affiliate.program, asset)
    if asked > most:
        raise CommissionAdjustmentNeedsTwo(asked=plain(asked), asset=asset.code, most=plain(most))


def _book(affiliate: Affiliate, asset: Asset, adjustment: Adjustment, *, at: datetime) -> Commission:
    purse = open_purses([(affiliate.pk, asset.pk)], at=at)[affiliate.pk, asset.pk]
    expense = find_books([(affiliate.program, asset)], at=at)[affiliate.program_id, asset.pk, EXPENSE]
    sides = (expense, purse.liability_id) if adjustment.amount > 0 else (purse.liability_id, expense)
    posting = Posting(
        program_id=affiliate.program_id, key=f"house:adjustment:{adjustment.pk}", kind="COMMISSION_ADJUSTMENT",
        memo=adjustment.reason, movements=(Movement(*sides, abs(adjustment.amount)),),
        metadata={"adjustment": str(adjustment.pk)},
    )  # fmt: skip
    return Commission.objects.create(
        program_id=affiliate.program_id, affiliate=affiliate, asset=asset, type=CommissionType.ADJUSTMENT,
        state=CommissionState.DUE, amount=adjustment.amount, reason=adjustment.reason, accrued_at=at, payable_at=at,
        ledger_transaction_id=post(posting).id,
    )  # fmt: skip
