"""Take in a rail's statement."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO, Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from audit import context
from audit.operations import record
from ledger import money
from ledger.interchange.verdicts import Judgement
from ledger.models import Asset
from wallets import rules
from wallets.errors import (
    BadRailAccount,
    StatementContradicts,
    StatementOfAnotherAsset,
    UnknownRailAccount,
    UnreadableStatement,
)
from wallets.models import RailAccount, RailStatement, StatementLine
from wallets.rails.statements import Read, Row, read_statement
from wallets.states import RailAccountState

_LINES_NAMED: Final = 10


class Verdict(NamedTuple):
    """What became of a line of the file."""

    line: int
    reference: str
    verdict: Judgement


@dataclass(frozen=True, slots=True)
class Imported:
    """The statement that holds what was new, or what was there already; and what became of each line."""

    statement: RailStatement
    verdicts: Sequence[Verdict]
    is_replay: bool


def import_statement(account_id: UUID, *, program_id: UUID, file: BinaryIO, at: datetime) -> Imported:
    """Take in what a rail says of an account; all of it, or nothing. What is there already, just so, changes nothing.

    :raises UnknownRailAccount: if the program has no such account.
    :raises BadRailAccount: if it is a draft.
    :raises StatementTooLarge: if the file has too many bytes or lines.
    :raises UnreadableStatement: if it is no statement, or a line of it says nothing.
    :raises StatementDoesNotAddUp: if a balance does not follow from the one before.
    :raises StatementOfAnotherAsset: if the account does not have its asset.
    :raises StatementContradicts: if an earlier one says something else.
    """
    read = read_statement(file)
    with transaction.atomic():
        return _store(account_id, program_id, read, at=at)


def _store(account_id: UUID, program_id: UUID, read: Read, *, at: datetime) -> Imported:
    account = RailAccount.objects.locked().filter(pk=account_id, program=program_id).first()
    if account is None:
        raise UnknownRailAccount(account=account_id)
    asset = _asset_of(account, read)
    known = list(
        RailStatement.objects.filter(account=account, asset=asset, begins_at__lt=read.ends_at,
                                     ends_at__gt=read.begins_at).defer("content").order_by("begins_at")
    )  # fmt: skip
    _require_the_same(known, read)
    pieces = rules.uncovered(read.begins_at, read.ends_at, [(each.begins_at, each.ends_at) for each in known])
    if not pieces:
        return Imported(known[-1], list(_verdicts(read, None)), is_replay=True)
    if len(pieces) > 1:
        raise StatementContradicts(reason="it covers times before and behind those of one that is there; divide it")
    [(begins_at, ends_at)] = pieces
    new = [row for row in read.rows if begins_at <= row.at < ends_at]
    opening = _balance_before(read, begins_at)
    statement = RailStatement(
        program_id=program_id, account=account, asset=asset, begins_at=begins_at, ends_at=ends_at, opening=opening,
        closing=_balance_before(read, ends_at), count=len(new), sha256=read.sha256, content=read.content,
        imported_by=_actor(), imported_at=at,
    )  # fmt: skip
    _require_carried_on(statement)

    statement.save(force_insert=True)
    _insert_lines(statement, new)

    record(
        "wallets.rail_statement.imported", subject=statement, at=at, program_id=program_id,
        payload={
            "rail_account": account.name, "asset": asset.code, "begins_at": begins_at.isoformat(),
            "ends_at": ends_at.isoformat(), "lines": len(new), "closing": money.plain(statement.closing),
            "sha256": read.sha256,
        },
    )  # fmt: skip
    return Imported(statement, list(_verdicts(read, (begins_at, ends_at))), is_replay=False)


def _actor() -> str:
    actor = context.current().actor
    return f"{actor.type}:{actor.id}"[:250]


def _asset_of(account: RailAccount, read: Read) -> Asset:
    if account.state == RailAccountState.DRAFT:
        raise BadRailAccount(reason="it is a draft, and nothing goes through it yet")
    asset = Asset.objects.filter(code=read.asset).first() if read.asset in account.assets else None
    if asset is None:
        raise StatementOfAnotherAsset(asset=read.asset[:40], assets=", ".join(account.assets))
    for row in read.rows:
        if not money.is_amount(row.amount, scale=asset.scale):
            raise UnreadableStatement(line=row.number, reason=f"{asset.code} has no amount as fine as this")
    if not money.is_amount(read.opening, scale=asset.scale):
        raise UnreadableStatement(line=2, reason=f"{asset.code} has no amount as fine as this")
    return asset


def _require_the_same(known: Sequence[RailStatement], read: Read) -> None:
    """Refuse what tells a time differently from a statement that is there.

    :raises StatementContradicts: naming the lines that are others, or how many are missing.
    """
    for statement in known:
        begins_at, ends_at = max(statement.begins_at, read.begins_at), min(statement.ends_at, read.ends_at)
        lines = StatementLine.objects.filter(statement=statement, at__gte=begins_at, at__lt=ends_at).order_by("number")
        theirs = lines.values_list("at", "type", "reference", "ours", "amount", "balance", "description")
        ours = [row for row in read.rows if begins_at <= row.at < ends_at]
        there = list(theirs)
        others = [row.number for row, line in zip(ours, there, strict=False) if row.says != line]
        others += [row.number for row in ours[len(there) :]]
        if others:
            named = ", ".join(map(str, others[:_LINES_NAMED])) + (", …" if len(others) > _LINES_NAMED else "")
            raise StatementContradicts(reason=f"the one from {statement} has something else for the lines {named}")
        if len(there) > len(ours):
            missing = len(there) - len(ours)
            raise StatementContradicts(reason=f"the one from {statement} has {missing} lines more for the same time")


def _balance_before(read: Read, moment: datetime) -> Decimal:
    """Return what is there by the statement when a moment begins."""
    before = [row.balance for row in read.rows if row.at < moment]
    return before[-1] if before else read.opening


def _require_carried_on(statement: RailStatement) -> None:
    """Refuse a balance that begins elsewhere than the statement before ends, or ends elsewhere than the next begins."""
    same = RailStatement.objects.filter(account=statement.account_id, asset=statement.asset_id)
    for balance, beside, theirs in (
        (statement.opening, same.filter(ends_at=statement.begins_at).first(), "closing"),
        (statement.closing, same.filter(begins_at=statement.ends_at).first(), "opening"),
    ):
        said = getattr(beside, theirs, balance)
        if said != balance:
            reason = f"the one from {beside} says {money.plain(said)} where this one says {money.plain(balance)}"
            raise StatementContradicts(reason=reason)


def _insert_lines(statement: RailStatement, rows: Sequence[Row]) -> None:
    """Write the lines in one statement, however many there are."""
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO wallets_statementline
                (program_id, statement_id, number, at, type, reference, ours, amount, balance, description)
            SELECT %s, %s, each.* FROM unnest(%s::int[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],
                                              %s::numeric[], %s::numeric[], %s::text[]) each
            """,
            [statement.program_id, statement.pk, *columns],
        )


def _verdicts(read: Read, new: tuple[datetime, datetime] | None) -> Iterator[Verdict]:
    for row in read.rows:
        is_new = new is not None and new[0] <= row.at < new[1]
        yield Verdict(row.number, row.reference, Judgement.ACCEPTED if is_new else Judgement.DUPLICATE)
