"""Encrypt every secret with the first of the keys: settings, and what other rooms keep."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from audit.context import acting_as
from identity import vault
from identity.errors import SettingUnreadable
from identity.models import Setting
from identity.operations import reencrypt_setting


class Command(BaseCommand):
    """The middle of a rotation: the new key is in front of the old one, and afterwards the old one may go."""

    help = "Encrypt every secret with the first key of SETTINGS_KEY. Exit 1: some can't be read, and stay as they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        done, unreadable = 0, []
        with acting_as("command", "reencrypt_settings"):
            for row in Setting.objects.exclude(ciphertext="").order_by("pk"):
                try:
                    done += reencrypt_setting(row.pk, at=timezone.now()).version > row.version
                except SettingUnreadable as refusal:
                    unreadable.append({"setting": row.key, "program": row.program.slug, "says": str(refusal)})
            for keeper in vault.keepers():
                for kept in keeper.rows():
                    if kept.problem:
                        says = f"{kept.label} can't be read: {kept.problem}"
                        unreadable.append({"setting": kept.label, "program": kept.program, "says": says})
                    else:
                        done += keeper.reencrypt(kept.id, timezone.now())

        if options["json"]:
            self.stdout.write(json.dumps({"key": vault.current_key_id(), "done": done, "unreadable": unreadable}))
        else:
            self.stdout.write(
                f"{done} secret{'' if done == 1 else 's'} encrypted anew with key {vault.current_key_id()}."
            )
            for line in unreadable:
                self.stderr.write(f"{line['program']}: {line['says']}")
            if not unreadable:
                self.stdout.write("Every secret has it now: older keys may leave SETTINGS_KEY.")
        if unreadable:
            raise SystemExit(1)
