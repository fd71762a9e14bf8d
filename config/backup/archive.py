"""The folder of archived WAL: which pieces are there, which line of history they follow, and what is missing.

A piece is named by timeline and number. A restore to a point in time begins another timeline, and what the old one had
written after that point is no longer this house's past; the history files in the archive say where each one forks.
"""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.backup.manifests import Backup

_SEGMENT: Final = re.compile(r"([0-9A-F]{8})([0-9A-F]{16})(?:\.gz)?")
# What belongs to a piece: itself, the label of a backup that began in it, what a promotion left of it.
_PRUNABLE: Final = re.compile(r"[0-9A-F]{8}([0-9A-F]{16})(?:\.[0-9A-F]{8}\.backup|\.partial)?(?:\.gz)?")
_HISTORY: Final = re.compile(r"([0-9A-F]{8})\.history(?:\.gz)?")


def lsn_bytes(lsn: str) -> int:
    """Return the place in the log that PostgreSQL writes as ``0/2000028``."""
    high, low = lsn.split("/")
    return (int(high, 16) << 32) + int(low, 16)


@dataclass(frozen=True, slots=True)
class Archive:
    """The archived WAL of one cluster."""

    folder: Path

    def segments(self) -> Iterator[tuple[int, str]]:
        """Yield timeline and place (sixteen hexadecimal digits, in order) of each piece."""
        for path in self._files():
            found = _SEGMENT.fullmatch(path.name)
            if found:
                yield int(found[1], 16), found[2]

    def line(self) -> dict[int, int | None]:
        """Return the timelines of the newest line of history, each with the place where the next one forks off."""
        newest = max(
            (int(found[1], 16) for path in self._files() if (found := _HISTORY.fullmatch(path.name))), default=0
        )
        if not newest:
            return {}
        forks: dict[int, int | None] = {}
        for words in map(str.split, self._text(f"{newest:08X}.history").splitlines()):
            if len(words) >= 2 and words[0].isdigit():
                forks[int(words[0])] = lsn_bytes(words[1])
        return {**forks, newest: None}

    def is_in_line(self, backup: Backup) -> bool:
        """Whether ``backup`` is of this house's past, and not of one that a restore has abandoned."""
        line = self.line()
        if not line:
            return True
        if backup.timeline not in line:
            return False
        fork = line[backup.timeline]
        return fork is None or lsn_bytes(backup.end_lsn) <= fork

    def gaps(self, backup: Backup, *, timeline: int | None = None) -> list[str]:
        """Return the pieces that are missing between the end of ``backup`` and the last piece there is.

        :param timeline: look along this one alone, not along the newest line.
        """
        line: dict[int, int | None] = {timeline: None} if timeline else self.line() or {backup.timeline: None}
        there = {}
        for its_timeline, place in sorted(self.segments()):
            number, fork = _number(place, backup.segment_bytes), line.get(its_timeline)
            # Behind the fork an older timeline holds what has been abandoned.
            if its_timeline in line and (fork is None or number <= fork // backup.segment_bytes):
                there[number] = its_timeline
        first = lsn_bytes(backup.end_lsn) // backup.segment_bytes
        missing = [number for number in range(first, max(there, default=first)) if number not in there]
        return [
            _segment_name(there[min(each for each in there if each > number)], number, backup.segment_bytes)
            for number in missing
        ]

    def prune(self, floor: str) -> int:
        """Remove what lies before ``floor`` (see ``place_of``), on every timeline, and return how many files went."""
        old = [path for path in self._files() if (found := _PRUNABLE.fullmatch(path.name)) and found[1] < floor]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def holds(self, segment: str) -> bool:
        """Whether the piece with this name is there."""
        return (self.folder / f"{segment}.gz").exists() or (self.folder / segment).exists()

    def _files(self) -> list[Path]:
        return sorted(self.folder.iterdir()) if self.folder.is_dir() else []

    def _text(self, name: str) -> str:
        packed = self.folder / f"{name}.gz"
        return gzip.decompress(packed.read_bytes()).decode() if packed.exists() else (self.folder / name).read_text()


def place_of(lsn: str, segment_bytes: int) -> str:
    """Return the part of a piece's name that says where it lies, for the piece that holds ``lsn``."""
    return _segment_name(0, lsn_bytes(lsn) // segment_bytes, segment_bytes)[8:]


def _segment_name(timeline: int, number: int, segment_bytes: int) -> str:
    per_file = (1 << 32) // segment_bytes
    return f"{timeline:08X}{number // per_file:08X}{number % per_file:08X}"


def _number(place: str, segment_bytes: int) -> int:
    return int(place[:8], 16) * ((1 << 32) // segment_bytes) + int(place[8:], 16)
