"""The kinds and states of assets and accounts."""

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
