"""The states of the room, and the kinds of what it keeps."""

from wallets.states.holding import (
    OUTGOING_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    TRANSACTION_TRANSITIONS,
    WALLET_TRANSITIONS,
    OutgoingState,
    PaymentMethod,
    PaymentState,
    TransactionStatus,
    TransactionType,
    WalletState,
)
from wallets.states.rails import (
    RAIL_ACCOUNT_TRANSITIONS,
    RAIL_EVENT_TRANSITIONS,
    RailAccountState,
    RailEventState,
    StatementLineType,
)
from wallets.states.withdrawing import (
    ENDABLE_WITHDRAWALS,
    HELD_WITHDRAWALS,
    WITHDRAWAL_TRANSITIONS,
    DestinationKind,
    WithdrawalState,
)

__all__ = (
    "ENDABLE_WITHDRAWALS",
    "HELD_WITHDRAWALS",
    "OUTGOING_TRANSITIONS",
    "PAYMENT_TRANSITIONS",
    "RAIL_ACCOUNT_TRANSITIONS",
    "RAIL_EVENT_TRANSITIONS",
    "TRANSACTION_TRANSITIONS",
    "WALLET_TRANSITIONS",
    "WITHDRAWAL_TRANSITIONS",
    "DestinationKind",
    "OutgoingState",
    "PaymentMethod",
    "PaymentState",
    "RailAccountState",
    "RailEventState",
    "StatementLineType",
    "TransactionStatus",
    "TransactionType",
    "WalletState",
    "WithdrawalState",
)
