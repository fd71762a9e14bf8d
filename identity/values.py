"""The types of settings: what may be sent, how it is stored as JSON, what the code gets, how people read it.

``read`` takes what was sent, or what is stored, to its one stored form, and says in words why it takes it not.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final

Stored = int | bool | str | list[str]

_UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NAMES: Final = {"d": "day", "h": "hour", "m": "minute", "s": "second"}
# PT24H as machines write it, or 24h as people do: days, hours, minutes and seconds, in this order.
_DURATION = re.compile(
    r"p?(?:([0-9]{1,9}) ?d(?:ays?)?)? ?t?(?:([0-9]{1,9}) ?h(?:ours?)?)? ?(?:([0-9]{1,9}) ?m(?:in(?:utes?)?)?)? ?"
    r"(?:([0-9]{1,9}) ?s(?:econds?)?)?"
)


class NotAValue(ValueError):
    """Raised with the rest of the sentence that begins with the setting's name."""


@dataclass(frozen=True, kw_only=True)
class ValueType(ABC):
    """One type of value, with its bounds."""

    code: ClassVar[str]

    unit: str = ""

    @abstractmethod
    def read(self, sent: Any) -> Stored:
        """Return the stored form of what was sent.

        :raises NotAValue: if it is none.
        """

    @abstractmethod
    def bounds(self) -> str:
        """Say what may stand here."""

    def value(self, stored: Any) -> Any:
        """Return what the code works with."""
        return stored

    def shown(self, stored: Any) -> str:
        """Return what people read."""
        return f"{stored} {self.unit}".strip()


@dataclass(frozen=True, kw_only=True)
class Integer(ValueType):
    """A whole number."""

    code = "INTEGER"

    low: int
    high: int

    def read(self, sent: Any) -> Stored:
        if type(sent) is not int or not self.low <= sent <= self.high:
            raise NotAValue(f"is {self.bounds()}")
        return sent

    def bounds(self) -> str:
        return f"a whole number from {self.low} to {self.high}"


@dataclass(frozen=True, kw_only=True)
class DecimalNumber(ValueType):
    """An amount of the program's asset, a rate or basis points: exact, and text wherever it travels."""

    code = "DECIMAL"

    low: Decimal
    high: Decimal
    places: int = 18

    def read(self, sent: Any) -> Stored:
        if not isinstance(sent, str) or not re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,18})?", sent):
            raise NotAValue(f'is {self.bounds()}, as text: "1.5"')
        number = Decimal(sent)
        plain = f"{number:f}"
        shortest = plain.rstrip("0").rstrip(".") if "." in plain else plain
        if len(shortest.partition(".")[2]) > self.places or not self.low <= number <= self.high:
            raise NotAValue(f"is {self.bounds()}")
        return shortest if number else "0"

    def bounds(self) -> str:
        return f"a number from {self.low:f} to {self.high:f} with at most {self.places} decimal places"

    def value(self, stored: Any) -> Decimal:
        return Decimal(stored)


@dataclass(frozen=True, kw_only=True)
class Duration(ValueType):
    """A length of time, stored as ISO 8601 writes it."""

    code = "DURATION"

    low: timedelta
    high: timedelta

    def read(self, sent: Any) -> Stored:
        # Lower case alone would let letters in that only look like ours.
        read = _DURATION.fullmatch(sent.strip().lower()) if isinstance(sent, str) and sent.isascii() else None
        if read is None or not any(read.groups()):
            raise NotAValue('is a length of time such as "PT24H", "7d" or "1d 12h"')
        seconds = sum(int(count or 0) * size for count, size in zip(read.groups(), _UNITS.values(), strict=True))
        if not _seconds(self.low) <= seconds <= _seconds(self.high):
            raise NotAValue(f"is {self.bounds()}")
        days, hours, minutes, left = _parts(seconds)
        date = f"{days}D" if days else ""
        time = "".join(f"{count}{name}" for count, name in ((hours, "H"), (minutes, "M"), (left, "S")) if count)
        return f"P{date}{'T' + time if time else ''}" if date or time else "PT0S"

    def bounds(self) -> str:
        return f"a length of time from {in_words(self.low)} to {in_words(self.high)}"

    def value(self, stored: Any) -> timedelta:
        read = _DURATION.fullmatch(stored.lower())
        assert read is not None
        return timedelta(
            seconds=sum(int(count or 0) * size for count, size in zip(read.groups(), _UNITS.values(), strict=True))
        )

    def shown(self, stored: Any) -> str:
        return in_words(self.value(stored))


