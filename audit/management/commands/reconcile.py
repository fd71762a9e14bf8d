"""Run the reconciliation. Exit 0: clean; 1: findings; 2: a check could not run."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from audit.context import acting_as
from audit.errors import DomainError
from audit.models import ReconciliationRun
from audit.operations import reconcile
from audit.reconciliation import label_of, registered_checks
from audit.states import RunState

_EXIT = {RunState.CLEAN: 0, RunState.FINDINGS: 1, RunState.ERROR: 2}


class Command(BaseCommand):
    """What the night does, by hand."""

    help = "Ask every registered question of the books and keep what does not agree as findings."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--program", type=UUID, help="one program's id; all without it")
        parser.add_argument("--check", action="append", metavar="NAME", help="only this check; may be repeated")
        parser.add_argument("--list", action="store_true", help="list the checks and do nothing")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            for check in registered_checks():
                self.stdout.write(f"{check.name:<28} {check.label}")
            return
        try:
            with acting_as("command", "reconcile"):
                run = reconcile(program_id=options["program"], names=options["check"], at=timezone.now())
        except DomainError as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        except DatabaseError as problem:
            raise CommandError(f"The database does not answer: {problem}", returncode=2) from problem
        self._say(run, as_json=options["json"])
        if _EXIT[RunState(run.state)]:
            raise SystemExit(_EXIT[RunState(run.state)])

    def _say(self, run: ReconciliationRun, *, as_json: bool) -> None:
        results = list(run.results.all())
        if as_json:
            lines = [
                {"check": each.name, "state": each.state, "examined": each.examined, "found": each.found,
                 "error": each.error}
                for each in results
            ]  # fmt: skip
            self.stdout.write(json.dumps({"run": str(run.pk), "state": run.state, "checks": lines}))
            return
        for each in results:
            told = each.error or f"{each.examined} examined, {each.found} found"
            self.stdout.write(f"{each.get_state_display():<14} {label_of(each.name):<36} {told}")
        self.stdout.write(f"Run {run.pk}: {run.get_state_display().lower()}.")
        if run.state == RunState.FINDINGS:
            self.stdout.write("The findings wait in the back office, under Reconciliation.")
