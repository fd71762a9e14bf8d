"""Say in one line each whether the parts the house stands on are well. Exit 0: all well; 1: something is not."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from config.operators.examination import examine


class Command(BaseCommand):
    """An operator's first command at 3 a.m."""

    help = "Check database, migrations, clock, broker, workers, backups, settings and disk: one line each."
    requires_system_checks: list[str] = []  # it must speak when little else works

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine(now=timezone.now())
        well = all(finding.is_well for finding in findings)
        if options["json"]:
            lines = [{"part": f.part, "well": f.is_well, "says": f.says, "remedy": f.remedy} for f in findings]
            self.stdout.write(json.dumps({"well": well, "findings": lines}))
        else:
            for finding in findings:
                mark = self.style.SUCCESS("well") if finding.is_well else self.style.ERROR("ill ")
                self.stdout.write(f"{mark}  {finding.part:<11} {finding.says}")
                if finding.remedy and not finding.is_well:
                    self.stdout.write(f"      {'':<11} {finding.remedy}")
        if not well:
            raise SystemExit(1)
