"""The states of claims and settlements."""

from typing import Final

from django.db import models

from audit.states import Edge, TransitionTable, register_transitions


class ClaimState(models.TextChoices):
    """A claim asks us to recognise what came in; it never pays out."""

    REQUESTED = "REQUESTED", "Requested"
    APPROVED = "APPROVED", "Approved"
    SETTLED = "SETTLED", "Settled"
    REJECTED = "REJECTED", "Rejected"


class SettlementSource(models.TextChoices):
    """Who proves that it was paid."""

    CHAIN = "CHAIN", "A receipt on the chain"
    PROVIDER = "PROVIDER", "A signed event of a provider"


class SettlementState(models.TextChoices):
    """Confirmed: proven, and in the books. Failed: looked for and not there; proof that comes late is a fact."""

    PENDING = "PENDING", "Pending"
    CONFIRMED = "CONFIRMED", "Confirmed"
    FAILED = "FAILED", "Failed"
    PARTIALLY_REVERSED = "PARTIALLY_REVERSED", "Partially reversed"
    REVERSED = "REVERSED", "Reversed"


# Those that the books know.
RECOGNISED: Final = (SettlementState.CONFIRMED, SettlementState.PARTIALLY_REVERSED, SettlementState.REVERSED)

CLAIM_TRANSITIONS = register_transitions(
    TransitionTable(
        model="affiliates.claim",
        field="state",
        initial=ClaimState.REQUESTED,
        states=dict(ClaimState.choices),
        colours={
            ClaimState.REQUESTED: "info",
            ClaimState.APPROVED: "warn",
            ClaimState.SETTLED: "good",
            ClaimState.REJECTED: "bad",
        },
        edges=(
            Edge(ClaimState.REQUESTED, ClaimState.APPROVED, "affiliates.claim.approved"),
            Edge(ClaimState.REQUESTED, ClaimState.REJECTED, "affiliates.claim.rejected"),
            Edge(ClaimState.APPROVED, ClaimState.SETTLED, "affiliates.claim.settled"),
            Edge(ClaimState.APPROVED, ClaimState.REJECTED, "affiliates.claim.rejected"),
            # Late proof is a fact, whatever we had concluded.
            Edge(ClaimState.REJECTED, ClaimState.SETTLED, "affiliates.claim.settled"),
        ),
    )
)

SETTLEMENT_TRANSITIONS = register_transitions(
    TransitionTable(
        model="affiliates.settlement",
        field="state",
        initial=SettlementState.PENDING,
        states=dict(SettlementState.choices),
        colours={
            SettlementState.PENDING: "info",
            SettlementState.CONFIRMED: "good",
            SettlementState.FAILED: "bad",
            SettlementState.PARTIALLY_REVERSED: "warn",
            SettlementState.REVERSED: "neutral",
        },
        edges=(
            Edge(SettlementState.PENDING, SettlementState.CONFIRMED, "affiliates.settlement.confirmed"),
            Edge(SettlementState.PENDING, SettlementState.FAILED, "affiliates.settlement.failed"),
            Edge(SettlementState.FAILED, SettlementState.CONFIRMED, "affiliates.settlement.confirmed"),
            Edge(
                SettlementState.CONFIRMED,
                SettlementState.PARTIALLY_REVERSED,
                "affiliates.settlement.partially_reversed",
            ),
            Edge(
                SettlementState.PARTIALLY_REVERSED,
                SettlementState.PARTIALLY_REVERSED,
                "affiliates.settlement.partially_reversed",
            ),
            Edge(SettlementState.CONFIRMED, SettlementState.REVERSED, "affiliates.settlement.reversed"),
            Edge(SettlementState.PARTIALLY_REVERSED, SettlementState.REVERSED, "affiliates.settlement.reversed"),
            # Won back: what was reversed counts again, all of it or a part.
            Edge(SettlementState.PARTIALLY_REVERSED, SettlementState.CONFIRMED, "affiliates.settlement.reinstated"),
            Edge(SettlementState.REVERSED, SettlementState.CONFIRMED, "affiliates.settlement.reinstated"),
            Edge(
                SettlementState.REVERSED,
                SettlementState.PARTIALLY_REVERSED,
                "affiliates.settlement.partially_reinstated",
            ),
        ),
    )
)
