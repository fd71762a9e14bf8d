"""Make the first two owners of the house. It has the name people look for; there is no superuser behind it."""

import getpass
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.utils import timezone

from audit.context import acting_as
from audit.errors import DomainError
from identity.operations import bootstrap_owner


class Command(BaseCommand):
    """Asks for an address and a password, or takes them from --email and DJANGO_SUPERUSER_PASSWORD."""

    help = "Make an owner of the house: the first two, who let everybody else in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", default=os.environ.get("DJANGO_SUPERUSER_EMAIL", ""))
        parser.add_argument("--no-input", "--noinput", action="store_false", dest="interactive")

    def handle(self, *args: Any, **options: Any) -> None:
        interactive = options["interactive"] and sys.stdin.isatty()
        email = options["email"] or (input("E-mail: ") if interactive else "")
        password = os.environ.get("DJANGO_SUPERUSER_PASSWORD") or (getpass.getpass() if interactive else "")
        if not email or not password:
            raise CommandError("Give --email, and the password in DJANGO_SUPERUSER_PASSWORD.")
        try:
            validate_email(email)
            validate_password(password)
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from problem

        try:
            with acting_as("command", "createsuperuser"):
                owner = bootstrap_owner(email=email, password=password, at=timezone.now())
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{owner.email} owns the house. Sign in and add a second factor.")
