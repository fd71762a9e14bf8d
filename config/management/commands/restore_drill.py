"""Prove that the backups work. Exit 0: restored and whole; 1: not; 2: could not be tried."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from config.backup.drill import PASSED, Drill, drill
from config.backup.outcomes import note_drill
from config.backup.signals import ending_in_order
from config.backup.source import this_source
from config.postgres.archiving import backups_home
from config.processes.housekeeping import passed_drill
from config.settings import environment


class Command(BaseCommand):
    """What a clock runs every week, and an auditor whenever he likes."""

    help = "Restore the latest backup beside the house at this moment, verify it, compare it, and remove it again."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fresh", action="store_true", help="take a backup first, whatever there is")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        with ending_in_order():
            result = drill(this_source(environment), environment, fresh=options["fresh"], at=timezone.now())
        said = result.as_json()
        if result.code == PASSED and result.restored:
            trace = passed_drill(backups_home(environment), result.restored.backup.system_identifier)
            trace.touch(mode=0o600)
            trace.write_text(json.dumps(said, default=str) + "\n")
        missed = note_drill(said, passed=result.code == PASSED, at=timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps({**said, "not_journalled": missed}, default=str))
        else:
            self._say(result, missed)
        if result.code:
            raise SystemExit(result.code)

    def _say(self, result: Drill, missed: str | None) -> None:
        if result.backup:
            taken = ", taken for this drill" if result.backup_taken else ""
            self.stdout.write(f"Backup       {result.backup}{taken}")
        restored = result.restored
        if restored:
            self.stdout.write(f"Restored     to {restored.reached_at:%Y-%m-%d %H:%M:%S.%f} UTC, its last transaction")
            for each in restored.examination.verified:
                self.stdout.write(f"{each.command:<15}{each.sentence}")
            if result.compared:
                rows = sum(value for name, value in result.compared.items() if name != "seal")
                self.stdout.write(f"Compared     {rows:,} rows and the last seal with the house at that moment")
        if missed:
            self.stdout.write(missed)
        if result.code == PASSED:
            self.stdout.write(self.style.SUCCESS("Passed. What was restored is removed again."))
        else:
            self.stdout.write(self.style.ERROR(f"{('', 'Failed', 'Could not run')[result.code]}: {result.problem}"))
