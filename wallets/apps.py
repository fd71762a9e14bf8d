"""Django's entry to the room."""

from django.apps import AppConfig


class WalletsConfig(AppConfig):
    """The room's place in the house."""

    name = "wallets"
    verbose_name = "Wallets"

    def ready(self) -> None:
        from identity.settable import register_settings
        from wallets import checks, proposable, settings

        checks.register()
        proposable.register()
        register_settings(settings.SETTINGS)
