"""A statement as files: the CSV, the same bytes whenever it is asked for, and what stands on paper."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from audit.spreadsheets import guarded
from identity.models import Program
from ledger import chart
from ledger.models import Account
from ledger.money import ZERO, exactly, grouped, plain
from ledger.paper.statements import PaperLine, PaperStatement
from ledger.postings import in_words
from ledger.queries.statements import LINES_AT_MOST, Statement, StatementLine, statement

_HEADER = ("booked_at", "effective_at", "kind", "key", "memo", "other_account", "debit", "credit", "balance")


class _Echo:
    """What the CSV writer writes to: it hands each row back."""

    def write(self, row: str) -> str:
        return row


def pages_of(account: Account, *, after: datetime, until: datetime) -> Iterator[Statement]:
    """Return the whole statement, in pages."""
    page = statement(account, after=after, until=until, limit=LINES_AT_MOST)
    yield page
    while page.has_more:
        page = statement(account, after=after, until=until, limit=LINES_AT_MOST, behind=page.lines[-1])
        yield page


def statement_csv(account: Account, *, after: datetime, until: datetime) -> Iterator[str]:
    """Return the lines of the file."""
    return as_csv(pages_of(account, after=after, until=until))


def as_csv(pages: Iterable[Statement]) -> Iterator[str]:
    """Return the lines of the file of these pages."""
    writer = csv.writer(_Echo())
    yield writer.writerow(_HEADER)
    closing = None
    for page in pages:
        if closing is None:
            yield writer.writerow(["", "", "OPENING", "", "", "", "", "", plain(page.opening)])
        for line in page.lines:
            yield writer.writerow([
                line.booked_at.isoformat(), line.effective_at.isoformat(), line.kind, guarded(line.key),
                guarded(line.memo), line.other, plain(line.debit) if line.debit else "",
                plain(line.credit) if line.credit else "", plain(line.balance),
            ])  # fmt: skip
        closing = page.closing
    yield writer.writerow(["", "", "CLOSING", "", "", "", "", "", plain(closing or ZERO)])


def on_paper(
    account: Account, lines: list[StatementLine], *, number: str, after: datetime, until: datetime,
    opening: str, closing: str, sha256: str, at: datetime,
) -> PaperStatement:  # fmt: skip
    """Return what stands on the statement, in the words, figures and times of its readers."""
    asset, zone = account.asset, ZoneInfo(account.program.time_zone)
    places = asset.payable_scale
    with exactly():
        debits = sum((line.debit for line in lines if line.debit), ZERO)
        credits_ = sum((line.credit for line in lines if line.credit), ZERO)
    return PaperStatement(
        number=number, program=account.program.name, account=account.code, role=chart.ROLES[account.role].label,
        asset=f"{asset.code} ({asset.name})", period=period_in_words(account.program, after=after, until=until),
        zone=account.program.time_zone, issued=_minute(at.astimezone(zone)), opening=opening, closing=closing,
        debits=grouped(debits, places=places), credits=grouped(credits_, places=places),
        lines=[_line(line, places, zone) for line in lines], sha256=sha256, at=at,
    )  # fmt: skip


def _line(line: StatementLine, places: int, zone: ZoneInfo) -> PaperLine:
    booked, effective = line.booked_at.astimezone(zone), line.effective_at.astimezone(zone)
    counts = f"Counts from {_day(effective)}. " if effective.date() != booked.date() else ""
    return PaperLine(
        day=_day(booked), time=f"{booked:%H:%M:%S}", what=in_words(line.kind),
        details=f"{counts}{line.memo or line.key}", other=line.other,
        debit=grouped(line.debit, places=places) if line.debit else "",
        credit=grouped(line.credit, places=places) if line.credit else "",
        balance=grouped(line.balance, places=places),
    )  # fmt: skip


def period_in_words(program: Program, *, after: datetime, until: datetime) -> str:
    """Return a period as people say it: in days of the program's calendar, where it has whole ones."""
    zone = ZoneInfo(program.time_zone)
    first, behind = (at.astimezone(zone) + timedelta(microseconds=1) for at in (after, until))
    if first.time() == behind.time() == datetime.min.time():
        last = behind - timedelta(microseconds=1)
        return _day(first) if first.date() == last.date() else f"{_day(first)} to {_day(last)}"
    if first.time() == datetime.min.time():
        return f"{_day(first)} up to {_minute(until.astimezone(zone))}"
    return f"behind {_minute(after.astimezone(zone))}, up to {_minute(until.astimezone(zone))}"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"


def _minute(at: datetime) -> str:
    return f"{_day(at)}, {at:%H:%M:%S %Z}"
