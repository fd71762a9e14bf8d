"""Django's migrate, and then the rights of the runtime role: new tables come with none."""

from typing import Any

from django.core.management.commands import migrate

from config.postgres.connection import runtime_database_url
from config.postgres.roles import grant_runtime_role
from config.settings import environment


class Command(migrate.Command):
    """Runs as the owner (``MIGRATE_DATABASE_URL``, or the embedded server's own)."""

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options["check_unapplied"] or options["plan"]:
            return
        granted = grant_runtime_role(runtime_database_url(environment))
        if granted and options["verbosity"] >= 1:
            self.stdout.write(f"The runtime role is {granted}; final tables are closed to it.")
