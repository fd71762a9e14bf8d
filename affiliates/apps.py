"""Django's entry to the room."""

from django.apps import AppConfig


class AffiliatesConfig(AppConfig):
    """The room's place in the house."""

    name = "affiliates"
    verbose_name = "Affiliates"

    def ready(self) -> None:
        from affiliates import checks, errands, operations, proposable, settings
        from identity.settable import register_settings
        from wallets.rails import register_handler

        checks.register()
        errands.register()
        proposable.register()
        register_settings(settings.SETTINGS)
        for kind in ("charge.confirmed", "charge.delayed", "charge.resolved"):
            register_handler("coinbase", kind, operations.take_charge)
        register_handler("coinbase", "charge.failed", operations.take_charge_failure)
        register_handler("coinbase", "refund.confirmed", operations.take_refund)
        register_handler("signed", "settlement.confirmed", operations.take_settlement)
        register_handler("signed", "settlement.reversed", operations.take_reversal)
        register_handler("signed", "settlement.won", operations.take_reversal)
