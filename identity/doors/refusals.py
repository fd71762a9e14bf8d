"""What a door refuses and the journal should know of: votes in vain, and knocking at another program's door.

A refusal undoes what its request did. So it is noted on the request, and written down once the answer has gone: in a
transaction of its own, and in a time that the caller does not wait for and learns nothing from. Strangers leave no
line; a caller leaves few (see ``identity.operations.note_refusal``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied as ApiPermissionDenied

from audit.context import Context, acting
from audit.errors import DomainError
from identity.callers import Caller, PersonCaller
from identity.models import Program, User
from identity.operations import note_refusal

log = structlog.get_logger("doors")

PROBED: Final = "identity.access.probed"
VOTE_REFUSED: Final = "identity.vote.refused"

_NOTED: Final = "noted_refusals"
# What one request can leave behind, however it was made.
_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class _Missed:
    """Something that was asked for and not found: if it is another program's, somebody probes."""

    model: type[Model]
    field: str
    value: object


@dataclass(frozen=True, slots=True)
class _Refused:
    """Something that somebody tried to do with ``subject``."""

    action: str
    subject: Any
    code: str
    reason: str


def caller_of(request: Any) -> Caller | None:
    """Return who calls, be it a request of the API or of a page; None for a stranger."""
    auth = getattr(request, "auth", None)
    if isinstance(auth, Caller):
        return auth
    return PersonCaller(request.user) if isinstance(getattr(request, "user", None), User) else None


def note_missed(request: Any, model: type[Model], value: object, *, field: str = "pk") -> None:
    """Note that the caller was told there is no such thing. Whether there is one is looked up later."""
    _note(request, _Missed(model, field, value))


@contextmanager
def refusals_noted(request: Any, action: str, *, subject: Model) -> Iterator[None]:
    """Note a refusal that rises out of the block, and let it rise."""
    try:
        yield
    except DomainError as refusal:
        _note(request, _Refused(action, subject, refusal.code, str(refusal)))
        raise
    except (PermissionDenied, ApiPermissionDenied):
        _note(request, _Refused(action, subject, "not_permitted", "You may not do this."))
        raise


def has_noted(request: Any) -> bool:
    """Whether the request left anything to write down."""
    return bool(getattr(request, _NOTED, None))


def journal_refusals(request: Any, correlation_id: str) -> None:
    """Write down what was noted on the request. Its answer has gone, so nothing rises from here."""
    caller = caller_of(request)
    if caller is None:
        return
    actor = caller.actor
    with acting(Context(find_actor=lambda: actor, correlation_id=correlation_id)):
        for noted in getattr(request, _NOTED)[:_MOST]:
            try:
                _journal(noted, caller)
            except Exception:
                log.exception("doors.refusal_not_journalled")


def _note(request: Any, noted: _Missed | _Refused) -> None:
    request = getattr(request, "_request", request)  # the API wraps it
    kept = getattr(request, _NOTED, [])
    if noted not in kept:
        setattr(request, _NOTED, [*kept, noted])


def _journal(noted: _Missed | _Refused, caller: Caller) -> None:
    now = timezone.now()
    if isinstance(noted, _Refused):
        program_id = noted.subject.program_id
        note_refusal(
            noted.action, subject=noted.subject, program_id=program_id, code=noted.code, reason=noted.reason, at=now
        )
        return
    found = _found(noted)
    if found is None:
        return
    program_id = _program_of(found)
    # What is the caller's own program's was hidden for another reason: a role, a filter.
    if program_id is None or not caller.known_programs().filter(pk=program_id).exists():
        reason = "another program" if isinstance(found, Program) else f"another program's {found._meta.verbose_name}"
        note_refusal(PROBED, subject=found, program_id=program_id, code="not_found", reason=reason, at=now)


def _found(missed: _Missed) -> Model | None:
    field = missed.model._meta.pk if missed.field == "pk" else missed.model._meta.get_field(missed.field)
    try:
        value = field.to_python(missed.value)  # type: ignore[union-attr]
    except (ValidationError, ValueError):
        return None
    if isinstance(value, str) and "\x00" in value:
        return None
    return missed.model._default_manager.filter(**{missed.field: value}).first()


def _program_of(row: Model) -> UUID | None:
    return row.pk if isinstance(row, Program) else getattr(row, "program_id", None)
