"""Recompute every seal from the stored rows. Exit 0: as sealed; 1: something was tampered with; 2: could not look."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from audit import proofs
from audit.queries.tailing import MOST_COUNTED
from audit.queries.verification import Difference, NoAnchors, Verdict, new_verdict, oldest_waiting, verify

MOST_SHOWN = 20


class Command(BaseCommand):
    """What an auditor runs, and a clock every night."""

    help = "Compare the journal with its seals and the anchor file, and name the first row that differs."
    requires_system_checks: list[str] = []  # it must speak when little else works

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        problem = None
        shown: list[Difference] = []
        try:
            verdict = new_verdict()
            found = verify(verdict)
            try:
                shown = list(islice(found, MOST_SHOWN))
                for _ in found:
                    pass  # counted
            except NoAnchors as nothing:
                problem = str(nothing)
        except (DatabaseError, ImproperlyConfigured, OSError) as fault:
            raise CommandError(f"Could not verify: {str(fault).strip()}", returncode=2) from fault
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(verdict, shown, problem), default=str))
        else:
            self._say(verdict, shown, problem, now=timezone.now())
        if verdict.differences:
            raise SystemExit(1)
        if problem:
            raise SystemExit(2)

    def _say(self, verdict: Verdict, shown: list[Difference], problem: str | None, *, now: datetime) -> None:
        for place, difference in enumerate(shown):
            lead = self.style.ERROR("first  " if place == 0 else "then   ")
            self.stdout.write(f"{lead}{in_words(difference)}")
        if verdict.differences > len(shown):
            self.stdout.write(f"       and {verdict.differences - len(shown):,} more")
        if problem:
            self.stdout.write(self.style.ERROR(problem))
        looked = f"{verdict.rows:,} rows under {verdict.seals:,} seals, {verdict.anchors:,} lines of the anchor file"
        if verdict.differences:
            self.stdout.write(self.style.ERROR(f"Not as it was sealed: {verdict.differences:,} found. {looked}."))
        elif not problem:
            self.stdout.write(self.style.SUCCESS(f"As it was sealed. {looked}."))
        for line in _notes(verdict, now=now):
            self.stdout.write(line)


def in_words(difference: Difference) -> str:
    """Return a difference as a sentence."""
    if difference.row_id is not None:
        under = f", seal {difference.seal}," if difference.seal else ""
        return f"{difference.source} {difference.row_id}{under} {difference.says} ({difference.what})"
    return f"Seal {difference.seal} {difference.says} ({difference.what})"


def _notes(verdict: Verdict, *, now: datetime) -> list[str]:
    lines = [f"Signed with key {proofs.key_id(verdict.keys[0])}, public half {verdict.keys[0]}."]
    if verdict.head:
        lines.append(f"Last seal: {verdict.head.number}, epoch {verdict.head.epoch}, made {verdict.head.sealed_at}.")
    else:
        lines.append("There is no seal yet.")
    for line in verdict.waiting:
        if line.count and line.oldest_at:
            count = f"{line.count:,}" if line.count < MOST_COUNTED else f"{MOST_COUNTED:,} or more"
            age = max(0, int((now - line.oldest_at).total_seconds()))
            lines.append(f"Not sealed yet: {count} rows of the {line.source}, the oldest {age} s old.")
    if verdict.unanchored:
        lines.append(f"Not anchored yet: {verdict.unanchored:,} seals; the next run of the job writes them.")
    if verdict.accepted_losses:
        lines.append(f"Lost in a restore and accepted: {verdict.accepted_losses:,} anchored seals.")
    if verdict.unreadable_anchors:
        lines.append(f"Lines of the anchor file that can't be read: {verdict.unreadable_anchors:,}.")
    return lines


def _as_json(verdict: Verdict, shown: list[Difference], problem: str | None) -> dict[str, Any]:
    oldest = oldest_waiting(verdict.waiting)
    return {
        "as_sealed": not verdict.differences and not problem,
        "problem": problem,
        "differences": verdict.differences,
        "found": [asdict(difference) for difference in shown],
        "seals": verdict.seals,
        "rows": verdict.rows,
        "anchors": verdict.anchors,
        "unanchored": verdict.unanchored,
        "unreadable_anchors": verdict.unreadable_anchors,
        "accepted_losses": verdict.accepted_losses,
        "head": verdict.head.number if verdict.head else None,
        "epoch": verdict.head.epoch if verdict.head else None,
        "unsealed_rows": sum(line.count for line in verdict.waiting),
        "oldest_unsealed_at": oldest.isoformat() if oldest else None,
        "key_id": proofs.key_id(verdict.keys[0]),
        "public_key": verdict.keys[0],
    }
