"""A commission report on paper."""

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
_RATE: Final = 17.0
_LINES_OF_TEXT_AT_MOST: Final = 12  # a reason has 500 characters


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One commission: when, what, what for, and how its amount came about."""

    day: str
    time: str
    what: str
    details: str
    base: str
    rate: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperReport:
    """Everything that stands on it."""

    title: str
    program: str
    affiliate: str
    asset: str
    period: str
    zone: str
    finalized: str
    summary: Sequence[tuple[str, str]]
    opening: str
    total: str
    paid: str
    closing: str
    lines: Sequence[PaperLine]
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where columns begin; figures end at their right edge."""

    text: float
    text_width: float
    base: float
    rate: float
    amount: float
    figure: float


@dataclass(frozen=True, slots=True)
class _Row:
    line: PaperLine
    texts: list[tuple[str, bool]]  # and whether it is said quietly

    @property
    def height(self) -> float:
        return max(len(self.texts), 2) * _LEADING + _ROW_GAP


def printed(report: PaperReport) -> bytes:
    """Return the PDF: the same bytes for the same report."""
    figures = [report.opening, report.closing, report.total, report.paid]
    figures += [figure for line in report.lines for figure in (line.base, line.amount)]
    figure = min(max(widest(figures, _SIZE, is_bold=True) + 1, 24), 72)
    # Eighteen decimals have no room on an upright page.
    sheet = Sheet(title=report.title, author=report.program, at=report.at, is_landscape=figure > 40)
    columns = _columns(sheet, figure)
    pages = _pages(sheet, [_row(line, columns) for line in report.lines])
    for number, page in enumerate(pages, start=1):
        sheet.next_page()
        y = _head(sheet, report) if number == 1 else _short_head(sheet, report)
        y = _table_head(sheet, columns, report, y)
        if number == 1:
            y = _sum(sheet, columns, "Unpaid at the beginning", report.opening, y)
        for row in page:
            y = _put(sheet, columns, row, y)
        if number == len(pages):
            y = _sum(sheet, columns, "Of the period", report.total, y)
            y = _sum(sheet, columns, "Paid in the period", report.paid, y)
            _sum(sheet, columns, "Unpaid at the end", report.closing, y, is_last=True)
        _foot(sheet, report, number, len(pages))
    return sheet.to_bytes()


def _columns(sheet: Sheet, figure: float) -> _Columns:
    amount = sheet.width - MARGIN - figure
    rate = amount - _RATE - _GUTTER
    base = rate - figure - _GUTTER
    text = MARGIN + 25
    return _Columns(text, base - text - _GUTTER, base, rate, amount, figure)


def _row(line: PaperLine, columns: _Columns) -> _Row:
    texts = [(text, False) for text in wrapped(line.what, columns.text_width, _SIZE, is_bold=True)]
    texts += [(text, True) for text in wrapped(line.details, columns.text_width, _SIZE - 0.5)]
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
    if y + 22 > bottom:  # the sums need their place, and never stand alone
        pages.append([pages[-1].pop()] if pages[-1] else [])
    return pages


def _head(sheet: Sheet, report: PaperReport) -> float:
    right = sheet.width - 2 * MARGIN
    sheet.ground(MARGIN, 15.4, 1.4, 12.6, colour=ACCENT)
    name = wrapped(report.program, right - 70, 17, is_bold=True)[:1]
    sheet.write(name[0] if name else "", MARGIN + 5, 14.6, size=17, is_bold=True)
    sheet.write("Commission report", MARGIN + 5, 23.2, size=10, colour=QUIET)
    sheet.write(f"Final since {report.finalized}", MARGIN, 23.4, size=_SIZE, colour=QUIET, width=right, align="R")
    told = [("Affiliate", report.affiliate), ("Asset", report.asset), ("Period", report.period),
            ("Times in", report.zone)]  # fmt: skip
    y = 36.0
    for word, value in told:
        sheet.write(word, MARGIN, y, colour=QUIET)
        for part in wrapped(value, right - 25, _SIZE)[:2] or [""]:
            sheet.write(part, MARGIN + 25, y, is_tabular=True)
            y += 5.2
    y = 66.0
    _summary(sheet, report.summary, y)
    return y + 22


def _summary(sheet: Sheet, told: Sequence[tuple[str, str]], y: float) -> None:
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


def _short_head(sheet: Sheet, report: PaperReport) -> float:
    right = sheet.width - 2 * MARGIN
    name = wrapped(f"{report.program} · {report.affiliate}", right - 60, _SIZE, is_bold=True)
    sheet.write(name[0] if name else "", MARGIN, 14, is_bold=True)
    sheet.write(report.period, MARGIN, 14, width=right, align="R", colour=QUIET, is_tabular=True)
    return 22


def _table_head(sheet: Sheet, columns: _Columns, report: PaperReport, y: float) -> float:
    unit = report.asset.split(" ", 1)[0]
    sheet.write("Accrued", MARGIN, y, size=7.5, colour=QUIET)
    sheet.write("What for", columns.text, y, size=7.5, colour=QUIET)
    sheet.write("Base", columns.base, y, size=7.5, colour=QUIET, width=columns.figure, align="R")
    sheet.write("Rate", columns.rate, y, size=7.5, colour=QUIET, width=_RATE, align="R")
    sheet.write(f"Amount, {unit}", columns.amount, y, size=7.5, colour=QUIET, width=columns.figure, align="R")
    sheet.rule(y + 5, width=0.35, colour=QUIET)
    return y + 6.6


def _sum(sheet: Sheet, columns: _Columns, word: str, value: str, y: float, *, is_last: bool = False) -> float:
    sheet.write(word, columns.text, y, is_bold=True)
    _figure(sheet, columns.amount, columns.figure, value, y, is_bold=True)
    if is_last:
        sheet.rule(y + 5.6, x=columns.amount, width=0.35, colour=QUIET)
        sheet.rule(y + 6.5, x=columns.amount, width=0.35, colour=QUIET)
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
            sheet.write(text, columns.text, at, size=_SIZE - 0.5, colour=QUIET)
        else:
            sheet.write(text, columns.text, at)
    _figure(sheet, columns.base, columns.figure, line.base, y)
    _figure(sheet, columns.rate, _RATE, line.rate, y)
    _figure(sheet, columns.amount, columns.figure, line.amount, y)
    sheet.rule(y + row.height - 1.5)
    return y + row.height


def _figure(sheet: Sheet, x: float, width: float, text: str, y: float, *, is_bold: bool = False) -> None:
    if not text:
        return
    size = _SIZE
    while size > 4 and widest([text], size, is_bold=is_bold) > width:
        size -= 0.5
    sheet.write(text, x, y, size=size, width=width, align="R", is_bold=is_bold, is_tabular=True)


def _foot(sheet: Sheet, report: PaperReport, number: int, count: int) -> None:
    y = sheet.height - 15
    right = sheet.width - 2 * MARGIN
    sheet.rule(y - 1.5)
    sheet.write("SHA-256 of the lines, as the report was made final", MARGIN, y, size=6.5, colour=QUIET)
    sheet.write(legible(report.digest), MARGIN, y + 3, size=6.5, colour=QUIET, is_tabular=True)
    sheet.write(f"Page {number} of {count}", MARGIN, y, size=7.5, colour=QUIET, width=right, align="R", is_tabular=True)
