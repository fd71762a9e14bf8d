"""Django's entry to the room."""

from django.apps import AppConfig


class AffiliatesConfig(AppConfig):
    """The room's place in the house."""

    name = "affiliates"
    verbose_name = "Affiliates"
