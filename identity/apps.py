"""Django's entry to the room: it tells audit who may read what."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """People and programs."""

    name = "identity"
    verbose_name = "People and programs"

    def ready(self) -> None:
        from audit.access import narrow_with
        from identity import checks, proposable, settings
        from identity.queries import of_own_programs
        from identity.settable import register_settings

        narrow_with(of_own_programs)
        register_settings(settings.SETTINGS)
        proposable.register()
        checks.register()
