"""The one table of legal postings: for each kind, which account may be debited against which, and when.

Nothing posts what is not in it. Each row is exercised by a worked example in tests/ledger/flows.py.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

Pair = tuple[str, str]  # role debited, role credited


class Nature(StrEnum):
    """Why something books, and so in which states of the program."""

    CUSTOMER = "CUSTOMER"  # somebody wants it: the program is active, and no owner of what it takes from is frozen
    HOUSE = "HOUSE"  # the house does it: not in a closed program
    DUE = "DUE"  # paying what is owed, giving back and winding up: always
    FACT = "FACT"  # a rail says that it happened: always, and to suspense where its account is closed


@dataclass(frozen=True, slots=True)
class Rule:
    """One legal pair of a kind."""

    nature: Nature
    keeps_float: bool = False  # refused when it would take the rail's float below zero


RULES: dict[str, dict[Pair, Rule]] = {}
# As given by people, two of whom have agreed; a reversal mirrors what it reverses.
AS_GIVEN: Final = frozenset({"OPENING", "MANUAL_JOURNAL", "YEAR_END", "REVERSAL"})
# The ledger itself divides these between a wallet and what its owner owes: it knows both under their locks.
TAKES_MORE_THAN_THERE_IS: Final = frozenset({"CHARGEBACK", "PAYOUT_PAID_LATE"})

# Tax is withheld, and given back, by these, and never by itself.
WITHHOLDS: Final = frozenset({"PAYOUT_PAID", "PAYOUT_PAID_LATE", "PAYOUT_RETURNED"})


def _legal(nature: Nature, kinds: str, debit: str, credit: str, *, keeps_float: bool = False) -> None:
    for kind in kinds.split():
        for debited in debit.split():
            for credited in credit.split():
                RULES.setdefault(kind, {})[debited, credited] = Rule(nature, keeps_float)


CUSTOMER, HOUSE, DUE, FACT = Nature.CUSTOMER, Nature.HOUSE, Nature.DUE, Nature.FACT
_RECEIVABLES: Final = "RECEIVABLE PARTY_RECEIVABLE"
_PAYEE: Final = f"REVENUE WALLET ESCROW {_RECEIVABLES}"
_RESERVED: Final = "AFFILIATE_RESERVED WALLET_RESERVED OUTGOING"

# Wallets
_legal(FACT, "TOPUP", "CLEARING", "WALLET")
_legal(HOUSE, "TOPUP BONUS", "TREASURY", "WALLET")
_legal(HOUSE, "BONUS", "EXPENSE", "WALLET")
_legal(CUSTOMER, "SPEND PAYMENT", "WALLET", f"TREASURY {_PAYEE}")
_legal(HOUSE, "ADJUSTMENT", "EXPENSE TREASURY", "WALLET")
_legal(HOUSE, "ADJUSTMENT", "WALLET", "EXPENSE TREASURY")
_legal(CUSTOMER, "TRANSFER", "WALLET", "WALLET")
_legal(CUSTOMER, "HOLD", "WALLET", "WALLET_RESERVED")
_legal(DUE, "RELEASE", "WALLET_RESERVED", "WALLET")
_legal(FACT, "LEG_CONFIRMED", "CLEARING", "INTENT")
_legal(HOUSE, "CAPTURE PAYMENT", "WALLET_RESERVED INTENT", f"TREASURY {_PAYEE}")
_legal(FACT, "DIRECT_PAYMENT", "CLEARING", f"BAD_DEBT {_PAYEE}")
_legal(DUE, "REFUND", f"FEES TREASURY INTENT {_PAYEE}", "WALLET OUTGOING")
_legal(FACT, "CHARGEBACK", f"FEES INTENT SUSPENSE {_PAYEE}", "FLOAT")
_legal(FACT, "CHARGEBACK_WON", "CLEARING", f"FEES INTENT {_PAYEE}")
_legal(HOUSE, "FEE", "WALLET WALLET_RESERVED AFFILIATE_RESERVED INTENT ESCROW OUTGOING", "FEES")

# Rails
_legal(FACT, "RAIL_SETTLED", "FLOAT", "CLEARING")
_legal(FACT, "RAIL_FEE", "RAIL_FEES", "FLOAT SUSPENSE")
_legal(FACT, "GAS", "RAIL_FEES", "FLOAT")
_legal(FACT, "FLOAT_IN", "FLOAT", "CAPITAL")
_legal(DUE, "FLOAT_OUT", "CAPITAL", "FLOAT", keeps_float=True)
_legal(FACT, "SUSPENSE", "CLEARING FLOAT", "SUSPENSE")
_legal(FACT, "SUSPENSE", "SUSPENSE", "FLOAT")
_legal(DUE, "SUSPENSE_APPLIED", "SUSPENSE", f"INTENT OUTGOING {_PAYEE}")
_legal(DUE, "SUSPENSE_APPLIED", "RAIL_FEES EXPENSE", "SUSPENSE")

# Settlements and commissions
_legal(FACT, "SETTLEMENT", "SETTLEMENTS", "REVENUE")
_legal(FACT, "SETTLEMENT", "CLEARING", "SETTLEMENTS")  # what proves it says where it came in, too
_legal(FACT, "SETTLEMENT_REVERSED", "REVENUE", "SETTLEMENTS")
_legal(FACT, "SETTLEMENT_RECEIVED", "CLEARING FLOAT", "SETTLEMENTS")
_legal(FACT, "SETTLEMENT_RETURNED", "SETTLEMENTS", "FLOAT")
_legal(DUE, "SETTLEMENT_RETURNED", "SETTLEMENTS", "OUTGOING")
# What is earned follows from what was settled, in the same moment, and is as much of a fact.
_legal(FACT, "COMMISSION", "EXPENSE", "AFFILIATE")
_legal(FACT, "CLAWBACK", "AFFILIATE", "EXPENSE")
_legal(HOUSE, "COMMISSION_ADJUSTMENT", "EXPENSE", "AFFILIATE")
_legal(DUE, "COMMISSION_ADJUSTMENT", "AFFILIATE", "EXPENSE")

# Payouts
_legal(DUE, "PAYOUT_RESERVED", "AFFILIATE", "AFFILIATE_RESERVED")
_legal(DUE, "PAYOUT_RELEASED", "AFFILIATE_RESERVED", "AFFILIATE")
_legal(DUE, "PAYOUT_SENT", "IN_FLIGHT", "FLOAT", keeps_float=True)
_legal(FACT, "PAYOUT_BACK", "FLOAT", "IN_FLIGHT")
_legal(FACT, "PAYOUT_PAID", _RESERVED, "PAYOUTS")
_legal(FACT, "PAYOUT_PAID", "PAYOUTS", "IN_FLIGHT WALLET")
_legal(FACT, "PAYOUT_PAID_LATE", f"AFFILIATE WALLET {_RESERVED}", "PAYOUTS")
_legal(FACT, "PAYOUT_PAID_LATE", "PAYOUTS", "FLOAT")
# Tax is withheld by what pays the rest, in the same transaction, and by nothing else.
_legal(FACT, "PAYOUT_PAID", "AFFILIATE_RESERVED", "WITHHOLDING")
_legal(FACT, "PAYOUT_PAID_LATE", "AFFILIATE AFFILIATE_RESERVED", "WITHHOLDING")
_legal(FACT, "PAYOUT_RETURNED", "CLEARING FLOAT", "AFFILIATE WALLET SUSPENSE")
_legal(FACT, "PAYOUT_RETURNED", "WITHHOLDING", "AFFILIATE")
_legal(DUE, "TAX_REMITTED", "TAX WITHHOLDING", "OUTGOING")

# Invoices
_legal(HOUSE, "INVOICE", _RECEIVABLES, "REVENUE TAX")
_legal(HOUSE, "INVOICE", "DISCOUNTS", _RECEIVABLES)
_legal(DUE, "CREDIT_NOTE VOID", "REVENUE TAX", _RECEIVABLES)
_legal(DUE, "CREDIT_NOTE VOID", _RECEIVABLES, "DISCOUNTS WALLET")
_legal(CUSTOMER, "INVOICE_PAID", "WALLET", f"BAD_DEBT {_RECEIVABLES}")
_legal(HOUSE, "WRITE_OFF", "BAD_DEBT", _RECEIVABLES)

# Orders and exchange
_legal(CUSTOMER, "ORDER_PAID", "WALLET WALLET_RESERVED", "ESCROW")
_legal(FACT, "ORDER_PAID", "CLEARING", "ESCROW")
_legal(DUE, "ESCROW_RELEASED", "ESCROW", "WALLET FEES")
_legal(DUE, "ESCROW_REFUNDED", "ESCROW", "WALLET OUTGOING")
_legal(CUSTOMER, "FX", "WALLET", "FX")
_legal(CUSTOMER, "FX", "FX", "WALLET")
_legal(FACT, "FX_SETTLED", "FX", "FLOAT")
_legal(FACT, "FX_SETTLED", "FLOAT", "FX")


# A fact whose account is closed books to suspense in its place.
for _kind, _pairs in RULES.items():
    for (_debit, _credit), _rule in list(_pairs.items()):
        if _rule.nature == FACT and _debit in ("CLEARING", "FLOAT"):
            _pairs.setdefault((_debit, "SUSPENSE"), _rule)
        if _rule.nature == FACT and _credit == "FLOAT":
            _pairs.setdefault(("SUSPENSE", "FLOAT"), _rule)


def in_words(kind: str) -> str:
    """Return a kind as people say it."""
    return kind.replace("_", " ").capitalize()
