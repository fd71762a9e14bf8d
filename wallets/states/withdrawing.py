"""The states of what owners take out, and where it can go."""

from typing import Final

from django.db import models

from audit.states import Edge, TransitionTable, register_transitions


class WithdrawalState(models.TextChoices):
    """How far what an owner takes out has come. Its money is held until it is paid, or given back."""

    REQUESTED = "REQUESTED", "Requested"
    APPROVED = "APPROVED", "Approved"
    SENT = "SENT", "Sent"
    UNKNOWN = "UNKNOWN", "Unknown"
    PAID = "PAID", "Paid"
    FAILED = "FAILED", "Failed"
    REJECTED = "REJECTED", "Rejected"
    CANCELLED = "CANCELLED", "Cancelled"
    RETURNED = "RETURNED", "Returned"


class DestinationKind(models.TextChoices):
    """Where an owner can have money sent, as the rails that pay there call it."""

    MPESA = "MPESA", "M-Pesa"
    BANK = "BANK", "Bank account"
    EVM = "EVM", "On a chain"


_W = WithdrawalState
# What its owner still has a claim to, and is held.
HELD_WITHDRAWALS: Final = (_W.REQUESTED, _W.APPROVED, _W.SENT, _W.UNKNOWN)
# What its owner, or the house, can still stop.
ENDABLE_WITHDRAWALS: Final = (_W.REQUESTED, _W.APPROVED)

WITHDRAWAL_TRANSITIONS = register_transitions(
    TransitionTable(
        model="wallets.withdrawal",
        field="state",
        initial=_W.REQUESTED,
        states=dict(WithdrawalState.choices),
        colours={
            _W.REQUESTED: "info",
            _W.APPROVED: "info",
            _W.SENT: "info",
            _W.UNKNOWN: "bad",
            _W.PAID: "good",
            _W.FAILED: "bad",
            _W.REJECTED: "neutral",
            _W.CANCELLED: "neutral",
            _W.RETURNED: "warn",
        },
        edges=(
            Edge(_W.REQUESTED, _W.APPROVED, "wallets.withdrawal.approved"),
            Edge(_W.REQUESTED, _W.REJECTED, "wallets.withdrawal.rejected"),
            Edge(_W.REQUESTED, _W.CANCELLED, "wallets.withdrawal.cancelled"),
            Edge(_W.APPROVED, _W.SENT, "wallets.withdrawal.sent"),
            Edge(_W.APPROVED, _W.REJECTED, "wallets.withdrawal.rejected"),
            Edge(_W.APPROVED, _W.CANCELLED, "wallets.withdrawal.cancelled"),
            Edge(_W.SENT, _W.PAID, "wallets.withdrawal.paid"),
            Edge(_W.SENT, _W.UNKNOWN, "wallets.withdrawal.lost_sight_of"),
            # Its payout was given up: what was held is its owner's again.
            Edge(_W.SENT, _W.FAILED, "wallets.withdrawal.failed"),
            Edge(_W.UNKNOWN, _W.PAID, "wallets.withdrawal.paid"),
            Edge(_W.UNKNOWN, _W.FAILED, "wallets.withdrawal.failed"),
            # Late proof is a fact, whatever we had concluded.
            Edge(_W.FAILED, _W.PAID, "wallets.withdrawal.paid_late"),
            Edge(_W.PAID, _W.RETURNED, "wallets.withdrawal.returned"),
        ),
    )
)
