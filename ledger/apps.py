"""Django's entry to the room."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The room's place in the house."""

    name = "ledger"
    verbose_name = "Ledger"

    def ready(self) -> None:
        from ledger import checks, proposable, sources

        checks.register()
        proposable.register()
        sources.register()
