"""Book the transactions of a file. Exit 0: the books have all; 1: some conflict or are rejected; 2: could not run."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from audit.context import acting_as
from audit.errors import DomainError
from identity.models import Program
from ledger.interchange import FORMATS
from ledger.interchange.verdicts import Judgement
from ledger.operations import import_transactions
from ledger.operations.import_transactions import Import


class Command(BaseCommand):
    """For opening balances, and books that come from elsewhere. Killed and started again, it books nothing twice."""

    help = "Book what stands in a CSV or JSON Lines file, and write down what became of each transaction."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="as ledger_export writes one")
        parser.add_argument("--program", required=True, metavar="SLUG", help="whose books")
        parser.add_argument("--reason", default="", metavar="TEXT", help="why; it stands in the journal")
        parser.add_argument("--check", action="store_true", help="book nothing, and say what would become of each")
        parser.add_argument("--open-accounts", action="store_true", help="open accounts that are not there")
        parser.add_argument("--key-prefix", default="", metavar="TEXT", help="put this before every key of the file")
        parser.add_argument("--format", choices=FORMATS, help="as the file ends, else csv")
        parser.add_argument("--verdicts", type=Path, metavar="FILE", help="CSV, or JSON Lines if it ends in .jsonl")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        program = Program.objects.filter(slug=options["program"]).first()
        if program is None:
            raise CommandError(f"There is no program {options['program']}.", returncode=2)
        if not options["reason"].strip() and not options["check"]:
            raise CommandError("Say with --reason why: the next reader of the journal needs it.", returncode=2)
        kind = "check" if options["check"] else "verdicts"
        verdicts: Path = options["verdicts"] or file.with_name(f"{file.name}.{kind}.csv")
        try:
            if not file.is_file():
                raise CommandError(f"{file} is no file.", returncode=2)
            with acting_as("command", "ledger_import", program_id=program.pk), self._progress(file, options) as tell:
                found = import_transactions(
                    file, program=program, verdicts=verdicts, reason=options["reason"].strip()[:500],
                    form=options["format"] or ("jsonl" if file.suffix.lower() == ".jsonl" else "csv"),
                    rehearse=options["check"], open_accounts=options["open_accounts"],
                    key_prefix=options["key_prefix"], at=timezone.now(), tell=tell,
                )  # fmt: skip
        except (DomainError, DatabaseError, OSError) as fault:
            said = str(fault).strip().rstrip(".")
            raise CommandError(f"{said}. What was booked is booked: start it again.", returncode=2) from fault
        self._say(found, verdicts, as_json=options["json"])
        if not found.is_clean:
            raise SystemExit(1)

    def _progress(self, file: Path, options: dict[str, Any]) -> "_Bar":
        return _Bar("Checking" if options["check"] else "Booking", file.stat().st_size, quiet=options["json"])

    def _say(self, found: Import, verdicts: Path, *, as_json: bool) -> None:
        counts = {str(one): found.counts[one] for one in Judgement}
        if as_json:
            self.stdout.write(json.dumps({
                **counts, "check": found.is_rehearsal, "resumed": found.is_resumed, "sha256": found.sha256,
                "correlation_id": found.import_id, "verdicts": str(verdicts),
            }))  # fmt: skip
            return
        said = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.items())
        style = self.style.SUCCESS if found.is_clean else self.style.ERROR
        self.stdout.write(style(f"{'Would be: ' if found.is_rehearsal else ''}{said}."))
        self.stdout.write(f"Each one's verdict is in {verdicts}.")


class _Bar:
    """How far into the file it has come."""

    def __init__(self, what: str, size: int, *, quiet: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), disable=quiet)
        self._task = self._progress.add_task(what, total=size)

    def __enter__(self) -> Any:
        self._progress.start()
        return lambda position: self._progress.update(self._task, completed=position)

    def __exit__(self, *raised: object) -> None:
        self._progress.stop()
