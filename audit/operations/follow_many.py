"""Take a step of a state machine with many rows at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from audit.context import Actor
from audit.errors import WrongState
from audit.operations.record_many import Line, record_many
from audit.states import Edge, TransitionTable

_SOURCE: Final = ""  # where a step begins, among names of fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row's step, what else changes on the row with it, and for whom it is taken, if not for whoever acts."""

    pk: UUID | int
    source: str
    to: str
    values: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)
    program_id: UUID | None = None
    actor: Actor | None = None
    correlation_id: str | None = None


@transaction.atomic
def follow_many(table: TransitionTable, steps: Sequence[Step], *, at: datetime) -> None:
    """Take all of ``steps``, which change the same columns, and record them: two statements, however many they are.

    The caller holds the rows' locks.

    :raises WrongState: if one of them is no legal step, or a row is not where its step begins; none was taken then.
    """
    if not steps:
        return
    called = str(apps.get_model(table.model)._meta.verbose_name)
    edges = [_edge(table, step, called=called) for step in steps]

    # The old state stands in the condition, so that a caller who forgot a lock can't overwrite somebody's step.
    if _update(table, steps) != len(steps):
        raise WrongState(subject=called, state="changed", wanted=steps[0].to, possible=[])

    lines = [
        Line(
            action=edge.action, subject_type=table.model, subject_id=str(step.pk), program_id=step.program_id,
            payload={"from": step.source, "to": step.to, **step.payload}, actor=step.actor,
            correlation_id=step.correlation_id,
        )
        for edge, step in zip(edges, steps, strict=True)
        if edge.is_journalled
    ]  # fmt: skip
    record_many(lines, at=at)


def _edge(table: TransitionTable, step: Step, *, called: str) -> Edge:
    edge = table.edge(step.source, step.to)
    if edge is None:
        raise WrongState(subject=called, state=step.source, wanted=step.to, possible=list(table.targets(step.source)))
    return edge


def _update(table: TransitionTable, steps: Sequence[Step]) -> int:
    """Return how many rows were changed. What is the same for all of them is sent once, and the rest row by row."""
    model, quote = apps.get_model(table.model), connection.ops.quote_name
    fields = [model._meta.get_field(name) for name in (table.field, *sorted(steps[0].values))]
    pk, state = model._meta.pk, quote(fields[0].column)
    told: dict[str, list[Any]] = {_SOURCE: [step.source for step in steps]}
    told |= {fields[0].name: [step.to for step in steps]}
    told |= {field.name: [step.values[field.name] for step in steps] for field in fields[1:]}
    # By their letters in what is sent: a thousand times a column's name is longer than what stands in it. Where a step
    # begins is sent row by row, always: of one state for all the planner would ask how many rows are in it, and those
    # who know have not heard of the thousands that just came to be; it would hold each of these against every step.
    letters = {
        name: f"c{number}" for number, (name, values) in enumerate(told.items()) if name == _SOURCE or _differ(values)
    }
    once = {name: values[0] for name, values in told.items() if name not in letters}
    kinds = {field.name: str(field.db_type(connection)) for field in fields} | {_SOURCE: "text"}
    places = {name: f"step.{letters[name]}" if name in letters else "%s" for name in told}
    columns = ", ".join(f"{quote(field.column)} = {places[field.name]}" for field in fields)
    listed = ", ".join(f"{letter} {kinds[name]}" for name, letter in letters.items())
    statement = (  # of names of our own columns
        f"UPDATE {quote(model._meta.db_table)} row SET {columns} "  # noqa: S608
        f"FROM json_to_recordset(%s) AS step (pk {pk.rel_db_type(connection)}, {listed}) "
        f"WHERE row.{quote(pk.column)} = step.pk AND row.{state} = {places[_SOURCE]}"
    )
    rows = [{"pk": str(step.pk)} for step in steps]
    for name, letter in letters.items():
        for row, value in zip(rows, told[name], strict=True):
            row[letter] = value
    asked = [field.get_db_prep_save(once[field.name], connection) for field in fields if field.name in once]
    asked.append(json.dumps(rows, default=_plain))
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return int(cursor.rowcount)


def _differ(values: Sequence[Any]) -> bool:
    """Whether some may differ. What is equal in Python need not be the same where it is stored: 1, 1.0 and True."""
    first = values[0]
    is_plain = isinstance(first, (str, datetime))
    return any(value is not first and not (is_plain and value == first) for value in values)


@lru_cache(maxsize=64)  # a thousand rows name a few times
def _instant(at: datetime) -> str:
    return at.isoformat()


def _plain(value: Any) -> Any:
    return _instant(value) if isinstance(value, datetime) else DjangoJSONEncoder().default(value)
