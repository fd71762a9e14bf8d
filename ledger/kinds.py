"""The kinds of intents: each context registers its own in its ``apps.py``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from audit.context import Actor, Context, acting
from audit.errors import DomainError
from ledger.movements import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a handler is given of an intent."""

    id: UUID
    program_id: UUID
    kind: str
    key: str
    payload: Mapping[str, Any]
    attempts: int
    asker: Asker


@dataclass(frozen=True, slots=True)
class Done:
    """An errand was carried out, and this came of it."""

    result: Mapping[str, Any] = field(default_factory=dict)


Outcome = Done | DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentKind:
    """A kind of intent: what it may say, and how a batch of them is carried out.

    ``examine`` returns the payload as it is kept and handed out again, and raises ``BadIntentPayload`` for one that
    could never be carried out. ``carry_out`` gets errands of this kind and answers each, in their order: ``Done``, or
    the refusal it met. It runs in one transaction with the outcomes; whatever it raises undoes all of it, and is tried
    again with half of them. Since the errands of a batch were asked by many, nobody acts there by itself: a posting
    names its ``asker``, and an operation is called in ``acting_for(errand)``.
    """

    name: str
    label: str
    examine: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    carry_out: Callable[[Sequence[Errand]], Sequence[Outcome]]


_kinds: dict[str, IntentKind] = {}


def register_kind(kind: IntentKind) -> IntentKind:
    """Have intents of this kind created and carried out."""
    assert _kinds.get(kind.name, kind) == kind, f"{kind.name} is registered twice"
    assert 0 < len(kind.name) <= 40, kind.name
    _kinds[kind.name] = kind
    return kind


def kind_named(name: str) -> IntentKind:
    """Return a registered kind; to ask for another is a bug."""
    return _kinds[name]


def kind_names() -> list[str]:
    """Return the names of all that can be carried out here."""
    return sorted(_kinds)


def label_of(name: str) -> str:
    """Return what people call a kind, or the name of one that is no longer there."""
    return _kinds[name].label if name in _kinds else name


@contextmanager
def acting_for(errand: Errand) -> Iterator[Context]:
    """Act as whoever asked for ``errand``, in its program and under its correlation id."""
    actor = Actor(errand.asker.actor_type, errand.asker.actor_id)
    asked = Context(find_actor=lambda: actor, correlation_id=errand.asker.correlation_id, program_id=errand.program_id)
    with acting(asked) as context:
        yield context
