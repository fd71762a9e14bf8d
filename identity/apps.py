"""Django's entry to the room: it tells audit who may read what."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """People and programs."""

    name = "identity"
    verbose_name = "People and programs"

    def ready(self) -> None:
        from audit.models import scope_reconciliation_with, scope_with
        from identity import checks, proposable
        from identity.queries import journal_for_user, reconciliation_for_user

        scope_with(journal_for_user)
        scope_reconciliation_with(reconciliation_for_user)
        proposable.register()
        checks.register()
