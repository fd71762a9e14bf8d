"""The states of wallets, of what is booked in them, of payments and of what goes out; and the kinds of each."""

from django.db import models

from audit.states import Edge, TransitionTable, register_transitions


class WalletState(models.TextChoices):
    """Frozen: its owner can't take from it, everything else books to it. Closed: for good, and empty."""

    ACTIVE = "ACTIVE", "Active"
    FROZEN = "FROZEN", "Frozen"
    CLOSED = "CLOSED", "Closed"


class TransactionType(models.TextChoices):
    """Why what a wallet holds has changed."""

    DEPOSIT = "DEPOSIT", "Deposit"
    BONUS = "BONUS", "Bonus"
    SPEND = "SPEND", "Spend"
    PAYMENT = "PAYMENT", "Payment"
    REFUND = "REFUND", "Refund"
    TRANSFER = "TRANSFER", "Transfer"
    FEE = "FEE", "Fee"
    WITHDRAWAL = "WITHDRAWAL", "Withdrawal"
    ADJUSTMENT = "ADJUSTMENT", "Adjustment"
    COMMISSION = "COMMISSION", "Commission"
    CHARGEBACK = "CHARGEBACK", "Charge-back"
    RETURN = "RETURN", "Return"
    REPAYMENT = "REPAYMENT", "Repayment"


class TransactionStatus(models.TextChoices):
    """What is booked at once begins as completed; pending is what waits for somebody outside."""

    PENDING = "PENDING", "Pending"
    COMPLETED = "COMPLETED", "Completed"
    FAILED = "FAILED", "Failed"


class PaymentMethod(models.TextChoices):
    """Where the money of a payment came from."""

    WALLET = "WALLET", "From the wallet"
    DIRECT = "DIRECT", "Directly, through a rail"


class PaymentState(models.TextChoices):
    """Paid: the money has moved. A direct payment is pending until a rail proves it, or two people say so."""

    PENDING = "PENDING", "Pending"
    PAID = "PAID", "Paid"
    FAILED = "FAILED", "Failed"
    REVIEW = "REVIEW", "In review"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED", "Partially refunded"
    REFUNDED = "REFUNDED", "Refunded"
    CHARGED_BACK = "CHARGED_BACK", "Charged back"


class OutgoingState(models.TextChoices):
    """How far what is owed to somebody outside has come."""

    REQUESTED = "REQUESTED", "Requested"
    APPROVED = "APPROVED", "Approved"
    PAID = "PAID", "Paid"
    CANCELLED = "CANCELLED", "Cancelled"


WALLET_TRANSITIONS = register_transitions(
    TransitionTable(
        model="wallets.wallet",
        field="state",
        initial=WalletState.ACTIVE,
        states=dict(WalletState.choices),
        colours={WalletState.ACTIVE: "good", WalletState.FROZEN: "warn", WalletState.CLOSED: "neutral"},
        edges=(
            Edge(WalletState.ACTIVE, WalletState.FROZEN, "wallets.wallet.frozen"),
            Edge(WalletState.FROZEN, WalletState.ACTIVE, "wallets.wallet.unfrozen"),
            Edge(WalletState.ACTIVE, WalletState.CLOSED, "wallets.wallet.closed"),
            Edge(WalletState.FROZEN, WalletState.CLOSED, "wallets.wallet.closed"),
        ),
    )
)

TRANSACTION_TRANSITIONS = register_transitions(
    TransitionTable(
        model="wallets.wallettransaction",
        field="status",
        initial=TransactionStatus.PENDING,
        states=dict(TransactionStatus.choices),
        colours={
            TransactionStatus.PENDING: "info",
            TransactionStatus.COMPLETED: "good",
            TransactionStatus.FAILED: "bad",
        },
        edges=(
            Edge(TransactionStatus.PENDING, TransactionStatus.COMPLETED, "wallets.transaction.completed"),
            Edge(TransactionStatus.PENDING, TransactionStatus.FAILED, "wallets.transaction.failed"),
        ),
    )
)

_PAID, _PARTLY, _REFUNDED = PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED

PAYMENT_TRANSITIONS = register_transitions(
    TransitionTable(
        model="wallets.paymentrecord",
        field="state",
        initial=PaymentState.PENDING,
        states=dict(PaymentState.choices),
        colours={
            PaymentState.PENDING: "info",
            PaymentState.PAID: "good",
            PaymentState.FAILED: "bad",
            PaymentState.REVIEW: "warn",
            PaymentState.PARTIALLY_REFUNDED: "neutral",
            PaymentState.REFUNDED: "neutral",
            PaymentState.CHARGED_BACK: "bad",
        },
        edges=(
            Edge(PaymentState.PENDING, _PAID, "wallets.payment.paid"),
            Edge(PaymentState.PENDING, PaymentState.FAILED, "wallets.payment.failed"),
            Edge(PaymentState.PENDING, PaymentState.REVIEW, "wallets.payment.reviewed"),
            # Proof that came late.
            Edge(PaymentState.FAILED, _PAID, "wallets.payment.paid"),
            Edge(PaymentState.REVIEW, _PAID, "wallets.payment.paid"),
            Edge(PaymentState.REVIEW, PaymentState.FAILED, "wallets.payment.failed"),
            Edge(_PAID, _PARTLY, "wallets.payment.partially_refunded"),
            Edge(_PAID, _REFUNDED, "wallets.payment.refunded"),
            Edge(_PARTLY, _REFUNDED, "wallets.payment.refunded"),
            Edge(_PAID, PaymentState.CHARGED_BACK, "wallets.payment.charged_back"),
            Edge(_PARTLY, PaymentState.CHARGED_BACK, "wallets.payment.charged_back"),
            Edge(_REFUNDED, PaymentState.CHARGED_BACK, "wallets.payment.charged_back"),
            # The charge-back was contested and won.
            Edge(PaymentState.CHARGED_BACK, _PAID, "wallets.payment.won_back"),
        ),
    )
)

OUTGOING_TRANSITIONS = register_transitions(
    TransitionTable(
        model="wallets.outgoing",
        field="state",
        initial=OutgoingState.REQUESTED,
        states=dict(OutgoingState.choices),
        colours={
            OutgoingState.REQUESTED: "info",
            OutgoingState.APPROVED: "info",
            OutgoingState.PAID: "good",
            OutgoingState.CANCELLED: "neutral",
        },
        edges=(
            Edge(OutgoingState.REQUESTED, OutgoingState.APPROVED, "wallets.outgoing.approved"),
            Edge(OutgoingState.REQUESTED, OutgoingState.CANCELLED, "wallets.outgoing.cancelled"),
            Edge(OutgoingState.APPROVED, OutgoingState.PAID, "wallets.outgoing.paid"),
            Edge(OutgoingState.APPROVED, OutgoingState.CANCELLED, "wallets.outgoing.cancelled"),
        ),
    )
)
