"""Who acts, in which program, under which correlation id: carried beside the call, so that nothing can forget it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

_CORRELATION_ID = re.compile(r"[A-Za-z0-9._:-]{8,64}")


class NoActor(RuntimeError):
    """Raised when something would change and nobody is named as the one who changes it. A bug, never a refusal."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone or something that acts: a user, a key, a task, a command."""

    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known about the change that is going on."""

    # A request knows its caller only after authentication, so the actor is asked for when it is needed.
    find_actor: Callable[[], Actor | None]
    correlation_id: str
    program_id: UUID | None = None

    @property
    def actor(self) -> Actor:
        found = self.find_actor()
        if found is None:
            raise NoActor("Nobody is signed in: enter acting_as(...) before calling an operation.")
        return found


_current: ContextVar[Context | None] = ContextVar("audit_context", default=None)


def new_correlation_id() -> str:
    """Return an id for work that begins here."""
    return str(uuid7())


def accepted_correlation_id(sent: str | None) -> str:
    """Return the caller's correlation id when it is harmless, else a new one."""
    return sent if sent and _CORRELATION_ID.fullmatch(sent) else new_correlation_id()


def current() -> Context:
    """Return the context of the change that is going on.

    :raises NoActor: if none was entered.
    """
    context = _current.get()
    if context is None:
        raise NoActor("No actor: enter acting_as(...) before calling an operation.")
    return context


def correlation_id() -> str | None:
    """Return the correlation id of what is going on, if anything is."""
    context = _current.get()
    return context.correlation_id if context else None


@contextmanager
def acting(context: Context) -> Iterator[Context]:
    """Make ``context`` the current one, for the journal and for every log line, until the block ends."""
    token = _current.set(context)
    with structlog.contextvars.bound_contextvars(correlation_id=context.correlation_id):
        try:
            yield context
        finally:
            _current.reset(token)


@contextmanager
def acting_as(actor_type: str, actor_id: str, *, program_id: UUID | None = None) -> Iterator[Context]:
    """Name the actor of what happens in the block; a correlation id that is already there is kept."""
    actor = Actor(actor_type, actor_id)
    known = _current.get()
    if known is None:
        known = Context(find_actor=lambda: actor, correlation_id=new_correlation_id())
    with acting(replace(known, find_actor=lambda: actor, program_id=program_id)) as context:
        yield context


def bind(actor: Actor, *, program_id: UUID | None = None) -> None:
    """Name the actor, and the program when it is known, for the rest of what is going on: a door knows its caller
    only once it has looked at the credentials. Without a context around it there is nothing to end it, so nothing is
    named.
    """
    known = _current.get()
    if known is not None:
        _current.set(replace(known, find_actor=lambda: actor, program_id=program_id or known.program_id))
