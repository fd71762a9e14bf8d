"""A PDF that is written line by line: A4, our fonts, amounts in columns, and the same bytes for the same content."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal

from fontTools.ttLib import TTFont
from fpdf import FPDF

Colour = tuple[int, int, int]
Align = Literal["L", "R"]

INK: Final = (15, 23, 42)
QUIET: Final = (85, 97, 120)
LINE: Final = (214, 220, 230)
TINT: Final = (243, 245, 249)
ACCENT: Final = (115, 57, 217)
MARGIN: Final = 16

_FONTS: Final = Path(__file__).parent / "fonts"
# Inter, and whatever has what Inter has not; each is loaded when something is written in its script.
_FALLBACKS: Final = {
    "Arabic": "NotoSansArabic-Regular.ttf",
    "Emoji": "NotoEmoji-Regular.ttf",
    "East": "DroidSansFallbackFull.ttf",
}
_BOX: Final = "\N{WHITE SQUARE}"
_MM_PER_POINT: Final = 25.4 / 72
# Digits of one width, so that amounts stand under each other.
_TABULAR: Final = {"tnum": True, "kern": False}


@cache
def _widths(name: str) -> dict[int, int]:
    """Return how wide each character of a font is, in thousandths of its size."""
    with TTFont(_FONTS / name, lazy=True) as font:
        advances, unit = font["hmtx"].metrics, font["head"].unitsPerEm
        return {code: round(advances[glyph][0] * 1000 / unit) for code, glyph in font.getBestCmap().items()}


def _font_of(character: str) -> str:
    code = ord(character)
    if code in _widths("Inter-Regular.ttf"):
        return "Inter"
    return next((name for name, file in _FALLBACKS.items() if code in _widths(file)), "")


def legible(text: str) -> str:
    """Return ``text`` as it can be printed: on one line, and nothing that turns what stands beside it around."""
    shown = []
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp", "Zs"):
            shown.append(" ")
        elif category != "Cf" and not "\ufe00" <= character <= "\ufe0f":
            shown.append(character if _font_of(character) else _BOX)
    return " ".join("".join(shown).split())


def width_of(text: str, size: float, *, is_bold: bool = False) -> float:
    """Return about how wide ``text`` is in millimetres; amounts exactly."""
    inter = _widths("Inter-SemiBold.ttf" if is_bold else "Inter-Regular.ttf")
    digit = _tabular_width(is_bold)
    total = 0
    for character in text:
        if character.isdecimal() and character.isascii():
            total += digit
            continue
        code = ord(character)
        total += inter.get(code) or next((w[code] for w in map(_widths, _FALLBACKS.values()) if code in w), 600)
    return total * size * _MM_PER_POINT / 1000


@cache
def _tabular_width(is_bold: bool) -> int:
    with TTFont(_FONTS / ("Inter-SemiBold.ttf" if is_bold else "Inter-Regular.ttf"), lazy=True) as font:
        width: int = round(font["hmtx"].metrics["zero.tf"][0] * 1000 / font["head"].unitsPerEm)
    return width


def wrapped(text: str, width: float, size: float, *, is_bold: bool = False) -> list[str]:
    """Return the lines that ``text`` has in a column of ``width``; a word that is wider is cut."""
    lines: list[str] = [""]
    for word in _pieces(legible(text), width, size, is_bold=is_bold):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width_of(longer, size, is_bold=is_bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line for line in lines if line]


def _pieces(text: str, width: float, size: float, *, is_bold: bool) -> list[str]:
    pieces: list[str] = []
    for word in text.split(" "):
        piece = ""
        for character in word:
            if piece and width_of(piece + character, size, is_bold=is_bold) > width:
                pieces.append(piece)
                piece = ""
            piece += character
        pieces.append(piece)
    return pieces


class Sheet:
    """A document that grows downwards. Places are in millimetres from the upper left corner."""

    def __init__(self, *, title: str, author: str, at: datetime, is_landscape: bool = False) -> None:
        self._pdf = FPDF(orientation="landscape" if is_landscape else "portrait", unit="mm", format="A4")
        self._pdf.set_auto_page_break(False)
        self._pdf.alias_nb_pages(None)  # type: ignore[arg-type]  # what a memo says is no command
        self._pdf.set_creation_date(at)
        self._pdf.set_title(legible(title))
        self._pdf.set_author(legible(author))
        self._pdf.set_creator("Countinghouse")
        self._pdf.set_lang("en")
        self._pdf.c_margin = 0
        self._pdf.add_font("Inter", "", _FONTS / "Inter-Regular.ttf")
        self._pdf.add_font("Inter", "B", _FONTS / "Inter-SemiBold.ttf")
        self._fallbacks: list[str] = []
        self.width: float = self._pdf.w
        self.height: float = self._pdf.h

    def next_page(self) -> None:
        """Begin a page."""
        self._pdf.add_page()

    def write(
        self, text: str, x: float, y: float, *, size: float = 8.5, width: float = 0, align: Align = "L",
        is_bold: bool = False, colour: Colour = INK, is_tabular: bool = False,
    ) -> None:  # fmt: skip
        """Write ``text``, which is legible, with its upper edge at ``y``; against the end of ``width`` with align R."""
        self._load_fonts(text)
        pdf = self._pdf
        pdf.set_font("Inter", "B" if is_bold else "", size)
        pdf.set_text_color(*colour)
        is_simple = text.isascii() and not is_tabular
        pdf.set_text_shaping(not is_simple, features=_TABULAR if is_tabular else None)
        pdf.set_xy(x, y)
        pdf.cell(width or pdf.w - x, size * _MM_PER_POINT * 1.25, text, align=align)

    def rule(self, y: float, *, x: float = MARGIN, until: float = 0, colour: Colour = LINE, width: float = 0.2) -> None:
        """Draw a line from ``x`` to ``until``, or to the margin."""
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(width)
        self._pdf.line(x, y, until or self.width - MARGIN, y)

    def ground(self, x: float, y: float, width: float, height: float, *, colour: Colour = TINT) -> None:
        """Colour a field."""
        self._pdf.set_fill_color(*colour)
        self._pdf.rect(x, y, width, height, style="F", round_corners=True, corner_radius=min(1.6, width / 2.1))

    def to_bytes(self) -> bytes:
        """Return the document."""
        return bytes(self._pdf.output())

    def _load_fonts(self, text: str) -> None:
        needed = {_font_of(character) for character in text if not character.isascii()} - {"", "Inter"}
        for name in sorted(needed - set(self._fallbacks)):
            self._pdf.add_font(name, "", _FONTS / _FALLBACKS[name])
            self._fallbacks.append(name)
            self._pdf.set_fallback_fonts(self._fallbacks, exact_match=False)


def widest(texts: Sequence[str], size: float, *, is_bold: bool = False) -> float:
    """Return how wide the widest of them is."""
    return max((width_of(text, size, is_bold=is_bold) for text in texts), default=0)
