"""Measure ours against a reference, in turn, in one run; print ratios. Exit 0, whatever the figures: they are read."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.loader import render_to_string

from config.bench import BENCHMARKS
from config.bench.frame import ROUNDS, Report, conditions, run
from config.bench.scratch import scratch_database


class Command(BaseCommand):
    """Runs in a database of its own, which is dropped at the end."""

    help = "Run benchmarks (all, or those named) in a database of their own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
        parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each contender has its turn")
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.add_argument("--write", type=Path, help="write the report as Markdown")

    def handle(self, *args: Any, **options: Any) -> None:
        unknown = [name for name in options["names"] if name not in BENCHMARKS]
        if unknown:
            raise CommandError(f"There is no benchmark {unknown[0]}. There are: {', '.join(BENCHMARKS)}.")
        if not 1 <= options["rounds"] <= 1000:
            raise CommandError("--rounds takes a number from 1 to 1000.")

        reports = []
        for name in options["names"] or BENCHMARKS:
            with scratch_database():
                under = conditions()
                reports.append(run(BENCHMARKS[name], rounds=options["rounds"]))
        if options["json"]:
            self.stdout.write(json.dumps({"conditions": under, "benchmarks": [_as_json(each) for each in reports]}))
        else:
            self._print(reports, under)
        if options["write"]:
            text = render_to_string("bench/report.md", {"reports": reports, "conditions": under})
            options["write"].write_text(text)

    def _print(self, reports: list[Report], under: dict[str, str]) -> None:
        self.stdout.write(", ".join(f"{name}={value}" for name, value in under.items()))
        for report in reports:
            self.stdout.write(f"\n{report.name}: {report.question} ({report.rounds} rounds)")
            for name, rate in report.rates.items():
                self.stdout.write(f"  {name:<32} {rate:>12,.0f} a second")
            for reading in report.readings:
                mark = "met" if reading.is_met else "MISSED"
                self.stdout.write(
                    f"  {reading.meaning}: {reading.ratio:.2f} x (from {reading.lowest:.2f} to {reading.highest:.2f}), "
                    f"target {reading.target:g}: {mark}"
                )


def _as_json(report: Report) -> dict[str, Any]:
    figures = [{**asdict(reading), "met": reading.is_met} for reading in report.readings]
    return {**asdict(report), "readings": figures}
