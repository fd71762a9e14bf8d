"""The states of batches, of what is paid in them, and of each try to send it."""

from typing import Final

from django.db import models

from audit.states import Edge, TransitionTable, register_transitions


class BatchState(models.TextChoices):
    """Pending approval: frozen, and before others. Processing: on its way. Executed: nothing of it is open."""

    DRAFT = "DRAFT", "Draft"
    PENDING_APPROVAL = "PENDING_APPROVAL", "Waits for approval"
    APPROVED = "APPROVED", "Approved"
    PROCESSING = "PROCESSING", "Processing"
    EXECUTED = "EXECUTED", "Executed"
    EXECUTED_WITH_ERRORS = "EXECUTED_WITH_ERRORS", "Executed with errors"
    CANCELLED = "CANCELLED", "Cancelled"
    EXPIRED = "EXPIRED", "Expired"


class PayoutState(models.TextChoices):
    """Unknown: it may have been paid. Released: given up, and what it was for is due again."""

    READY = "READY", "Ready"
    HELD = "HELD", "Held"
    EXCLUDED = "EXCLUDED", "Left out"
    SENDING = "SENDING", "Sending"
    ACCEPTED = "ACCEPTED", "On its way"
    UNKNOWN = "UNKNOWN", "Unknown"
    PAID = "PAID", "Paid"
    FAILED = "FAILED", "Failed"
    RELEASED = "RELEASED", "Released"
    RETURNED = "RETURNED", "Returned"


class AttemptState(models.TextChoices):
    """Stored: nobody outside has heard of it yet, or we died before we heard the answer."""

    STORED = "STORED", "Stored"
    SENT = "SENT", "Sent"
    UNKNOWN = "UNKNOWN", "Unknown"
    CONFIRMED = "CONFIRMED", "Confirmed"
    REFUSED = "REFUSED", "Refused"


class Trouble(models.TextChoices):
    """What is strange about an attempt, whatever state it is in."""

    PAID_LATE = "PAID_LATE", "Paid after it was given up"
    PAID_TWICE = "PAID_TWICE", "Paid though another attempt had paid it"
    OTHER_AMOUNT = "OTHER_AMOUNT", "The rail names another amount"
    OTHER_RECEIPT = "OTHER_RECEIPT", "The rail names another receipt, or that of another payment"
    CONTRADICTED = "CONTRADICTED", "The rail says now that it was refused"
    GONE = "GONE", "What showed that it was paid is gone"


class PayeeType(models.TextChoices):
    """Who is paid: what an affiliate earned, what is owed to somebody outside, or what an owner takes out."""

    AFFILIATE = "AFFILIATE", "Affiliate"
    OUTGOING = "OUTGOING", "Outgoing"
    WITHDRAWAL = "WITHDRAWAL", "Withdrawal"


class Role(models.TextChoices):
    """How somebody had a hand in a batch. None of them has a vote on it."""

    CREATED = "CREATED", "Created it"
    ADDED = "ADDED", "Added to it"
    COLLECTED = "COLLECTED", "Collected what is due"
    CHANGED = "CHANGED", "Changed it"
    SUBMITTED = "SUBMITTED", "Submitted it"
    PAYEE = "PAYEE", "Changed where somebody is paid"
    FREED = "FREED", "Freed what was on hold"
    APPROVED = "APPROVED", "Approved a withdrawal in it"
    PAID = "PAID", "Is paid by it"


# What is on its way, or may be: nothing of it can be paid in another way meanwhile.
OPEN: Final = (
    PayoutState.READY, PayoutState.HELD, PayoutState.SENDING, PayoutState.ACCEPTED, PayoutState.UNKNOWN,
    PayoutState.FAILED,
)  # fmt: skip
# What a batch waits for.
MOVING: Final = (PayoutState.READY, PayoutState.SENDING, PayoutState.ACCEPTED)
# What somebody has to look at.
TROUBLED: Final = (PayoutState.FAILED, PayoutState.UNKNOWN, PayoutState.HELD)
# The states in which a rail may have the money.
IN_FLIGHT: Final = (AttemptState.STORED, AttemptState.SENT, AttemptState.UNKNOWN)
# The states of a batch in which its payouts can be sent.
RUNNING: Final = (BatchState.PROCESSING, BatchState.EXECUTED_WITH_ERRORS)

