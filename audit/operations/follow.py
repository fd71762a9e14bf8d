"""Take a step of a state machine."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction

from audit.errors import WrongState
from audit.operations.record import record
from audit.states import TransitionTable

Subject = TypeVar("Subject", bound=models.Model)


@transaction.atomic
def follow(
    table: TransitionTable,
    subject: Subject,
    *,
    to: str,
    at: datetime,
    payload: Mapping[str, Any] | None = None,
    program_id: UUID | None = None,
    values: Mapping[str, Any] | None = None,
) -> Subject:
    """Move ``subject`` to the state ``to`` and record the step. The caller holds the subject's lock.

    ``values`` are other columns that change with the state, where one row must never have the one without the other.

    :raises WrongState: if there is no such step from where the subject is.
    """
    source = str(getattr(subject, table.field))
    edge = table.edge(source, to)
    if edge is None:
        raise WrongState(
            subject=subject._meta.verbose_name, state=source, wanted=str(to), possible=list(table.targets(source))
        )

    changes = {table.field: to, **(values or {})}
    for name, value in changes.items():
        setattr(subject, name, value)
    # The old state stands in the condition, so that a caller who forgot the lock can't overwrite somebody's step.
    changed = type(subject)._default_manager.filter(pk=subject.pk, **{table.field: source}).update(**changes)
    if changed != 1:
        raise WrongState(subject=subject._meta.verbose_name, state="changed", wanted=str(to), possible=[])

    if edge.is_journalled:
        told = {"from": source, "to": str(to), **(payload or {})}
        record(edge.action, subject=subject, at=at, program_id=program_id, payload=told)
    return subject
