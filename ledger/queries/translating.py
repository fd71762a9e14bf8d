"""From the words of a file to those of the books: codes become accounts, keys transactions, text amounts."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from identity import rules
from identity.models import Program
from ledger.errors import BadAmount, NoMirror, PostingRefused, ReservedKey, UnknownAccount, UnknownTransaction
from ledger.interchange import WrittenEntry, WrittenTransaction
from ledger.models import Account, Entry, Transaction
from ledger.money import exactly
from ledger.movements import Movement, Posting
from ledger.postings import TAKES_MORE_THAN_THERE_IS

_AMOUNT: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{1,18})?")
_CACHED_AT_MOST: Final = 200_000

Named = tuple[str, str]  # code and asset
Opener = Callable[[str, str], int]


@dataclass(frozen=True, slots=True)
class Known:
    """A transaction that is booked: its id and what it moved."""

    id: UUID
    movements: tuple[Movement, ...]


def booked_under(keys: Iterable[str], *, program_id: UUID) -> dict[str, Known]:
    """Return what the program has booked under these keys."""
    found = dict(Transaction.objects.under_keys(program_id, keys).values_list("pk", "key"))
    moved: dict[UUID, list[Movement]] = {pk: [] for pk in found}
    entries = Entry.objects.filter(transaction__in=list(found)).order_by("id")
    for entry in entries.only("transaction_id", "debit_account_id", "credit_account_id", "amount"):
        moved[entry.transaction_id].append(Movement(entry.debit_account_id, entry.credit_account_id, entry.amount))
    return {key: Known(pk, tuple(moved[pk])) for pk, key in found.items()}


@dataclass(slots=True)
class Translator:
    """Translates for one program; accounts that are not there are opened by ``open_account``, if there is one."""

    program: Program
    key_prefix: str
    open_account: Opener | None
    booked: Callable[[Iterable[str]], Mapping[str, Known]]
    _accounts: dict[Named, int] = field(default_factory=dict)

    def postings(self, batch: Sequence[WrittenTransaction]) -> list[Posting | PostingRefused]:
        """Return what each asks for, or why it can't be asked."""
        self._learn({(code, entry.asset) for one in batch for entry in one.entries for code in entry_codes(entry)})
        meant = {key for one in batch for key in (one.reverses_key, one.corrects_key) if key}
        known = self.booked({self.key(key) for key in meant}) if meant else {}
        return [self._attempt(one, known) for one in batch]

    def key(self, written: str) -> str:
        """Return the key under which what a file calls so is booked."""
        return f"{self.key_prefix}{written}"

    def _attempt(self, one: WrittenTransaction, known: Mapping[str, Known]) -> Posting | PostingRefused:
        try:
            return self._posting(one, known)
        except PostingRefused as refusal:
            return refusal

    def _posting(self, one: WrittenTransaction, known: Mapping[str, Known]) -> Posting:
        key = self.key(one.key)
        if rules.is_reserved_key(key):
            raise ReservedKey(prefix=key.partition(":")[0] + ":")
        reverses, corrects = self._meant(one.reverses_key, known), self._meant(one.corrects_key, known)
        if (one.kind == "REVERSAL") != (reverses is not None):
            raise NoMirror(reason="a REVERSAL, and nothing else, names in reverses_key what it takes back")
        movements = self._movements(as_asked(one.kind, one.entries))
        if reverses is not None:
            movements = _mirroring(reverses, (self._movements(one.entries), movements))
        return Posting(
            program_id=self.program.pk, key=key, kind=one.kind, movements=movements, memo=one.memo,
            metadata=one.metadata, effective_at=one.effective_at, reverses=reverses.id if reverses else None,
            corrects=corrects.id if corrects else None,
        )  # fmt: skip

    def _meant(self, written: str, known: Mapping[str, Known]) -> Known | None:
        if not written:
            return None
        found = known.get(self.key(written))
        if found is None:
            raise UnknownTransaction(transaction=self.key(written)[:255])
        return found

    def _movements(self, entries: Iterable[WrittenEntry]) -> tuple[Movement, ...]:
        return tuple(
            Movement(self._account(one.debit, one.asset), self._account(one.credit, one.asset), _amount(one.amount))
            for one in entries
        )

    def _account(self, code: str, asset: str) -> int:
        known = self._accounts.get((code, asset))
        if known is None:
            if self.open_account is None:
                raise UnknownAccount(account=f"{code[:120]} in {asset[:20]}")
            known = self._accounts[code, asset] = self.open_account(code, asset)
        return known

    def _learn(self, named: set[Named]) -> None:
        if len(self._accounts) > _CACHED_AT_MOST:
            self._accounts.clear()
        codes = {code for code, asset in named if (code, asset) not in self._accounts}
        rows = Account.objects.filter(program=self.program, code__in=codes)
        for pk, code, asset in rows.values_list("pk", "code", "asset__code"):
            self._accounts[code, asset] = pk


