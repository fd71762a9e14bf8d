"""Booking that leaves nothing behind: what would become of postings, without a lock and without a row.

Balances are read once and change on paper from then on. Keys go to a file of their own, which vanishes with the
process: there may be millions.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Final
from uuid import UUID

from django.db.models import Sum
from uuid_utils.compat import uuid7

from identity.models import Program
from ledger import chart
from ledger.applying import Books, Place, Redirected
from ledger.errors import (
    AlreadyReversed,
    BadAccountCode,
    IdempotencyConflict,
    NotForThisAsset,
    PostingRefused,
    UnknownAccount,
    UnknownAsset,
)
from ledger.models import Account, Asset, Balance, Period, Transaction
from ledger.money import exactly
from ledger.movements import Asked, Booked, Movement, Posting, examine
from ledger.queries.translating import Known, booked_under
from ledger.states import AccountStatus, AssetKind

_TABLE: Final = "CREATE TABLE booked (key TEXT PRIMARY KEY, id TEXT, fingerprint BLOB, movements TEXT) WITHOUT ROWID"


class Rehearsal:
    """A program's books on paper."""

    def __init__(self, program: Program) -> None:
        self.program = program
        period = Period.objects.standing().filter(program=program).order_by("-ends_at").first()
        self._places: dict[int, Place] = {}
        self._opened: dict[tuple[str, str], int] = {}
        closed = {program.pk: period.ends_at} if period else {}
        self._books = Books(self._places, {program.pk: program.status}, closed)
        self._keys = sqlite3.connect("")  # a file without a name
        self._keys.execute(_TABLE)
        self._numbers = count(-1, -1)
        self._reversed: set[UUID] = set()

    def open_account(self, code: str, asset_code: str) -> int:
        """Return an id for an account that would be opened."""
        if (code, asset_code) in self._opened:
            return self._opened[code, asset_code]
        role, asset = chart.role_of(code), Asset.objects.filter(code=asset_code).first()
        if role is None:
            raise BadAccountCode(account=code[:120])
        if asset is None:
            raise UnknownAsset(asset=asset_code[:40])
        if role.name == "TREASURY" and asset.kind != AssetKind.POINTS:
            raise NotForThisAsset(account=code, asset=asset.code)
        owed = None
        if role.name == "WALLET":
            owed = self._places[self.open_account(f"{code}:owed", asset_code)]
        number = next(self._numbers)
        self._places[number] = Place(
            number, 0, self.program.pk, asset.pk, asset.code, asset.scale, code, role.name, AccountStatus.OPEN,
            role.is_striped, Decimal(0) if role.has_floor else None, Decimal(0), 0, owed,
        )  # fmt: skip
        self._opened[code, asset_code] = number
        return number

    def booked(self, keys: Iterable[str]) -> Mapping[str, Known]:
        """Return what is booked under these keys, on paper or in fact."""
        wanted = list(keys)
        found = booked_under(wanted, program_id=self.program.pk)
        for key in wanted:
            row = self._keys.execute("SELECT id, movements FROM booked WHERE key = ?", [key]).fetchone()
            if row:
                moved = tuple(Movement(debit, credit, Decimal(amount)) for debit, credit, amount in json.loads(row[1]))
                found[key] = Known(UUID(row[0]), moved)
        return found

    def book(self, postings: Sequence[Posting]) -> list[Booked | PostingRefused]:
        """Return what would become of each."""
        asked: list[Asked | PostingRefused] = []
        for posting in postings:
            try:
                asked.append(examine(posting))
            except PostingRefused as refusal:
                asked.append(refusal)
        booked = self._really_booked([one.posting.key for one in asked if isinstance(one, Asked)])
        self._read({account for one in asked if isinstance(one, Asked) for account in _accounts(one.posting)})
        outcomes: list[Booked | PostingRefused] = []
        for one in asked:
            try:
                outcomes.append(self._apply(one, booked) if isinstance(one, Asked) else one)
            except PostingRefused as refusal:
                outcomes.append(refusal)
        return outcomes

    def _apply(self, one: Asked, booked: Mapping[str, tuple[UUID, bytes]]) -> Booked:
        posting = one.posting
        earlier = booked.get(posting.key) or self._rehearsed(posting.key)
        if earlier:
            if earlier[1] != one.fingerprint:
                raise IdempotencyConflict(key=posting.key, fields="content")
            return Booked(earlier[0], posting.key, is_replay=True)
        if posting.reverses:
            if posting.reverses in self._reversed or Transaction.objects.filter(reverses=posting.reverses).exists():
                raise AlreadyReversed(transaction=posting.reverses, reason="it was reversed before")
            self._reversed.add(posting.reverses)
        identifier = uuid7()
        with exactly():
            try:
                entries = self._books.apply(posting, transaction_id=identifier)
            except Redirected as elsewhere:
                entries = self._books.apply(self._to_suspense(posting, elsewhere), transaction_id=identifier)
        self._books.late.clear()
        moved = json.dumps([(row.debit_account_id, row.credit_account_id, f"{row.amount:f}") for row in entries])
        self._keys.execute(
            "INSERT INTO booked VALUES (?, ?, ?, ?)", [posting.key, str(identifier), one.fingerprint, moved]
        )
        return Booked(identifier, posting.key, is_replay=False)

    def _to_suspense(self, posting: Posting, elsewhere: Redirected) -> Posting:
        closed = self._places[elsewhere.account_id]
        suspense = next((
            place for place in self._places.values()
            if (place.code, place.asset_id) == (elsewhere.suspense_code, closed.asset_id)
        ), None)  # fmt: skip
        if suspense is None:
            found = Account.objects.filter(
                program=self.program, asset=closed.asset_id, code=elsewhere.suspense_code
            ).first()
            if found is None:
                raise UnknownAccount(account=elsewhere.suspense_code)
            self._read({found.pk})
            suspense = self._places[found.pk]
        instead = {closed.account_id: suspense.account_id}
        return replace(posting, movements=tuple(
            Movement(instead.get(debit, debit), instead.get(credit, credit), amount)
            for debit, credit, amount in posting.movements
        ))  # fmt: skip

    def _rehearsed(self, key: str) -> tuple[UUID, bytes] | None:
        row = self._keys.execute("SELECT id, fingerprint FROM booked WHERE key = ?", [key]).fetchone()
        return (UUID(row[0]), row[1]) if row else None

    def _really_booked(self, keys: Sequence[str]) -> dict[str, tuple[UUID, bytes]]:
        rows = Transaction.objects.under_keys(self.program.pk, keys)
        return {key: (pk, bytes(print_)) for key, pk, print_ in rows.values_list("key", "pk", "fingerprint")}

    def _read(self, account_ids: Iterable[int]) -> None:
        wanted = {one for one in account_ids if one not in self._places}
        if not wanted:
            return
        accounts = {account.pk: account for account in _with_all(wanted)}
        accounts |= {account.owed.pk: account.owed for account in accounts.values() if account.owed}
        held = Balance.objects.filter(account__in=list(accounts)).values_list("account").annotate(Sum("amount"))
        amounts: dict[int, Decimal] = dict(held)
        for pk, account in sorted(accounts.items(), key=lambda item: item[1].owed_id is not None):
            if pk in self._places:
                continue
            role = chart.ROLES[account.role]
            self._places[pk] = Place(
                pk, 0, account.program_id, account.asset_id, account.asset.code, account.asset.scale, account.code,
                account.role, account.status, role.is_striped, Decimal(0) if role.has_floor else None,
                amounts.get(pk, Decimal(0)), 0, self._places[account.owed_id] if account.owed_id else None,
            )  # fmt: skip


def _with_all(account_ids: set[int]) -> Iterable[Account]:
    return Account.objects.filter(pk__in=account_ids).select_related("asset", "owed__asset")


def _accounts(posting: Posting) -> Iterable[int]:
    return (account_id for movement in posting.movements for account_id in movement[:2])
