"""Django's entry to the room."""

from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    """The room's place in the house."""

    name = "payouts"
    verbose_name = "Payouts"

    def ready(self) -> None:
        from identity.settable import register_settings
        from payouts import checks, operations, proposable, settings
        from wallets.rails import register_handler_of_payers
        from wallets.rails.sending import CONFIRMED, REFUSED, RETURNED, UNCLEAR

        register_settings(settings.SETTINGS)
        checks.register()
        proposable.register()
        # Rails are registered after this: rooms below are ready later.
        for kind in (CONFIRMED, REFUSED, UNCLEAR, RETURNED):
            register_handler_of_payers(kind, operations.take_outcomes)
