"""Chains that speak as Ethereum does: what has arrived at an address of ours, proven; and what is paid from there."""

from wallets.rails.evm.accounts import EVM, number_of
from wallets.rails.evm.amounts import amount_of, units_of
from wallets.rails.evm.fees import GWEI
from wallets.rails.evm.lookups import (
    FINALIZED,
    Finality,
    NotFound,
    Proven,
    Reverted,
    Seen,
    Shallow,
    Unrelated,
    look_up,
    newest_blocks,
)
from wallets.rails.evm.outcomes import TAKEN, is_used_up
from wallets.rails.evm.receipts import Transfer, read_hash
from wallets.rails.evm.wires import gas_at_most

__all__ = (
    "EVM",
    "FINALIZED",
    "GWEI",
    "TAKEN",
    "Finality",
    "NotFound",
    "Proven",
    "Reverted",
    "Seen",
    "Shallow",
    "Transfer",
    "Unrelated",
    "amount_of",
    "gas_at_most",
    "is_used_up",
    "look_up",
    "newest_blocks",
    "number_of",
    "read_hash",
    "units_of",
)