@dataclass(frozen=True, kw_only=True)
class Boolean(ValueType):
    """Yes or no."""

    code = "BOOLEAN"

    def read(self, sent: Any) -> Stored:
        if not isinstance(sent, bool):
            raise NotAValue(f"is {self.bounds()}")
        return sent

    def bounds(self) -> str:
        return "true or false"

    def shown(self, stored: Any) -> str:
        return "Yes" if stored else "No"


@dataclass(frozen=True, kw_only=True)
class Choice(ValueType):
    """One of a few words."""

    code = "CHOICE"

    options: tuple[tuple[str, str], ...]  # what is stored, what people read

    def read(self, sent: Any) -> Stored:
        if not isinstance(sent, str) or sent not in dict(self.options):
            raise NotAValue(f"is {self.bounds()}")
        return sent

    def bounds(self) -> str:
        return f"one of {', '.join(dict(self.options))}"

    def shown(self, stored: Any) -> str:
        return dict(self.options)[stored]


@dataclass(frozen=True, kw_only=True)
class Text(ValueType):
    """Words, on one line unless they may have several."""

    code = "TEXT"

    longest: int
    several_lines: bool = False
    check: Callable[[str], None] | None = field(default=None, repr=False)  # raises NotAValue

    def read(self, sent: Any) -> Stored:
        lines = sent.splitlines() if isinstance(sent, str) else []
        printable = all(line.isprintable() for line in lines) and (self.several_lines or len(lines) == 1)
        if not isinstance(sent, str) or not sent.strip() or len(sent) > self.longest or not printable:
            raise NotAValue(f"is {self.bounds()}")
        if self.check is not None:
            self.check(sent.strip())
        return sent.strip()

    def bounds(self) -> str:
        return f"a text of at most {self.longest} printable characters{'' if self.several_lines else ' on one line'}"


@dataclass(frozen=True, kw_only=True)
class ListOf(ValueType):
    """Several texts, in the order they were given, none of them twice."""

    code = "LIST"

    item: Text | Choice
    most: int
    check: Callable[[list[str]], None] | None = field(default=None, repr=False)  # of all together; raises NotAValue

    def read(self, sent: Any) -> Stored:
        if not isinstance(sent, list) or len(sent) > self.most:
            raise NotAValue(f"is {self.bounds()}")
        read = [str(self.item.read(item)) for item in sent]
        if len(set(read)) < len(read):
            raise NotAValue("names something twice")
        if self.check is not None:
            self.check(read)
        return read

    def bounds(self) -> str:
        return f"a list of at most {self.most}, each {self.item.bounds()}"

    def value(self, stored: Any) -> tuple[str, ...]:
        return tuple(stored)

    def shown(self, stored: Any) -> str:
        return ", ".join(self.item.shown(item) for item in stored) or "none"


# A part of something: 0.125 is 12.5 %.
RATE: Final = DecimalNumber(low=Decimal(0), high=Decimal(1), places=6)


def in_words(length: timedelta) -> str:
    """Return a length of time as people say it."""
    parts = zip(_parts(_seconds(length)), _NAMES.values(), strict=True)
    said = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in parts if count]
    return " ".join(said) or "0 seconds"


def _seconds(length: timedelta) -> int:
    return length.days * 86_400 + length.seconds


def _parts(seconds: int) -> list[int]:
    parts = []
    for size in _UNITS.values():
        count, seconds = divmod(seconds, size)
        parts.append(count)
    return parts
