"""Who may read what of audit: asked here, answered by identity, which knows people and registers the answer.

audit is the lowest floor and owns no people. While nobody has answered, nothing is shown.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import models
from django.http import HttpRequest

Rows = TypeVar("Rows", bound=models.QuerySet[Any])

_narrow: Callable[[Any, object, str], Any] | None = None


def narrow_with(narrow: Callable[[Any, object, str], Any]) -> None:
    """Register what narrows rows to those of programs where a person holds a permission."""
    global _narrow
    _narrow = narrow


def narrowed(rows: Rows, user: object, permission: str) -> Rows:
    """Return those of ``rows``, which store their program as a value, that ``user`` may read."""
    kept: Rows = _narrow(rows, user, permission) if _narrow else rows.none()
    return kept


def may(request: HttpRequest, permission: str) -> bool:
    """Whether the person holds ``permission`` anywhere. A stranger has nobody to ask, and may nothing."""
    ask = getattr(request.user, "may", None)
    return bool(ask and ask(permission))
