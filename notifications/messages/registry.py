"""The table of messages."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.models import Entry
from notifications.models import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Something to tell a number of people."""

    key: str  # together with the recipient it makes a message that is told once
    program_id: UUID
    heading: str
    recipients: frozenset[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One kind of message. Its words are ``templates/notifications/NAME.txt`` and ``NAME.html``."""

    name: str
    label: str
    actions: frozenset[str]
    plan: Callable[[Entry, datetime], Planned | None]
    # What the templates need; None when there is nothing left to say.
    context: Callable[[Delivery, datetime], Mapping[str, Any] | None]


_messages: dict[str, Message] = {}


def register_message(message: Message) -> None:
    """Tell people of it from now on."""
    _messages[message.name] = message


def message_named(name: str) -> Message | None:
    """Return the message; one that nobody registers any more is none."""
    return _messages.get(name)


def label_of(name: str) -> str:
    """Return what people call the message."""
    return _messages[name].label if name in _messages else name


def messages_about(action: str) -> Iterable[Message]:
    """Return the messages that tell of such a line of the journal."""
    return [message for message in _messages.values() if action in message.actions]


def told_actions() -> list[str]:
    """Return every action that somebody is told of."""
    return sorted({action for message in _messages.values() for action in message.actions})
