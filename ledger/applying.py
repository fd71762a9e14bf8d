"""Booking on paper: what a posting does to balances that were read under their locks. It knows no database.

Entries apply in order, each running balance respects its floor, and a posting that is refused leaves everything as it
was found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from ledger import money
from ledger.chart import ROLES
from ledger.errors import (
    AccountClosed,
    AccountFrozen,
    AssetsDiffer,
    BelowFloor,
    IllegalPosting,
    PayoutsDoNotPass,
    PeriodClosed,
    PostingRefused,
    ProgramRefusesPosting,
    TooFine,
    UnknownAccount,
    WithheldAlone,
)
from ledger.movements import Movement, Posting
from ledger.postings import AS_GIVEN, RULES, TAKES_MORE_THAN_THERE_IS, WITHHOLDS, Nature, Rule

_ZERO = money.ZERO
_AS_GIVEN_RULE = Rule(Nature.DUE)
_REPAYS = Rule(Nature.FACT)
_ACTIVE, _CLOSED = "ACTIVE", "CLOSED"
_GROWS_BY_DEBIT = frozenset(role.name for role in ROLES.values() if role.account_class.grows_by_debit)


@dataclass(slots=True)
class Place:
    """An account and the balance, or stripe of it, that this posting goes through."""

    account_id: int
    stripe: int
    program_id: UUID
    asset_id: int
    asset: str
    scale: int
    code: str
    role: str
    status: str
    is_striped: bool
    floor: Decimal | None
    amount: Decimal
    version: int
    owed: "Place | None" = None
    is_changed: bool = False
    grows_by_debit: bool = field(init=False)

    def __post_init__(self) -> None:
        self.grows_by_debit = self.role in _GROWS_BY_DEBIT


class EntryRow(NamedTuple):
    """An entry as it is written."""

    transaction_id: UUID
    debit_account_id: int
    credit_account_id: int
    amount: Decimal
    debit_balance: Decimal | None
    debit_version: int | None
    credit_balance: Decimal | None
    credit_version: int | None


class Redirected(Exception):
    """Raised when a fact's account is closed: it books to suspense instead, which has to be locked first."""

    def __init__(self, account_id: int, suspense_code: str) -> None:
        super().__init__(suspense_code)
        self.account_id = account_id
        self.suspense_code = suspense_code


