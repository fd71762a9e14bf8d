"""The states of rail accounts, and of what rails tell."""

from django.db import models

from audit.states import Edge, TransitionTable, register_transitions


class RailAccountState(models.TextChoices):
    """Stopped: nothing new goes through it; what the rail still tells us is taken in."""

    DRAFT = "DRAFT", "Draft"
    ACTIVE = "ACTIVE", "Active"
    STOPPED = "STOPPED", "Stopped"
    CLOSED = "CLOSED", "Closed"


class StatementLineType(models.TextChoices):
    """What a line of a rail's statement is about. A fee is what the rail took for itself."""

    ENTRY = "ENTRY", "In or out"
    FEE = "FEE", "Fee"


class RailEventState(models.TextChoices):
    """How far we have come with what a rail tells us. Rejected: nothing proves that it comes from there."""

    RECEIVED = "RECEIVED", "Received"
    REJECTED = "REJECTED", "Rejected"
    VERIFIED = "VERIFIED", "Verified"
    FAILED = "FAILED", "Failed"
    APPLIED = "APPLIED", "Applied"
    IGNORED = "IGNORED", "Ignored"


RAIL_ACCOUNT_TRANSITIONS = register_transitions(
    TransitionTable(
        model="wallets.railaccount",
        field="state",
        initial=RailAccountState.DRAFT,
        states=dict(RailAccountState.choices),
        colours={
            RailAccountState.DRAFT: "info",
            RailAccountState.ACTIVE: "good",
            RailAccountState.STOPPED: "warn",
            RailAccountState.CLOSED: "neutral",
        },
        edges=(
            Edge(RailAccountState.DRAFT, RailAccountState.ACTIVE, "wallets.rail_account.activated"),
            # A draft that nobody wants any more gives its number back.
            Edge(RailAccountState.DRAFT, RailAccountState.CLOSED, "wallets.rail_account.closed"),
            Edge(RailAccountState.ACTIVE, RailAccountState.STOPPED, "wallets.rail_account.stopped"),
            Edge(RailAccountState.STOPPED, RailAccountState.ACTIVE, "wallets.rail_account.activated"),
            Edge(RailAccountState.STOPPED, RailAccountState.CLOSED, "wallets.rail_account.closed"),
        ),
    )
)

RAIL_EVENT_TRANSITIONS = register_transitions(
    TransitionTable(
        model="wallets.railevent",
        field="state",
        initial=RailEventState.RECEIVED,
        states=dict(RailEventState.choices),
        colours={
            RailEventState.RECEIVED: "info",
            RailEventState.REJECTED: "bad",
            RailEventState.VERIFIED: "info",
            RailEventState.FAILED: "bad",
            RailEventState.APPLIED: "good",
            RailEventState.IGNORED: "neutral",
        },
        edges=(
            Edge(RailEventState.RECEIVED, RailEventState.VERIFIED, "wallets.rail_event.verified"),
            Edge(RailEventState.RECEIVED, RailEventState.REJECTED, "wallets.rail_event.rejected"),
            # Once the secret is right.
            Edge(RailEventState.REJECTED, RailEventState.VERIFIED, "wallets.rail_event.verified"),
            Edge(RailEventState.VERIFIED, RailEventState.APPLIED, "wallets.rail_event.applied"),
            Edge(RailEventState.VERIFIED, RailEventState.IGNORED, "wallets.rail_event.ignored"),
            Edge(RailEventState.VERIFIED, RailEventState.FAILED, "wallets.rail_event.failed"),
            Edge(RailEventState.FAILED, RailEventState.APPLIED, "wallets.rail_event.applied"),
            Edge(RailEventState.FAILED, RailEventState.IGNORED, "wallets.rail_event.ignored"),
        ),
    )
)
