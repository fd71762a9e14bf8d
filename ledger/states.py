"""The kinds and states of assets, accounts, holds, periods and intents."""

from django.db import models

from audit.states import Edge, TransitionTable, register_transitions


class AssetKind(models.TextChoices):
    """What an asset is. Points are the house's own: they are issued by its treasury and held at no rail."""

    FIAT = "FIAT", "Money"
    POINTS = "POINTS", "Points"
    TOKEN = "TOKEN", "Token"


class AccountStatus(models.TextChoices):
    """Frozen: its owner can't take from it, everything else books to it. Closed: for good, and empty."""

    OPEN = "OPEN", "Open"
    FROZEN = "FROZEN", "Frozen"
    CLOSED = "CLOSED", "Closed"


class HoldState(models.TextChoices):
    """Open while something is held; what ended it otherwise."""

    OPEN = "OPEN", "Open"
    CAPTURED = "CAPTURED", "Captured"
    RELEASED = "RELEASED", "Released"
    EXPIRED = "EXPIRED", "Expired"


class PeriodState(models.TextChoices):
    """Closing: nobody begins to book there any more, and who was under way is waited for."""

    CLOSING = "CLOSING", "Closing"
    CLOSED = "CLOSED", "Closed"
    REOPENED = "REOPENED", "Open again"


class IntentState(models.TextChoices):
    """Locked: a worker has claimed it. Failed: the world did, and it is tried again. Dead: a person has to look."""

    PENDING = "PENDING", "Waiting"
    LOCKED = "LOCKED", "Under way"
    COMPLETED = "COMPLETED", "Completed"
    FAILED = "FAILED", "To be tried again"
    DEAD = "DEAD", "Dead"


INTENT_TRANSITIONS = register_transitions(
    TransitionTable(
        model="ledger.intent",
        field="state",
        initial=IntentState.PENDING,
        states=dict(IntentState.choices),
        colours={
            IntentState.PENDING: "info",
            IntentState.LOCKED: "info",
            IntentState.COMPLETED: "good",
            IntentState.FAILED: "warn",
            IntentState.DEAD: "bad",
        },
        edges=(
            # A claim decides nothing and is over within seconds: attempts and the next step tell of it.
            Edge(IntentState.PENDING, IntentState.LOCKED, "ledger.intent.claimed", is_journalled=False),
            Edge(IntentState.LOCKED, IntentState.COMPLETED, "ledger.intent.completed"),
            Edge(IntentState.LOCKED, IntentState.FAILED, "ledger.intent.failed"),
            Edge(IntentState.LOCKED, IntentState.DEAD, "ledger.intent.died"),
            Edge(IntentState.LOCKED, IntentState.PENDING, "ledger.intent.released"),
            Edge(IntentState.FAILED, IntentState.PENDING, "ledger.intent.requeued"),
            Edge(IntentState.DEAD, IntentState.PENDING, "ledger.intent.retried"),
        ),
    )
)

PERIOD_TRANSITIONS = register_transitions(
    TransitionTable(
        model="ledger.period",
        field="state",
        initial=PeriodState.CLOSING,
        states=dict(PeriodState.choices),
        colours={PeriodState.CLOSING: "info", PeriodState.CLOSED: "good", PeriodState.REOPENED: "warn"},
        edges=(
            Edge(PeriodState.CLOSING, PeriodState.CLOSED, "ledger.period.closed"),
            Edge(PeriodState.CLOSED, PeriodState.REOPENED, "ledger.period.reopened"),
        ),
    )
)

HOLD_TRANSITIONS = register_transitions(
    TransitionTable(
        model="ledger.hold",
        field="state",
        initial=HoldState.OPEN,
        states=dict(HoldState.choices),
        colours={
            HoldState.OPEN: "info",
            HoldState.CAPTURED: "good",
            HoldState.RELEASED: "neutral",
            HoldState.EXPIRED: "neutral",
        },
        edges=(
            Edge(HoldState.OPEN, HoldState.CAPTURED, "ledger.hold.captured"),
            Edge(HoldState.OPEN, HoldState.RELEASED, "ledger.hold.released"),
            Edge(HoldState.OPEN, HoldState.EXPIRED, "ledger.hold.expired"),
        ),
    )
)

ACCOUNT_TRANSITIONS = register_transitions(
    TransitionTable(
        model="ledger.account",
        field="status",
        initial=AccountStatus.OPEN,
        states=dict(AccountStatus.choices),
        colours={AccountStatus.OPEN: "good", AccountStatus.FROZEN: "warn", AccountStatus.CLOSED: "neutral"},
        edges=(
            Edge(AccountStatus.OPEN, AccountStatus.FROZEN, "ledger.account.frozen"),
            Edge(AccountStatus.FROZEN, AccountStatus.OPEN, "ledger.account.unfrozen"),
            Edge(AccountStatus.OPEN, AccountStatus.CLOSED, "ledger.account.closed"),
            Edge(AccountStatus.FROZEN, AccountStatus.CLOSED, "ledger.account.closed"),
        ),
    )
)
