"""The states of what is earned: commissions, reports of them, and adjustments."""

from typing import Final

from django.db import models

from audit.states import Edge, TransitionTable, register_transitions


class CommissionType(models.TextChoices):
    """Why a row is there. Direct and override are earned; the others put right or carry on what was."""

    DIRECT = "DIRECT", "Direct"
    OVERRIDE = "OVERRIDE", "Override"
    CLAWBACK = "CLAWBACK", "Claw-back"
    REINSTATEMENT = "REINSTATEMENT", "Reinstatement"
    ADJUSTMENT = "ADJUSTMENT", "Adjustment"
    CARRY = "CARRY", "Carried on"


class CommissionState(models.TextChoices):
    """Due: it can be paid. Paid and voided are for good."""

    ACCRUED = "ACCRUED", "Accrued"
    HELD = "HELD", "On hold"
    DUE = "DUE", "Due"
    BATCHED = "BATCHED", "In a payout"
    PAID = "PAID", "Paid"
    VOIDED = "VOIDED", "Voided"


# What stands in the ledger as earned and not paid.
UNPAID: Final = (CommissionState.ACCRUED, CommissionState.HELD, CommissionState.DUE, CommissionState.BATCHED)


class ReportState(models.TextChoices):
    """Finalized: as it was sent. Paid: no row of it waits any more."""

    DRAFT = "DRAFT", "Draft"
    FINALIZED = "FINALIZED", "Finalized"
    PAID = "PAID", "Paid"


class AdjustmentState(models.TextChoices):
    """A large adjustment waits for a second person."""

    PROPOSED = "PROPOSED", "Proposed"
    APPLIED = "APPLIED", "Applied"
    REJECTED = "REJECTED", "Rejected"


COMMISSION_TRANSITIONS = register_transitions(
    TransitionTable(
        model="affiliates.commission",
        field="state",
        initial=CommissionState.ACCRUED,
        states=dict(CommissionState.choices),
        colours={
            CommissionState.ACCRUED: "info",
            CommissionState.HELD: "warn",
            CommissionState.DUE: "good",
            CommissionState.BATCHED: "info",
            CommissionState.PAID: "good",
            CommissionState.VOIDED: "neutral",
        },
        edges=(
            Edge(CommissionState.ACCRUED, CommissionState.DUE, "affiliates.commission.fell_due"),
            Edge(CommissionState.ACCRUED, CommissionState.HELD, "affiliates.commission.held"),
            Edge(CommissionState.DUE, CommissionState.HELD, "affiliates.commission.held"),
            Edge(CommissionState.HELD, CommissionState.ACCRUED, "affiliates.commission.released"),
            Edge(CommissionState.HELD, CommissionState.DUE, "affiliates.commission.released"),
            # The payout's lines say so, and the journal says what became of the payout.
            Edge(CommissionState.DUE, CommissionState.BATCHED, "affiliates.commission.batched", is_journalled=False),
            Edge(CommissionState.BATCHED, CommissionState.DUE, "affiliates.commission.left_out", is_journalled=False),
            Edge(CommissionState.BATCHED, CommissionState.PAID, "affiliates.commission.paid"),
            Edge(CommissionState.ACCRUED, CommissionState.VOIDED, "affiliates.commission.voided"),
            Edge(CommissionState.DUE, CommissionState.VOIDED, "affiliates.commission.voided"),
            Edge(CommissionState.HELD, CommissionState.VOIDED, "affiliates.commission.voided"),
        ),
    )
)

REPORT_TRANSITIONS = register_transitions(
    TransitionTable(
        model="affiliates.commissionreport",
        field="state",
        initial=ReportState.DRAFT,
        states=dict(ReportState.choices),
        colours={ReportState.DRAFT: "info", ReportState.FINALIZED: "warn", ReportState.PAID: "good"},
        edges=(
            Edge(ReportState.DRAFT, ReportState.FINALIZED, "affiliates.report.finalized"),
            Edge(ReportState.FINALIZED, ReportState.PAID, "affiliates.report.paid"),
        ),
    )
)

ADJUSTMENT_TRANSITIONS = register_transitions(
    TransitionTable(
        model="affiliates.adjustment",
        field="state",
        initial=AdjustmentState.PROPOSED,
        states=dict(AdjustmentState.choices),
        colours={
            AdjustmentState.PROPOSED: "info",
            AdjustmentState.APPLIED: "good",
            AdjustmentState.REJECTED: "bad",
        },
        edges=(
            Edge(AdjustmentState.PROPOSED, AdjustmentState.APPLIED, "affiliates.adjustment.applied"),
            Edge(AdjustmentState.PROPOSED, AdjustmentState.REJECTED, "affiliates.adjustment.rejected"),
        ),
    )
)
