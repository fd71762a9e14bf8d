"""Django's entry to the room."""

from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    """The room's place in the house."""

    name = "payouts"
    verbose_name = "Payouts"

    def ready(self) -> None:
        from payouts import checks, operations, proposable
        from wallets.rails import rails, register_handler
        from wallets.rails.sending import CONFIRMED, REFUSED, RETURNED, UNCLEAR

        checks.register()
        proposable.register()
        for rail in rails():
            if rail.payer is not None and rail.hook_code:
                for kind in (CONFIRMED, REFUSED, UNCLEAR, RETURNED):
                    register_handler(rail.name, kind, operations.take_outcome)
