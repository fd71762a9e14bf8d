"""Adjusting what an affiliate earned by more than one person may alone."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from affiliates.errors import AdjustmentConflict, BadCommissionAdjustment, UnknownReport
from affiliates.models import Adjustment, Affiliate, CommissionReport
from affiliates.operations import adjust_commission
from affiliates.operations.adjust_commission import ask_for
from affiliates.queries import people, sales
from affiliates.states import ADJUSTMENT_TRANSITIONS, AdjustmentState, ReportState
from audit.operations import follow
from identity.kinds import ProposalKind, register_kind
from identity.models import Program, Proposal, User
from identity.operations import propose
from identity.rules import Band
from ledger.money import plain
from wallets.queries.checking import require_amount, require_key, require_reason

Payload = Mapping[str, Any]

ADJUST: Final = "affiliates.adjust_commission"


def register() -> None:
    """Let it be proposed."""
    register_kind(
        ProposalKind(
            name=ADJUST,
            label="Adjust a commission",
            permission_to_propose="commission.adjust",
            bands=(Band(Decimal(0), 1, frozenset({"OWNER", "FINANCE_APPROVER"})),),
            check=_check,
            describe=_describe,
            execute=_execute,
            lapse=_lapse,
        )
    )


@transaction.atomic
def propose_commission_adjustment(
    affiliate_id: UUID, *, program: Program, asset_code: str, amount: Decimal, reason: str, key: str,
    report_id: UUID | None = None, by: User, at: datetime,
) -> Adjustment:  # fmt: skip
    """Put an adjustment before a second person, and keep it as proposed. Asked again under its key, it is found.

    :raises UnknownAffiliate: if the program has no such affiliate.
    :raises NotThisAsset: if nothing is earned in the asset.
    :raises UnknownReport: if the affiliate has no such draft of the asset.
    :raises AdjustmentConflict: if the key was used for something else.
    :raises PolicyUnsatisfiable: if nobody could agree but ``by``.
    """
    require_key(key)
    reason = require_reason(reason)
    affiliate = people.locked_affiliate(affiliate_id, program_id=program.pk)
    asset = sales.settled_asset(asset_code)
    known = Adjustment.objects.filter(program=program, key=key).first()
    if known is not None:
        if (known.affiliate_id, known.asset_id, known.amount) != (affiliate.pk, asset.pk, amount):
            raise AdjustmentConflict(key=key)
        return known
    require_amount(abs(amount), asset=asset.code, scale=asset.scale)
    report = None
    if report_id is not None:
        report = CommissionReport.objects.filter(
            pk=report_id, affiliate=affiliate, asset=asset, state=ReportState.DRAFT).first()  # fmt: skip
        if report is None:
            raise UnknownReport(report=report_id)
    payload = {
        "affiliate": str(affiliate.pk), "asset": asset.code, "amount": plain(amount), "reason": reason, "key": key,
        "report": str(report_id) if report_id else None,
    }  # fmt: skip
    proposal = propose(
        ADJUST, program=program, payload=payload, reason=reason,
        subject=("affiliates.affiliate", str(affiliate.pk)), by=by, at=at,
    )  # fmt: skip
    return ask_for(affiliate, asset, amount=amount, reason=reason, key=key, report=report, proposal=proposal.pk, at=at)


def _check(program: Program, payload: Payload) -> None:
    asset = sales.settled_asset(_text(payload, "asset"))
    amount = _amount(payload)
    people.affiliate_of(_id(payload, "affiliate"), program_id=program.pk)
    require_key(_text(payload, "key"))
    require_reason(_text(payload, "reason"))
    require_amount(abs(amount), asset=asset.code, scale=asset.scale)


def _describe(payload: Payload) -> list[tuple[str, str]]:
    affiliate = Affiliate.objects.filter(pk=payload["affiliate"]).select_related("party").first()
    whose = f"{affiliate.party} ({affiliate.code})" if affiliate else str(payload["affiliate"])
    return [
        ("Affiliate", whose),
        ("Amount", f"{payload['amount']} {payload['asset']}"),
        ("Why", str(payload["reason"])),
    ]


def _execute(proposal: Proposal, at: datetime) -> Payload:
    payload = proposal.payload
    adjustment = adjust_commission(
        _id(payload, "affiliate"), program_id=proposal.program_id, asset_code=_text(payload, "asset"),
        amount=_amount(payload), reason=_text(payload, "reason"), key=_text(payload, "key"),
        report_id=UUID(payload["report"]) if payload.get("report") else None, agreed_by=proposal.pk, at=at,
    )  # fmt: skip
    return {"adjustment": str(adjustment.pk), "commission": str(adjustment.commission_id)}


def _lapse(proposal: Proposal, at: datetime) -> None:
    """Say that it came to nothing: rejected, recalled or expired."""
    adjustment = (
        Adjustment.objects.locked().filter(program=proposal.program_id, key=proposal.payload.get("key")).first()
    )
    if adjustment is not None and adjustment.state == AdjustmentState.PROPOSED:
        follow(
            ADJUSTMENT_TRANSITIONS, adjustment, to=AdjustmentState.REJECTED, at=at, program_id=proposal.program_id,
            payload={"proposal": str(proposal.pk)}, values={"settled_at": at},
        )  # fmt: skip


def _id(payload: Payload, name: str) -> UUID:
    try:
        return UUID(str(payload.get(name)))
    except ValueError:
        raise BadCommissionAdjustment(reason=f"{name} is an id") from None


def _text(payload: Payload, name: str) -> str:
    said = payload.get(name)
    if not isinstance(said, str):
        raise BadCommissionAdjustment(reason=f"{name} is a text")
    return said


def _amount(payload: Payload) -> Decimal:
    try:
        amount = Decimal(_text(payload, "amount"))
    except InvalidOperation:
        raise BadCommissionAdjustment(reason="amount is a number") from None
    if not amount.is_finite() or not amount:
        raise BadCommissionAdjustment(reason="amount is a number other than nothing")
    return amount
