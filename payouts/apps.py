"""Django's entry to the room."""

from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    """The room's place in the house."""

    name = "payouts"
    verbose_name = "Payouts"
