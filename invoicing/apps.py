"""Django's entry to the room."""

from django.apps import AppConfig


class InvoicingConfig(AppConfig):
    """The room's place in the house."""

    name = "invoicing"
    verbose_name = "Invoicing"
