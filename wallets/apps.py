"""Django's entry to the room."""

from django.apps import AppConfig


class WalletsConfig(AppConfig):
    """The room's place in the house."""

    name = "wallets"
    verbose_name = "Wallets"
