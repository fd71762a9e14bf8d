"""Django's entry to the room."""

from django.apps import AppConfig


class CommerceConfig(AppConfig):
    """The room's place in the house."""

    name = "commerce"
    verbose_name = "Commerce"
