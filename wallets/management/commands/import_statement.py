"""Take in a rail's statement. Exit 0: it is known; 2: it was refused, or could not run, and nothing was changed."""

import csv
import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from audit.context import acting_as
from audit.errors import DomainError
from audit.spreadsheets import guarded
from identity.models import Program
from ledger.interchange.verdicts import Judgement
from ledger.money import plain
from wallets.models import RailAccount
from wallets.operations import import_statement
from wallets.operations.import_statement import Imported, Verdict


class Command(BaseCommand):
    """For statements of any length. Started again with the same file, it takes nothing in twice."""

    help = "Take in what a rail says of an account: all of a CSV file, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--program", required=True, metavar="SLUG", help="whose account")
        parser.add_argument("--account", required=True, metavar="NAME", help="the rail account")
        parser.add_argument("--verdicts", type=Path, metavar="FILE", help="write down what became of each line")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        program = Program.objects.filter(slug=options["program"]).first()
        if program is None:
            raise CommandError(f"There is no program {options['program']}.", returncode=2)
        account = RailAccount.objects.filter(program=program, name=options["account"]).first()
        if account is None:
            raise CommandError(f"{program} has no rail account {options['account']}.", returncode=2)
        try:
            with acting_as("command", "import_statement", program_id=program.pk), file.open("rb") as opened:
                done = import_statement(account.pk, program_id=program.pk, file=opened, at=timezone.now())
            if options["verdicts"]:
                _write(options["verdicts"], done.verdicts)
        except DomainError as refusal:
            if options["json"]:
                self.stdout.write(json.dumps({"code": refusal.code, "message": str(refusal)}))
            raise CommandError(f"{refusal} Nothing was changed.", returncode=2) from refusal
        except (DatabaseError, OSError) as fault:
            raise CommandError(f"{str(fault).strip().rstrip('.')}. Start it again.", returncode=2) from fault
        self._say(done, as_json=options["json"])

    def _say(self, done: Imported, *, as_json: bool) -> None:
        one, counts = done.statement, Counter(each.verdict for each in done.verdicts)
        told = {str(each): counts[each] for each in (Judgement.ACCEPTED, Judgement.DUPLICATE)}
        if as_json:
            self.stdout.write(json.dumps({
                **told, "statement": str(one.pk), "begins_at": one.begins_at.isoformat(),
                "ends_at": one.ends_at.isoformat(), "closing": plain(one.closing), "replay": done.is_replay,
            }))  # fmt: skip
            return
        self.stdout.write(f"{', '.join(f'{count:,} {verdict}' for verdict, count in told.items())}.")
        self.stdout.write("Next: manage.py reconcile, which holds it against what was sent.")


def _write(path: Path, verdicts: Sequence[Verdict]) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(Verdict._fields)
        writer.writerows([guarded(str(field)) for field in verdict] for verdict in verdicts)
