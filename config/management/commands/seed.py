"""Make what an installation needs to begin with; on the embedded server also demo data."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from audit.context import acting_as
from config.bench.scratch import scratch_database
from config.operators import demo, demo_scale, seed_sql
from config.settings import environment

MOST_TRANSACTIONS = 10_000_000


class Command(BaseCommand):
    """Safe to run again and again: what is there stays as it is."""

    help = "Make the house; demo people and programs on the embedded server or with --demo."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="demo data, whatever database this is")
        parser.add_argument(
            "--scale", type=int, default=0, metavar="N", help="N transactions, in programs with ten people each"
        )
        parser.add_argument("--json", action="store_true", help="print logins and keys for scripts")
        parser.add_argument(
            "--sql",
            action="store_true",
            help="change nothing here: print it as SQL for a migrated, empty database, without the batch of payouts",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 <= options["scale"] <= MOST_TRANSACTIONS:
            raise CommandError(f"--scale takes a number from 0 to {MOST_TRANSACTIONS}.")
        # Known passwords never reach a real database by accident.
        with_demo = options["demo"] or not environment["DATABASE_URL"]
        if settings.IS_PRODUCTION and with_demo:
            raise CommandError("Demo people have a known password: they are never made in production.")
        if options["scale"] and not with_demo:
            raise CommandError("--scale makes demo data: add --demo to want it in this database.")

        if options["sql"]:
            with scratch_database():
                known = seed_sql.known_rows()
                self._make(with_demo, options)
                for statement in seed_sql.statements(known):
                    self.stdout.write(statement)
            return
        self._make(with_demo, options)
        self._say(with_demo, as_json=options["json"])

    def _make(self, with_demo: bool, options: dict[str, Any]) -> None:
        with acting_as("command", "seed"):
            demo.make_house(at=timezone.now())
            if with_demo:
                # A batch comes to where it is step by step, each held by triggers: rows written at once do not.
                demo.make_demo(at=timezone.now(), has_batch=not options["sql"])
            if options["scale"]:
                self._scale(options["scale"], quiet=options["json"] or options["sql"])

    def _scale(self, count: int, *, quiet: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
            programs = demo_scale.programs_for(count)
            task = progress.add_task("Programs", total=programs)
            for made in demo.make_many(programs, at=timezone.now()):
                progress.update(task, completed=made)
            task = progress.add_task("Transactions", total=count)
            for made in demo_scale.make_many_books(count):
                progress.update(task, completed=min(made, count))

    def _say(self, with_demo: bool, *, as_json: bool) -> None:
        logins = [
            {"role": str(login.role.label), "email": login.email, "password": demo.PASSWORD}
            for login in (demo.LOGINS if with_demo else ())
        ]
        if as_json:
            keys = {"admin_key": settings.ADMIN_KEYS[0]} if with_demo else {}
            self.stdout.write(json.dumps({"url": settings.PUBLIC_URL, "logins": logins, "keys": keys}))
            return
        self.stdout.write("The house stands.")
        for login in logins:
            self.stdout.write(f"  {login['role']:<17} {login['email']:<28} {login['password']}")
        if not with_demo:
            self.stdout.write("Nobody can sign in yet: `manage.py createsuperuser` makes its first two owners.")
