"""A statement of account on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.paper.sheet import ACCENT, MARGIN, QUIET, Sheet, legible, widest, wrapped

_SIZE: Final = 8.5
_LEADING: Final = 3.9
_ROW_GAP: Final = 2.6
_GUTTER: Final = 4.0
# Where rows begin, on the first page and on those behind it.
_FIRST_ROW: Final = 101.2
_FIRST_ROW_BEHIND: Final = 28.6
_LINES_OF_TEXT_AT_MOST: Final = 12  # a memo has 500 characters


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One line: when, what, with whom, and the figures as they are read."""

    day: str
    time: str
    what: str
    details: str
    other: str
    debit: str
    credit: str
    balance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperStatement:
    """Everything that stands on it."""

    number: str
    program: str
    account: str
    role: str
    asset: str
    period: str
    zone: str
    issued: str
    opening: str
    debits: str
    credits: str
    closing: str
    lines: Sequence[PaperLine]
    sha256: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where columns begin; figures end at their right edge."""

    description: float
    description_width: float
    debit: float
    credit: float
    balance: float
    figure: float


@dataclass(frozen=True, slots=True)
class _Row:
    line: PaperLine
    texts: list[tuple[str, bool]]  # and whether it is said quietly

    @property
    def height(self) -> float:
        return max(len(self.texts), 2 if self.line.time else 1) * _LEADING + _ROW_GAP


def printed(statement: PaperStatement) -> bytes:
    """Return the PDF: the same bytes for the same statement."""
    figures = [statement.opening, statement.closing, statement.debits, statement.credits]
    figures += [figure for line in statement.lines for figure in (line.debit, line.credit, line.balance)]
    figure = min(max(widest(figures, _SIZE, is_bold=True) + 1, 22), 72)
    # Eighteen decimals have no room on an upright page.
    sheet = Sheet(
        title=f"Statement {statement.number}", author=statement.program, at=statement.at, is_landscape=figure > 36
    )
    columns = _columns(sheet, figure)
    rows = [_row(line, columns) for line in statement.lines]
    pages = _pages(sheet, rows)
    for number, page in enumerate(pages, start=1):
        sheet.next_page()
        y = _head(sheet, statement) if number == 1 else _short_head(sheet, statement)
        y = _table_head(sheet, columns, statement, y)
        if number == 1:
            y = _total(sheet, columns, "Opening balance", statement.opening, y)
        for row in page:
            y = _put(sheet, columns, row, y)
        if not rows:
            sheet.write("Nothing was booked in this period.", MARGIN, y + 1.2, colour=QUIET)
            y += _LEADING + _ROW_GAP
        if number == len(pages):
            _total(sheet, columns, "Closing balance", statement.closing, y, is_last=True)
        _foot(sheet, statement, number, len(pages))
    return sheet.to_bytes()


def _columns(sheet: Sheet, figure: float) -> _Columns:
    right = sheet.width - MARGIN
    balance, credit = right - figure, right - 2 * figure - _GUTTER
    debit = credit - figure - _GUTTER
    description = MARGIN + 25
    return _Columns(description, debit - description - _GUTTER, debit, credit, balance, figure)


def _row(line: PaperLine, columns: _Columns) -> _Row:
    width = columns.description_width
    texts = [(text, False) for text in wrapped(line.what, width, _SIZE, is_bold=True)]
    for said in (line.other, line.details):
        texts += [(text, True) for text in wrapped(said, width, _SIZE - 0.5)]
    return _Row(line, texts[:_LINES_OF_TEXT_AT_MOST])


def _pages(sheet: Sheet, rows: Sequence[_Row]) -> list[list[_Row]]:
    bottom = sheet.height - 20
    pages: list[list[_Row]] = [[]]
    y = _FIRST_ROW
    for row in rows:
        if y + row.height > bottom:
            pages.append([])
            y = _FIRST_ROW_BEHIND
        pages[-1].append(row)
        y += row.height
    if y + 8 > bottom:  # the closing balance needs its place, and never stands alone
        pages.append([pages[-1].pop()] if pages[-1] else [])
    return pages


def _head(sheet: Sheet, statement: PaperStatement) -> float:
    right = sheet.width - 2 * MARGIN
    sheet.ground(MARGIN, 15.4, 1.4, 12.6, colour=ACCENT)
    name = wrapped(statement.program, right - 70, 17, is_bold=True)[:1]
    sheet.write(name[0] if name else "", MARGIN + 5, 14.6, size=17, is_bold=True)
    sheet.write("Statement of account", MARGIN + 5, 23.2, size=10, colour=QUIET)
    sheet.write(statement.number, MARGIN, 15.4, size=13, is_bold=True, width=right, align="R", is_tabular=True)
    sheet.write(f"Issued {statement.issued}", MARGIN, 23.4, size=_SIZE, colour=QUIET, width=right, align="R")

    told = [("Account", statement.account), ("What it is", statement.role), ("Asset", statement.asset),
            ("Period", statement.period), ("Times in", statement.zone)]  # fmt: skip
    y = 36.0
    for word, value in told:
        sheet.write(word, MARGIN, y, colour=QUIET)
        for part in wrapped(value, right - 25, _SIZE)[:2] or [""]:
            sheet.write(part, MARGIN + 25, y, is_tabular=True)
            y += 5.2
    y = 66.0
    _summary(sheet, statement, y)
    return y + 22


def _summary(sheet: Sheet, statement: PaperStatement, y: float) -> None:
    told = [("Opening balance", statement.opening), ("Debits", statement.debits),
            ("Credits", statement.credits), ("Closing balance", statement.closing)]  # fmt: skip
    gap = 3.0
    width = (sheet.width - 2 * MARGIN - 3 * gap) / 4
    size = 12.0
    while size > 5 and widest([value for _, value in told], size, is_bold=True) > width - 7:
        size -= 0.5
    for place, (word, value) in enumerate(told):
        x = MARGIN + place * (width + gap)
        sheet.ground(x, y, width, 15.5)
        sheet.write(word, x + 3.5, y + 2.6, size=7.5, colour=QUIET)
        sheet.write(value, x + 3.5, y + 7.4, size=size, is_bold=True, is_tabular=True)


def _short_head(sheet: Sheet, statement: PaperStatement) -> float:
    right = sheet.width - 2 * MARGIN
    sheet.write(wrapped(f"{statement.program} · {statement.account}", right - 50, _SIZE, is_bold=True)[0], MARGIN, 14,
                is_bold=True)  # fmt: skip
    sheet.write(statement.number, MARGIN, 14, width=right, align="R", colour=QUIET, is_tabular=True)
    return 22


def _table_head(sheet: Sheet, columns: _Columns, statement: PaperStatement, y: float) -> float:
    unit = statement.asset.split(" ", 1)[0]
    sheet.write("Booked", MARGIN, y, size=7.5, colour=QUIET)
    sheet.write("Description", columns.description, y, size=7.5, colour=QUIET)
    for x, word in ((columns.debit, "Debit"), (columns.credit, "Credit"), (columns.balance, f"Balance, {unit}")):
        sheet.write(word, x, y, size=7.5, colour=QUIET, width=columns.figure, align="R")
    sheet.rule(y + 5, width=0.35, colour=QUIET)
    return y + 6.6


def _total(sheet: Sheet, columns: _Columns, word: str, value: str, y: float, *, is_last: bool = False) -> float:
    sheet.write(word, columns.description, y, is_bold=True)
    _figure(sheet, columns.balance, columns.figure, value, y, is_bold=True)
    if is_last:
        sheet.rule(y + 5.6, x=columns.balance, width=0.35, colour=QUIET)
        sheet.rule(y + 6.5, x=columns.balance, width=0.35, colour=QUIET)
    else:
        sheet.rule(y + 5.2)
    return y + 6.6


def _put(sheet: Sheet, columns: _Columns, row: _Row, y: float) -> float:
    line = row.line
    sheet.write(line.day, MARGIN, y, is_tabular=True)
    sheet.write(line.time, MARGIN, y + _LEADING, size=_SIZE - 0.5, colour=QUIET, is_tabular=True)
    for place, (text, is_quiet) in enumerate(row.texts):
        at = y + place * _LEADING
        if is_quiet:
            sheet.write(text, columns.description, at, size=_SIZE - 0.5, colour=QUIET)
        else:
            sheet.write(text, columns.description, at)
    _figure(sheet, columns.debit, columns.figure, line.debit, y)
    _figure(sheet, columns.credit, columns.figure, line.credit, y)
    _figure(sheet, columns.balance, columns.figure, line.balance, y)
    sheet.rule(y + row.height - 1.5)
    return y + row.height


def _figure(sheet: Sheet, x: float, width: float, text: str, y: float, *, is_bold: bool = False) -> None:
    if not text:
        return
    size = _SIZE
    while size > 4 and widest([text], size, is_bold=is_bold) > width:
        size -= 0.5
    sheet.write(text, x, y, size=size, width=width, align="R", is_bold=is_bold, is_tabular=True)


def _foot(sheet: Sheet, statement: PaperStatement, number: int, count: int) -> None:
    y = sheet.height - 15
    right = sheet.width - 2 * MARGIN
    sheet.rule(y - 1.5)
    sheet.write(f"{statement.number} · SHA-256 of the lines as CSV", MARGIN, y, size=6.5, colour=QUIET)
    sheet.write(legible(statement.sha256), MARGIN, y + 3, size=6.5, colour=QUIET, is_tabular=True)
    sheet.write(f"Page {number} of {count}", MARGIN, y, size=7.5, colour=QUIET, width=right, align="R", is_tabular=True)
