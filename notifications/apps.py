"""Django's entry to the room."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The room's place in the house."""

    name = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        from notifications import messages

        messages.register()
