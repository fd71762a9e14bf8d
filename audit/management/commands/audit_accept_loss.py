"""After a restore: accept that seals which were anchored are lost. Exit 0: accepted; 1: there is nothing to accept."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.context import acting_as
from audit.errors import DomainError
from audit.operations import accept_loss


class Command(BaseCommand):
    """A decision of a person: it says, signed, that a restore went back in time and nobody tampered."""

    help = "Say in the anchor file that seals which a restore lost are lost, so that audit_verify is green again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, help="what happened; it stands in the file and in the journal")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with acting_as("command", "audit_accept_loss"):
                lost = accept_loss(reason=options["reason"], at=timezone.now())
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Accepted as lost: {len(lost)} seals, {min(lost)} to {max(lost)}.")
