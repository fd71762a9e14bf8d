"""Measure ours against a reference, in turn, in one run; print ratios. Exit 0, whatever the figures: they are read."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.loader import render_to_string

from audit.context import acting_as
from config.bench import BENCHMARKS, GROUPS
from config.bench.frame import ROUNDS, Benchmark, Pace, Reading, Report, Timing, Weight, conditions, run
from config.bench.grown import ENTRIES, LEAST_ENTRIES, grow
from config.bench.scratch import scratch_database


class Command(BaseCommand):
    """Runs in a database of its own, which is dropped at the end."""

    help = "Run benchmarks (all, or those named) in a database of their own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join((*BENCHMARKS, *GROUPS)))
        parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each contender has its turn")
        parser.add_argument("--entries", type=int, default=ENTRIES, help="how many the grown ledger has")
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.add_argument("--write", type=Path, help="write the report as Markdown")

    def handle(self, *args: Any, **options: Any) -> None:
        names = [name for named in options["names"] for name in GROUPS.get(named, (named,))]
        unknown = [name for name in names if name not in BENCHMARKS]
        if unknown:
            raise CommandError(f"There is no benchmark {unknown[0]}. There are: {', '.join(BENCHMARKS)}.")
        if not 1 <= options["rounds"] <= 1000:
            raise CommandError("--rounds takes a number from 1 to 1000.")

        if not LEAST_ENTRIES <= options["entries"] <= 1_000_000_000:
            raise CommandError(f"--entries takes a number from {LEAST_ENTRIES:,} to 1,000,000,000.")

        chosen = [BENCHMARKS[name] for name in names or BENCHMARKS]
        under = conditions() | {"grown ledger": f"{options['entries']:,} entries"}
        if not options["json"]:
            self.stdout.write(", ".join(f"{name}={value}" for name, value in under.items()))
        reports = []
        for report in self._reports(chosen, options):
            reports.append(report)
            if not options["json"]:
                self._print(report)  # now, and not at the end: the next one may take minutes, or fail
        if options["json"]:
            self.stdout.write(json.dumps({"conditions": under, "benchmarks": [_as_json(each) for each in reports]}))
        if options["write"]:
            text = render_to_string("bench/report.md", {"reports": reports, "conditions": under})
            options["write"].write_text(text)

    def _reports(self, chosen: list[Benchmark], options: dict[str, Any]) -> Iterator[Report]:
        """Run each on a database of its own, and those that need a grown ledger on one, which takes minutes to make."""
        for benchmark in chosen:
            if not benchmark.needs_books:
                with scratch_database():
                    report = run(benchmark, rounds=options["rounds"])
                yield report
        on_books = [benchmark for benchmark in chosen if benchmark.needs_books]
        if on_books:
            with scratch_database(), acting_as("command", "bench"):
                books = grow(entries=options["entries"])
                for benchmark in on_books:
                    yield run(benchmark, rounds=options["rounds"], books=books)

    def _print(self, report: Report) -> None:
        self.stdout.write(f"\n{report.name}: {report.question} ({report.rounds} rounds)")
        for name, rate in report.rates.items():
            pace = report.paces.get(name)
            wanted = f", wanted {pace.wanted:,.0f}: {_mark(pace)}" if pace else ""
            self.stdout.write(f"  {name:<32} {rate:>12,.0f} a second{wanted}")
        for reading in report.readings:
            self.stdout.write(
                f"  {reading.meaning}: {reading.ratio:.2f} x (from {reading.lowest:.2f} to {reading.highest:.2f})"
                + ("" if reading.target is None else f", target {reading.target:g}: {_mark(reading)}")
            )
        for timing in report.timings:
            self.stdout.write(
                f"  {timing.name:<44} median {timing.median:>8.2f} ms, p99 {timing.p99:>8.2f} ms, "
                f"limit {timing.limit:g} ms: {_mark(timing)}"
            )
        for weight in report.weights:
            self.stdout.write(
                f"  {weight.name:<44} {weight.weight:,.1f} {weight.unit}, limit {weight.limit:g}: {_mark(weight)}"
            )


def _mark(found: Pace | Reading | Timing | Weight) -> str:
    return "met" if found.is_met else "MISSED"


def _as_json(report: Report) -> dict[str, Any]:
    figures = [{**asdict(reading), "met": reading.is_met} for reading in report.readings]
    timings = [{**asdict(timing), "met": timing.is_met} for timing in report.timings]
    weights = [{**asdict(weight), "met": weight.is_met} for weight in report.weights]
    paces = {name: {**asdict(pace), "met": pace.is_met} for name, pace in report.paces.items()}
    return {**asdict(report), "readings": figures, "timings": timings, "weights": weights, "paces": paces}
