"""The chart of accounts: which kinds of account there are, how their codes read, and what holds for each.

An account's role is what ``ledger.postings`` speaks of. A floor is the lowest balance the account may ever have. A
striped account is one that everybody touches: its balance is kept in several rows, so that posters do not wait for each
other, and it therefore has no running balance. What has a floor, or a statement of its own, is not striped.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

STRIPES: Final = 64
_ID: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


class AccountClass(StrEnum):
    """Assets and expenses grow by debit; liabilities, equity and income by credit."""

    ASSET = "ASSET"
    LIABILITY = "LIABILITY"
    EQUITY = "EQUITY"
    INCOME = "INCOME"
    EXPENSE = "EXPENSE"

    @property
    def grows_by_debit(self) -> bool:
        return self in (AccountClass.ASSET, AccountClass.EXPENSE)


ASSET, LIABILITY, EQUITY = AccountClass.ASSET, AccountClass.LIABILITY, AccountClass.EQUITY
INCOME, EXPENSE = AccountClass.INCOME, AccountClass.EXPENSE


@dataclass(frozen=True, slots=True)
class AccountRole:
    """One kind of account: its codes have the form ``code`` with ids in the places of ``*``."""

    name: str
    code: str
    account_class: AccountClass
    label: str
    has_floor: bool = False
    is_striped: bool = False
    is_owned: bool = False  # by a person or organisation, who can be stopped from taking from it

    def fits(self, code: str) -> bool:
        """Whether ``code`` is one of this role's."""
        return re.fullmatch(re.escape(self.code).replace(r"\*", _ID), code) is not None

    def code_for(self, identifier: str = "") -> str:
        """Return the code with ``identifier`` in its place."""
        return self.code.replace("*", identifier)


def _system(name: str, code: str, account_class: AccountClass, label: str, *, striped: bool = True) -> AccountRole:
    return AccountRole(name, code, account_class, label, is_striped=striped)


def _owned(name: str, code: str, account_class: AccountClass, label: str, *, floor: bool = True) -> AccountRole:
    return AccountRole(name, code, account_class, label, has_floor=floor, is_owned=True)


ROLES: Final[dict[str, AccountRole]] = {
    role.name: role
    for role in (
        _system("FLOAT", "rail:*:float", ASSET, "Money held at the rail", striped=False),
        _system("CLEARING", "rail:*:clearing", ASSET, "Reported by the rail, not yet on a statement"),
        _system("IN_FLIGHT", "rail:*:in_flight", ASSET, "Sent, outcome not known"),
        _system("SUSPENSE", "rail:*:suspense", LIABILITY, "Matches nothing yet", striped=False),
        _system("RAIL_FEES", "rail:*:fees", EXPENSE, "Fees of the rail"),
        _system("SETTLEMENTS", "system:settlements", ASSET, "Settlements recognised, not yet received"),
        _system("PAYOUTS", "system:payouts", LIABILITY, "Payouts passing through"),
        _system("TREASURY", "system:treasury", ASSET, "Points issued"),
        _system("FX", "system:fx", ASSET, "Exchange"),
        _system("REVENUE", "program:*:revenue", INCOME, "Revenue"),
        _system("FEES", "program:*:fees", INCOME, "Fees"),
        _system("EXPENSE", "program:*:expense", EXPENSE, "Commissions and bonuses"),
        _system("DISCOUNTS", "program:*:discounts", EXPENSE, "Discounts"),
        _system("BAD_DEBT", "program:*:bad_debt", EXPENSE, "Written off"),
        _system("TAX", "program:*:tax", LIABILITY, "Tax collected"),
        _system("WITHHOLDING", "program:*:withholding", LIABILITY, "Tax withheld"),
        _system("CAPITAL", "program:*:capital", EQUITY, "Capital put in"),
        _system("RETAINED", "program:*:retained", EQUITY, "Retained earnings"),
        _owned("WALLET", "wallet:*", LIABILITY, "Wallet"),
        _owned("WALLET_RESERVED", "wallet:*:reserved", LIABILITY, "Held part of a wallet"),
        _owned("WALLET_OWED", "wallet:*:owed", ASSET, "What a wallet's owner owes"),
        _owned("AFFILIATE", "affiliate:*:liability", LIABILITY, "Earned and not paid", floor=False),
        _owned("AFFILIATE_RESERVED", "affiliate:*:reserved", LIABILITY, "In an approved payout"),
        _owned("OUTGOING", "outgoing:*", LIABILITY, "Owed to somebody outside"),
        _owned("INTENT", "intent:*", LIABILITY, "Confirmed legs of a payment"),
        _owned("RECEIVABLE", "agent:*:receivable", ASSET, "Invoiced and not paid", floor=False),
        _owned("PARTY_RECEIVABLE", "party:*:receivable", ASSET, "Goods out and not paid", floor=False),
        _owned("ESCROW", "escrow:*", LIABILITY, "Kept until delivery"),
    )
}


def role_of(code: str) -> AccountRole | None:
    """Return the role whose form ``code`` has, if there is one."""
    return next((role for role in ROLES.values() if role.fits(code)), None)
