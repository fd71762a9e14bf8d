"""Who may read what of audit: asked here, answered by identity, which knows people and registers the answer.

audit is the lowest floor and owns no people. While nobody has answered, nothing is shown.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.db import models
from django.http import HttpRequest

# Told of what was asked for and not found: what is another program's may concern somebody.
Miss = Callable[[HttpRequest, type[models.Model], object], None]

Rows = TypeVar("Rows", bound=models.QuerySet[Any])

_HELD: Final = "held_permissions"

_narrow: Callable[[Any, object, str], Any] | None = None
_note: Miss | None = None


def narrow_with(narrow: Callable[[Any, object, str], Any]) -> None:
    """Register what narrows rows to those of programs where a person holds a permission."""
    global _narrow
    _narrow = narrow


def tell_misses_to(note: Miss) -> None:
    """Register who is told of what was not found."""
    global _note
    _note = note


def missed(request: HttpRequest, model: type[models.Model], key: object) -> None:
    """Tell that nothing was found under ``key`` in reach of whoever asks."""
    if _note:
        _note(request, model, key)


def narrowed(rows: Rows, user: object, permission: str) -> Rows:
    """Return those of ``rows``, which store their program as a value, that ``user`` may read."""
    kept: Rows = _narrow(rows, user, permission) if _narrow else rows.none()
    return kept


def may(request: HttpRequest, permission: str) -> bool:
    """Whether the person holds ``permission`` anywhere. A stranger has nobody to ask, and may nothing.

    Asked of the database once for each request: a page of the back office asks some fifty times.
    """
    held: frozenset[str] | None = getattr(request, _HELD, None)
    if held is None:
        ask = getattr(request.user, "permissions", None)
        held = ask() if ask else frozenset()
        setattr(request, _HELD, held)
    return permission in held


def may_with(row: models.Model, request: HttpRequest, permission: str) -> bool:
    """Whether the person holds ``permission`` where ``row`` belongs: what one may elsewhere says nothing here."""
    if not may(request, permission):
        return False
    return narrowed(type(row)._default_manager.filter(pk=row.pk), request.user, permission).exists()


def may_in_house(request: HttpRequest, permission: str) -> bool:
    """Whether the person holds ``permission`` over what belongs to no program."""
    ask = getattr(request.user, "may_in_house", None)
    return bool(ask and ask(permission))
