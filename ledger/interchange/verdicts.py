"""What became of each transaction of a file, written down as it goes.

It is written beside its place, under ``.part``, and takes it when it is complete. Started again after a kill, an import
goes on behind the last verdict that stands there whole. Who trusts those verdicts is the import's affair: it asks the
books whether they bear them out.
"""

import csv
import fcntl
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from audit.spreadsheets import guarded
from ledger.errors import ImportUnderWay

_COLUMNS: Final = ("line", "key", "verdict", "code", "message", "transaction")


class Judgement(StrEnum):
    """What can become of a transaction."""

    ACCEPTED = "accepted"  # booked by this import
    DUPLICATE = "duplicate"  # it was in the books already, just so
    CONFLICT = "conflict"  # the books have another one under its key
    REJECTED = "rejected"

    @property
    def is_booked(self) -> bool:
        """Whether the books have it."""
        return self in (Judgement.ACCEPTED, Judgement.DUPLICATE)


class Verdict(NamedTuple):
    """One line of the file of verdicts."""

    line: int
    key: str
    verdict: Judgement
    code: str = ""
    message: str = ""
    transaction: str = ""


class VerdictFile:
    """Where the verdicts of one import go; nobody else writes there meanwhile."""

    def __init__(self, path: Path, *, of: Mapping[str, Any], import_id: str) -> None:
        """Begin, or go on with an import of the same thing that did not come to its end.

        :raises ImportUnderWay: if another import is, or was, at work there.
        """
        self.path = path
        self.is_csv = path.suffix.lower() != ".jsonl"
        self._part = path.with_name(f"{path.name}.part")
        self._checkpoint = path.with_name(f"{path.name}.checkpoint")
        self._file = self._part.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not self._part.exists() or self._part.stat().st_ino != os.fstat(self._file.fileno()).st_ino:
                raise BlockingIOError
        except BlockingIOError:
            self._file.close()
            raise ImportUnderWay(file=path.name, reason="it is at work now") from None
        has_begun = self._file.seek(0, os.SEEK_END) >= max(self.start, 1)
        known = self._read_checkpoint() if has_begun else None
        self.is_resumed = known is not None
        if known is None:
            self.import_id = import_id
            self._begin({**of, "import": import_id})
        else:
            self.import_id = str(known.pop("import", ""))
            if known != dict(of):
                self._file.close()
                raise ImportUnderWay(
                    file=path.name,
                    reason=f"it has not come to its end. Name other verdicts, or remove {self._part.name}",
                )

    def earlier(self) -> Iterator[tuple[Verdict, int]]:
        """Return the verdicts that stand there whole, and where each one ends."""
        with self._part.open("rb") as file:
            end = 0
            for place, raw in enumerate(file):
                end += len(raw)
                if not raw.endswith(b"\n"):
                    return
                if place or not self.is_csv:
                    verdict = self._parsed(raw)
                    if verdict is None:
                        return
                    yield verdict, end

    @property
    def start(self) -> int:
        """Where the first verdict begins."""
        return len(self._line(_COLUMNS)) if self.is_csv else 0

    def keep(self, end: int) -> None:
        """Forget what stands behind ``end``."""
        self._file.truncate(end)

    def write(self, verdicts: Sequence[Verdict]) -> None:
        """Write these down; they are on the disk when this returns."""
        lines = [self._line(tuple(map(str, one))) if self.is_csv else self._json(one) for one in verdicts]
        self._file.write(b"".join(lines))
        self._file.flush()
        os.fsync(self._file.fileno())

    def finish(self) -> None:
        """Put them in their place: they are complete."""
        self._part.replace(self.path)
        self._checkpoint.unlink(missing_ok=True)
        self._file.close()

    def close(self) -> None:
        """Leave them as they are, for whoever goes on."""
        self._file.close()

    def _begin(self, checkpoint: Mapping[str, Any]) -> None:
        beside = self._checkpoint.with_name(f"{self._checkpoint.name}.new")
        beside.write_text(json.dumps(checkpoint))
        beside.replace(self._checkpoint)
        self._file.truncate(0)
        if self.is_csv:
            self._file.write(self._line(_COLUMNS))
            self._file.flush()

    def _read_checkpoint(self) -> dict[str, Any] | None:
        try:
            found = json.loads(self._checkpoint.read_bytes())
        except (OSError, ValueError):
            found = None
        return found if isinstance(found, dict) else {}

    @staticmethod
    def _line(cells: Sequence[str]) -> bytes:
        row = io.StringIO()
        # A verdict is one line: that is how a torn one is told.
        csv.writer(row, lineterminator="\n").writerow([guarded(" ".join(cell.splitlines())) for cell in cells])
        return row.getvalue().encode(errors="backslashreplace")

    @staticmethod
    def _json(verdict: Verdict) -> bytes:
        return json.dumps(verdict._asdict()).encode() + b"\n"

    def _parsed(self, raw: bytes) -> Verdict | None:
        try:
            text = raw.decode()
            cells = next(csv.reader([text], strict=True)) if self.is_csv else list(json.loads(text).values())
            line, key, verdict, code, message, transaction = cells
            return Verdict(int(line), key, Judgement(verdict), code, message, transaction)
        except (ValueError, csv.Error, AttributeError, StopIteration):
            return None