BATCH_TRANSITIONS = register_transitions(
    TransitionTable(
        model="payouts.payoutbatch",
        field="state",
        initial=BatchState.DRAFT,
        states=dict(BatchState.choices),
        colours={
            BatchState.DRAFT: "info",
            BatchState.PENDING_APPROVAL: "warn",
            BatchState.APPROVED: "good",
            BatchState.PROCESSING: "info",
            BatchState.EXECUTED: "good",
            BatchState.EXECUTED_WITH_ERRORS: "bad",
            BatchState.CANCELLED: "neutral",
            BatchState.EXPIRED: "neutral",
        },
        edges=(
            Edge(BatchState.DRAFT, BatchState.PENDING_APPROVAL, "payouts.batch.submitted"),
            Edge(BatchState.DRAFT, BatchState.CANCELLED, "payouts.batch.cancelled"),
            Edge(BatchState.PENDING_APPROVAL, BatchState.APPROVED, "payouts.batch.approved"),
            Edge(BatchState.PENDING_APPROVAL, BatchState.DRAFT, "payouts.batch.sent_back"),
            Edge(BatchState.APPROVED, BatchState.PROCESSING, "payouts.batch.started"),
            Edge(BatchState.APPROVED, BatchState.DRAFT, "payouts.batch.sent_back"),
            Edge(BatchState.APPROVED, BatchState.EXPIRED, "payouts.batch.expired"),
            Edge(BatchState.PROCESSING, BatchState.EXECUTED, "payouts.batch.executed"),
            Edge(BatchState.PROCESSING, BatchState.EXECUTED_WITH_ERRORS, "payouts.batch.executed_with_errors"),
            Edge(BatchState.EXECUTED_WITH_ERRORS, BatchState.EXECUTED, "payouts.batch.executed"),
        ),
    )
)

_S = PayoutState

PAYOUT_TRANSITIONS = register_transitions(
    TransitionTable(
        model="payouts.payout",
        field="state",
        initial=_S.READY,
        states=dict(PayoutState.choices),
        colours={
            _S.READY: "info",
            _S.HELD: "warn",
            _S.EXCLUDED: "neutral",
            _S.SENDING: "info",
            _S.ACCEPTED: "info",
            _S.UNKNOWN: "bad",
            _S.PAID: "good",
            _S.FAILED: "bad",
            _S.RELEASED: "neutral",
            _S.RETURNED: "warn",
        },
        edges=(
            Edge(_S.READY, _S.SENDING, "payouts.payout.sending"),
            Edge(_S.READY, _S.HELD, "payouts.payout.held"),
            Edge(_S.READY, _S.EXCLUDED, "payouts.payout.excluded"),
            Edge(_S.EXCLUDED, _S.READY, "payouts.payout.taken_in"),
            Edge(_S.HELD, _S.READY, "payouts.payout.freed"),
            Edge(_S.HELD, _S.EXCLUDED, "payouts.payout.excluded"),
            Edge(_S.SENDING, _S.ACCEPTED, "payouts.payout.accepted"),
            Edge(_S.SENDING, _S.PAID, "payouts.payout.paid"),
            Edge(_S.SENDING, _S.FAILED, "payouts.payout.failed"),
            Edge(_S.SENDING, _S.UNKNOWN, "payouts.payout.lost_sight_of"),
            Edge(_S.ACCEPTED, _S.PAID, "payouts.payout.paid"),
            Edge(_S.ACCEPTED, _S.FAILED, "payouts.payout.failed"),
            Edge(_S.ACCEPTED, _S.UNKNOWN, "payouts.payout.lost_sight_of"),
            Edge(_S.UNKNOWN, _S.PAID, "payouts.payout.paid"),
            Edge(_S.UNKNOWN, _S.FAILED, "payouts.payout.failed"),
            # Of several parts the unclear one is paid, and others are on their way.
            Edge(_S.UNKNOWN, _S.ACCEPTED, "payouts.payout.accepted"),
            Edge(_S.FAILED, _S.SENDING, "payouts.payout.sending"),
            Edge(_S.FAILED, _S.RELEASED, "payouts.payout.released"),
            # Late proof is a fact, whatever we had concluded.
            Edge(_S.FAILED, _S.PAID, "payouts.payout.paid_late"),
            Edge(_S.RELEASED, _S.PAID, "payouts.payout.paid_late"),
            Edge(_S.PAID, _S.RETURNED, "payouts.payout.returned"),
        ),
    )
)

_A = AttemptState

ATTEMPT_TRANSITIONS = register_transitions(
    TransitionTable(
        model="payouts.attempt",
        field="state",
        initial=_A.STORED,
        states=dict(AttemptState.choices),
        colours={
            _A.STORED: "info",
            _A.SENT: "info",
            _A.UNKNOWN: "bad",
            _A.CONFIRMED: "good",
            _A.REFUSED: "bad",
        },
        edges=(
            Edge(_A.STORED, _A.SENT, "payouts.attempt.sent"),
            Edge(_A.STORED, _A.UNKNOWN, "payouts.attempt.lost_sight_of"),
            Edge(_A.STORED, _A.CONFIRMED, "payouts.attempt.confirmed"),
            Edge(_A.STORED, _A.REFUSED, "payouts.attempt.refused"),
            Edge(_A.SENT, _A.CONFIRMED, "payouts.attempt.confirmed"),
            Edge(_A.SENT, _A.REFUSED, "payouts.attempt.refused"),
            Edge(_A.SENT, _A.UNKNOWN, "payouts.attempt.lost_sight_of"),
            Edge(_A.UNKNOWN, _A.CONFIRMED, "payouts.attempt.confirmed"),
            Edge(_A.UNKNOWN, _A.REFUSED, "payouts.attempt.refused"),
            Edge(_A.REFUSED, _A.CONFIRMED, "payouts.attempt.confirmed_late"),
        ),
    )
)
