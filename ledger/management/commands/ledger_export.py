"""Write a program's transactions to a file. Exit 0: written; 2: could not."""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from audit.context import acting_as
from audit.errors import DomainError
from identity.models import Program
from ledger.interchange import FORMATS
from ledger.operations import export_transactions

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Command(BaseCommand):
    """For accountants, auditors and whoever moves a program elsewhere; ``ledger_import`` reads what it writes."""

    help = "Write transactions with their entries as CSV or JSON Lines, all of one moment, in the order of booking."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--program", required=True, metavar="SLUG", help="whose books")
        parser.add_argument("--account", default="", metavar="CODE", help="only transactions with an entry on it")
        parser.add_argument("--after", type=_instant, metavar="TIME", help="booked behind it: 2026-01-31T21:00:00Z")
        parser.add_argument("--until", type=_instant, metavar="TIME", help="booked up to it; now without it")
        parser.add_argument("--format", choices=FORMATS, help="as --out ends, else csv")
        parser.add_argument("--out", type=Path, metavar="FILE", help="there once it is whole; else it is printed")
        parser.add_argument("--json", action="store_true", help="a summary for machines (with --out)")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path | None = options["out"]
        form = options["format"] or ("jsonl" if out and out.suffix.lower() == ".jsonl" else "csv")
        program = Program.objects.filter(slug=options["program"]).first()
        if program is None:
            raise CommandError(f"There is no program {options['program']}.", returncode=2)
        now = timezone.now()
        try:
            with acting_as("command", "ledger_export", program_id=program.pk), _place(out, self.stdout) as place:
                export = export_transactions(
                    program, after=options["after"] or BEGINNING, until=options["until"] or now,
                    account=options["account"], form=form, at=now,
                )  # fmt: skip
                quiet = out is None or options["json"]
                rows = _write(export.lines, place, total=export.count, quiet=quiet)
        except BrokenPipeError as stopped:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more at its end
            raise CommandError("Whoever read the export has stopped.", returncode=2) from stopped
        except (DomainError, DatabaseError, OSError) as fault:
            raise CommandError(f"Nothing was written: {str(fault).strip()}", returncode=2) from fault
        if out and options["json"]:
            self.stdout.write(json.dumps({"file": str(out), "transactions": export.count, "lines": rows}))
        elif out:
            self.stdout.write(f"{export.count:,} transactions in {out} ({rows:,} lines).")


def _write(lines: Iterable[str], place: TextIO, *, total: int, quiet: bool) -> int:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    count = 0
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        task = progress.add_task("Lines", total=total)
        for count, line in enumerate(lines, start=1):
            place.write(line)
            if not count % 1_000:
                progress.update(task, completed=min(count, total))
        progress.update(task, completed=total)
    return count


@contextmanager
def _place(out: Path | None, stdout: Any) -> Iterator[TextIO]:
    """Where the lines go: a file takes its place whole, or not at all."""
    if out is None:
        yield getattr(stdout, "_out", stdout)
        return
    beside = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            beside.chmod(0o600)
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)


def _instant(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None or found.tzinfo is None:
        raise ValueError(text)
    return found
