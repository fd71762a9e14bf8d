"""What people are told of: each message names the lines of the journal it tells of, whom, and in which words."""

from notifications.messages import proposals, second_factors, settings
from notifications.messages.registry import Message, Planned, message_named, messages_about, told_actions

__all__ = ["Message", "Planned", "message_named", "messages_about", "register", "told_actions"]


def register() -> None:
    """Have them told."""
    proposals.register()
    second_factors.register()
    settings.register()
