"""Show the public keys of seals: whoever checks a proof needs one that did not come with it."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from audit import proofs
from audit.queries.keys import believed_keys


class Command(BaseCommand):
    """The private half never leaves the settings."""

    help = "Show the public key that seals are signed with, and the older ones that are still believed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            current, *old = believed_keys()
        except ImproperlyConfigured as missing:
            raise CommandError(str(missing), returncode=2) from missing
        if options["json"]:
            self.stdout.write(json.dumps({"signs": current, "believed": old}))
            return
        self.stdout.write(f"signs     {proofs.key_id(current)}  {current}")
        for key in old:
            self.stdout.write(f"believed  {proofs.key_id(key)}  {key}")
