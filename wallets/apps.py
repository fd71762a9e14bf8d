"""Django's entry to the room."""

from django.apps import AppConfig


class WalletsConfig(AppConfig):
    """The room's place in the house."""

    name = "wallets"
    verbose_name = "Wallets"

    def ready(self) -> None:
        from identity import vault
        from identity.settable import register_settings
        from wallets import checks, operations, proposable, rails, settings
        from wallets.queries.rail_accounts import kept_secrets
        from wallets.rails.bankfile import BANKFILE
        from wallets.rails.coinbase import COINBASE
        from wallets.rails.evm import EVM
        from wallets.rails.kcb import KCB
        from wallets.rails.mpesa import MPESA
        from wallets.rails.signed import SIGNED

        checks.register()
        proposable.register()
        register_settings(settings.SETTINGS)
        vault.register_keeper(vault.Keeper("rail accounts", kept_secrets, operations.reencrypt_rail_account))
        rails.register_rail(SIGNED)
        rails.register_rail(EVM)
        rails.register_rail(COINBASE)
        rails.register_rail(MPESA)
        rails.register_rail(KCB)
        rails.register_rail(BANKFILE)
        rails.register_handler(SIGNED.name, "deposit.confirmed", operations.take_deposit)
        rails.register_handler(SIGNED.name, "payment.confirmed", operations.take_confirmation)
        rails.register_handler(SIGNED.name, "payment.failed", operations.take_failure)
        rails.register_handler(SIGNED.name, "payment.charged_back", operations.take_charge_back)
