"""Take affiliates or settlements in from a file. Exit 0: all are known; 1: conflicts or rejections; 2: not run."""

import csv
import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from rich.console import Console
from rich.progress import track

from affiliates.operations import import_affiliates, import_settlements
from affiliates.queries.files import (
    AFFILIATE_COLUMNS,
    AFFILIATE_REQUIRED,
    SETTLEMENT_COLUMNS,
    SETTLEMENT_REQUIRED,
    Verdict,
    read_lines,
)
from audit.context import acting_as
from audit.errors import DomainError
from audit.spreadsheets import guarded
from identity.models import Program
from ledger.interchange.verdicts import Judgement


class Command(BaseCommand):
    """For those that come from elsewhere. Killed and started again, it takes nothing in twice."""

    help = "Take affiliates or settlements in from a CSV file, and write down what became of each line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=("affiliates", "settlements"))
        parser.add_argument("file", type=Path)
        parser.add_argument("--program", required=True, metavar="SLUG", help="whose they are")
        parser.add_argument("--verdicts", type=Path, metavar="FILE", help="else beside the file")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        program = Program.objects.filter(slug=options["program"]).first()
        if program is None:
            raise CommandError(f"There is no program {options['program']}.", returncode=2)
        verdicts: Path = options["verdicts"] or file.with_name(f"{file.name}.verdicts.csv")
        try:
            with acting_as("command", "affiliates_import", program_id=program.pk):
                counts = self._take_in(options["what"], file, verdicts, program, quiet=options["json"])
        except (DomainError, DatabaseError, OSError) as fault:
            said = str(fault).strip().rstrip(".")
            raise CommandError(f"{said}. What was taken in stays: start it again.", returncode=2) from fault
        self._say(counts, verdicts, as_json=options["json"])
        if counts[Judgement.CONFLICT] or counts[Judgement.REJECTED]:
            raise SystemExit(1)

    def _take_in(self, what: str, file: Path, verdicts: Path, program: Program, *, quiet: bool) -> "Counter[Judgement]":
        is_people = what == "affiliates"
        lines = read_lines(
            file.read_bytes(), known=AFFILIATE_COLUMNS if is_people else SETTLEMENT_COLUMNS,
            required=AFFILIATE_REQUIRED if is_people else SETTLEMENT_REQUIRED,
        )  # fmt: skip
        bring = import_affiliates if is_people else import_settlements
        counts: Counter[Judgement] = Counter()
        with verdicts.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(Verdict._fields)
            told = bring(track(lines, "Taking in", console=Console(stderr=True), disable=quiet),
                         program=program, at=timezone.now())  # fmt: skip
            for verdict in told:
                counts[verdict.verdict] += 1
                writer.writerow([guarded(str(field)) for field in verdict])
        return counts

    def _say(self, counts: "Counter[Judgement]", verdicts: Path, *, as_json: bool) -> None:
        told = {str(one): counts[one] for one in Judgement}
        if as_json:
            self.stdout.write(json.dumps({**told, "verdicts": str(verdicts)}))
            return
        self.stdout.write(f"{', '.join(f'{count:,} {verdict}' for verdict, count in told.items())}.")
        self.stdout.write(f"Each line's verdict is in {verdicts}.")