def entry_codes(entry: WrittenEntry) -> tuple[str, str]:
    """Return both sides."""
    return entry.debit, entry.credit


@exactly()
def as_asked(kind: str, entries: Sequence[WrittenEntry]) -> list[WrittenEntry]:
    """Return what was asked for where ``entries`` came of it.

    The ledger itself divides between a wallet and what its owner owes; asked for the parts, it would divide again.
    """
    asked: list[WrittenEntry] = []
    repaid = False  # whether the last one's repayment was passed by
    for entry in entries:
        last = asked[-1] if asked else None
        owed = f"{entry.debit}:owed"
        if (
            last and not repaid and entry.credit == owed and (entry.debit, entry.asset) == (last.credit, last.asset)
            and _amount(entry.amount) <= _amount(last.amount)
        ):  # fmt: skip
            repaid = True
            continue
        repaid = False
        wallet = entry.debit.removesuffix(":owed")
        if kind in TAKES_MORE_THAN_THERE_IS and wallet != entry.debit:
            there = Decimal(0)
            if last and (last.debit, last.credit, last.asset) == (wallet, entry.credit, entry.asset):
                there = _amount(asked.pop().amount)
            entry = WrittenEntry(wallet, entry.credit, entry.asset, f"{there + _amount(entry.amount):f}")
        asked.append(entry)
    return asked


def _mirroring(reversed_: Known, candidates: Iterable[tuple[Movement, ...]]) -> tuple[Movement, ...]:
    mirrored = sorted((credit, debit, amount) for debit, credit, amount in reversed_.movements)
    for movements in candidates:
        if sorted(movements) == mirrored:
            return movements
    raise NoMirror(reason="its entries are not those of what it takes back, the other way round")


def _amount(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise BadAmount(amount=text[:60])
    return Decimal(text)


def differences(one: WrittenTransaction, told: Mapping[str, Any], key: Callable[[str], str]) -> list[str]:
    """Return in what a transaction of a file differs from the one that is booked, as an export tells it."""
    asked = {
        "kind": one.kind, "memo": one.memo, "metadata": one.metadata,
        "reverses_key": key(one.reverses_key) if one.reverses_key else None,
        "corrects_key": key(one.corrects_key) if one.corrects_key else None,
        "effective_at": one.effective_at.timestamp() if one.effective_at else None,
        "entries": [(*entry_codes(entry), entry.asset, Decimal(entry.amount)) for entry in one.entries],
    }  # fmt: skip
    booked = {
        **{name: told[name] for name in asked},
        "effective_at": datetime.fromisoformat(told["effective_at"]).timestamp() if one.effective_at else None,
        "entries": [(e["debit"], e["credit"], e["asset"], Decimal(e["amount"])) for e in told["entries"]],
    }
    return [name for name in asked if asked[name] != booked[name]]
