"""Compute the books again from their entries. Exit 0: they agree; 1: something does not; 2: could not look.

It goes on where everything was found right the last time; ``--full`` believes nothing and begins at the beginning.
"""

import json
import time
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from identity.models import Program
from ledger.models import Account
from ledger.operations import verify_books
from ledger.queries.verification import Difference, Scope

MOST_SHOWN = 20
CHECKPOINT = "checkpoint"


class Command(BaseCommand):
    """What an accountant runs, and the nightly reconciliation with it. It may run while others book."""

    help = "Compute every balance and running balance again, and name what does not agree."
    requires_system_checks: list[str] = []  # it must speak when little else works

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--program", metavar="SLUG", help="only this program's books")
        parser.add_argument("--account", metavar="CODE", help="only this account, in every asset (with --program)")
        start = parser.add_mutually_exclusive_group()
        start.add_argument(
            "--since", metavar="TIME", nargs="?", const=CHECKPOINT, default=CHECKPOINT,
            help="from the last verified checkpoint on (as without it), or what was booked from a time on",
        )  # fmt: skip
        start.add_argument("--full", action="store_true", help="from the beginning; no checkpoint is believed")
        parser.add_argument("--read-only", action="store_true", help="keep no checkpoint")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        shown: list[Difference] = []
        count = accounts = sides = 0
        try:
            since = _since(options["since"])
            for scope in _scopes(options["program"], options["account"]):
                scope.is_full, scope.since = options["full"], since
                for difference in verify_books(scope, at=timezone.now(), keeps=not options["read_only"]):
                    count += 1
                    if len(shown) < MOST_SHOWN:
                        shown.append(difference)
                accounts += scope.examined.accounts
                sides += scope.examined.sides
        except DatabaseError as fault:
            raise CommandError(f"Could not verify: {str(fault).strip()}", returncode=2) from fault

        seconds = time.monotonic() - began
        if options["json"]:
            answer = {"agree": not count, "accounts": accounts, "entries": sides // 2, "seconds": round(seconds, 3),
                      "differences": count, "found": [asdict(each) for each in shown]}  # fmt: skip
            self.stdout.write(json.dumps(answer, default=str))
        else:
            for difference in shown:
                self.stdout.write(f"{self.style.ERROR(difference.where)}: {difference.says} ({difference.what})")
            looked = f"{accounts:,} accounts, {sides:,} sides of entries, {seconds:.1f} s"
            if count:
                self.stdout.write(self.style.ERROR(f"The books do not agree: {count:,} found. {looked}."))
            else:
                self.stdout.write(self.style.SUCCESS(f"The books agree. {looked}."))
        if count:
            raise SystemExit(1)


def _since(time_given: str) -> datetime | None:
    if time_given == CHECKPOINT:
        return None
    try:
        since = parse_datetime(time_given)
    except ValueError:
        since = None
    if since is None or timezone.is_naive(since):
        raise CommandError("--since takes a time with its zone, as 2026-11-01T00:00Z.", returncode=2)
    return since


def _scopes(slug: str | None, code: str | None) -> list[Scope]:
    if code and not slug:
        raise CommandError("An account's code is one program's: name it with --program.", returncode=2)
    if slug is None:
        return [Scope()]
    program = Program.objects.filter(slug=slug).first()
    if program is None:
        raise CommandError(f"There is no program {slug}.", returncode=2)
    if code is None:
        return [Scope(program_id=program.pk)]
    accounts = Account.objects.filter(program=program, code=code)
    if not accounts:
        raise CommandError(f"{slug} has no account {code}.", returncode=2)
    return [Scope(program_id=program.pk, account_id=account.pk) for account in accounts]