@dataclass(slots=True)
class Books:
    """The places that were locked, by account, and the status of their programs."""

    places: Mapping[int, Place]
    program_status: Mapping[UUID, str]
    closed_until: Mapping[UUID, datetime]
    # Facts that would count in a closed period: they count now, and say since when they do.
    late: set[UUID] = field(default_factory=set)
    _undo: list[tuple[Place, Decimal, int]] = field(default_factory=list)

    def apply(self, posting: Posting, *, transaction_id: UUID) -> list[EntryRow]:
        """Book ``posting`` and return its entries.

        :raises PostingRefused: if something speaks against it; nothing has changed then.
        :raises Redirected: if a fact meets a closed account.
        """
        self._undo.clear()
        try:
            entries: list[EntryRow] = []
            for movement in posting.movements:
                self._move(posting, movement, transaction_id, entries)
            if posting.kind.startswith("PAYOUT_PAID"):
                self._payouts_pass(entries)
            if posting.kind in WITHHOLDS:
                self._withhold_from_something(entries)
        except (PostingRefused, Redirected):
            for place, amount, version in reversed(self._undo):
                place.amount, place.version = amount, version
            raise
        if self._closed_until(posting):
            self.late.add(transaction_id)
        return entries

    def _move(self, posting: Posting, movement: Movement, transaction_id: UUID, entries: list[EntryRow]) -> None:
        debit, credit = self._place(movement.debit, posting), self._place(movement.credit, posting)
        rule = self._rule(posting, debit, credit)
        amount = movement.amount
        if debit.asset_id != credit.asset_id:
            raise AssetsDiffer(debit=debit.code, credit=credit.code)
        if not money.is_amount(amount, scale=debit.scale):
            raise TooFine(amount=money.plain(amount), asset=debit.asset, scale=debit.scale)
        self._check_states(posting, rule, debit, credit)

        if posting.kind in TAKES_MORE_THAN_THERE_IS and debit.role == "WALLET" and debit.amount < amount:
            there = max(debit.amount, _ZERO)
            if debit.owed is None:
                raise BelowFloor(account=debit.code, available=money.plain(debit.amount), asked=money.plain(amount))
            if there:
                entries.append(self._entry(transaction_id, debit, credit, there, rule))
            entries.append(self._entry(transaction_id, debit.owed, credit, amount - there, rule))
        else:
            entries.append(self._entry(transaction_id, debit, credit, amount, rule))

        # Every credit to a wallet first repays what its owner owes.
        owed = credit.owed
        if owed is not None and owed.amount > 0 and owed is not debit:
            repaid = min(amount, owed.amount)
            entries.append(self._entry(transaction_id, credit, owed, repaid, _REPAYS))

    def _closed_until(self, posting: Posting) -> datetime | None:
        """Return up to when the books are closed, if the posting would count before."""
        closed_until = self.closed_until.get(posting.program_id)
        is_before = closed_until and posting.effective_at and posting.effective_at < closed_until
        return closed_until if is_before else None

    def _place(self, account_id: int, posting: Posting) -> Place:
        place = self.places.get(account_id)
        if place is None or place.program_id != posting.program_id:
            raise UnknownAccount(account=account_id)
        return place

    def _rule(self, posting: Posting, debit: Place, credit: Place) -> Rule:
        if posting.kind in AS_GIVEN:
            return _AS_GIVEN_RULE
        rule = RULES[posting.kind].get((debit.role, credit.role))
        if rule is None:
            raise IllegalPosting(kind=posting.kind, debit=debit.code, credit=credit.code)
        return rule

    def _check_states(self, posting: Posting, rule: Rule, debit: Place, credit: Place) -> None:
        status = self.program_status[posting.program_id]
        if status != _ACTIVE and (
            rule.nature == Nature.CUSTOMER or (rule.nature == Nature.HOUSE and status == _CLOSED)
        ):
            needed = "active" if rule.nature == Nature.CUSTOMER else "active or paused"
            raise ProgramRefusesPosting(status=status.lower(), kind=posting.kind, needed=needed)
        closed_until = self._closed_until(posting)
        if closed_until and rule.nature != Nature.FACT:
            raise PeriodClosed(until=closed_until.isoformat())
        if debit.status == credit.status == "OPEN":
            return
        for place, other in ((debit, credit), (credit, debit)):
            if place.status == "CLOSED":
                rail = other.code.split(":")
                if rule.nature == Nature.FACT and rail[0] == "rail":
                    raise Redirected(place.account_id, f"rail:{rail[1]}:suspense")
                raise AccountClosed(account=place.code)
        taken_from = credit if credit.grows_by_debit else debit
        if rule.nature == Nature.CUSTOMER and debit.status == "FROZEN" and taken_from is debit:
            raise AccountFrozen(account=debit.code)

    def _entry(self, transaction_id: UUID, debit: Place, credit: Place, amount: Decimal, rule: Rule) -> EntryRow:
        self._change(debit, amount if debit.grows_by_debit else -amount, rule)
        self._change(credit, -amount if credit.grows_by_debit else amount, rule)
        return EntryRow(
            transaction_id, debit.account_id, credit.account_id, amount,
            None if debit.is_striped else debit.amount, None if debit.is_striped else debit.version,
            None if credit.is_striped else credit.amount, None if credit.is_striped else credit.version,
        )  # fmt: skip

    def _change(self, place: Place, by: Decimal, rule: Rule) -> None:
        after = place.amount + by
        if by < 0 and after < 0:
            floor = place.floor
            if (floor is not None and after < floor) or (rule.keeps_float and place.role == "FLOAT"):
                raise BelowFloor(account=place.code, available=money.plain(place.amount), asked=money.plain(-by))
        self._undo.append((place, place.amount, place.version))
        place.amount, place.version, place.is_changed = after, place.version + 1, True

    def _payouts_pass(self, entries: list[EntryRow]) -> None:
        left: dict[int, Decimal] = {}
        for entry in entries:
            for account_id, by in ((entry.debit_account_id, -entry.amount), (entry.credit_account_id, entry.amount)):
                left[account_id] = left.get(account_id, _ZERO) + by
        for account_id, amount in left.items():
            place = self.places.get(account_id)
            if place is not None and place.role == "PAYOUTS" and amount:
                raise PayoutsDoNotPass(account=place.code, left=money.plain(amount))

    def _withhold_from_something(self, entries: list[EntryRow]) -> None:
        """Refuse tax by itself: what is withheld, or given back, is a part of what is paid or returned."""
        taxed = [place for entry in entries if (place := self._withholding_in(entry)) is not None]
        if taxed and len(taxed) == len(entries):
            raise WithheldAlone(account=taxed[0].code)

    def _withholding_in(self, entry: EntryRow) -> Place | None:
        sides = (self.places.get(entry.debit_account_id), self.places.get(entry.credit_account_id))
        return next((place for place in sides if place is not None and place.role == "WITHHOLDING"), None)
