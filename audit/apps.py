"""Django's entry to the room."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The journal."""

    name = "audit"
    verbose_name = "Journal"

    def ready(self) -> None:
        from audit import checks

        checks.register()
