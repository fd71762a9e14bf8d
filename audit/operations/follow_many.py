"""Take a step of a state machine with many rows at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from audit.context import Actor
from audit.errors import WrongState
from audit.operations.record_many import Line, record_many
from audit.states import Edge, TransitionTable


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
    model, quote = apps.get_model(table.model), connection.ops.quote_name
    fields = [model._meta.get_field(name) for name in (table.field, *sorted(steps[0].values))]
    columns = [(quote(column.column), column.db_type(connection)) for column in fields]
    state, pk = columns[0][0], model._meta.pk
    statement = (  # of names of our own columns
        f"UPDATE {quote(model._meta.db_table)} row SET "  # noqa: S608
        + ", ".join(f"{column} = step.{column}" for column, _ in columns)
        + " FROM json_to_recordset(%s) AS step (step_pk "
        + str(pk.rel_db_type(connection))
        + ", step_source text, "
        + ", ".join(f"{column} {kind}" for column, kind in columns)
        + f") WHERE row.{quote(pk.column)} = step.step_pk AND row.{state} = step.step_source"
    )
    named = [(column.column, column.name) for column in fields[1:]]
    rows = [
        {"step_pk": str(step.pk), "step_source": step.source, fields[0].column: step.to}
        | {column: step.values[name] for column, name in named}
        for step in steps
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(rows, default=_plain)])
        return int(cursor.rowcount)


@lru_cache(maxsize=64)  # a thousand rows name a few times
def _instant(at: datetime) -> str:
    return at.isoformat()


def _plain(value: Any) -> Any:
    return _instant(value) if isinstance(value, datetime) else DjangoJSONEncoder().default(value)
