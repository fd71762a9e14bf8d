"""Take one step of a state machine with very many rows, which differ in nothing but their ids."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction

from audit.errors import WrongState
from audit.operations.record_many import Line, record_many
from audit.states import TransitionTable

# Of names of our own columns. The ids are one text: thirty thousand parameters take longer than all else.
_UPDATE: Final = "UPDATE {table} SET {state} = %s WHERE {pk} = ANY(string_to_array(%s, ',')::{kind}[]) AND {state} = %s"


@transaction.atomic
def follow_all(
    table: TransitionTable, ids: Collection[str], *, source: str, to: str, program_id: UUID, at: datetime
) -> None:
    """Take the step from ``source`` with all rows of these ids, and record it of each where the step is journalled.

    The caller holds the rows' locks.

    :raises WrongState: if it is no legal step, or a row is not where it begins; none was taken then.
    """
    if not ids:
        return
    model, quote = apps.get_model(table.model), connection.ops.quote_name
    called, edge = str(model._meta.verbose_name), table.edge(source, to)
    if edge is None:
        raise WrongState(subject=called, state=source, wanted=to, possible=list(table.targets(source)))
    pk = model._meta.pk
    statement = _UPDATE.format(
        table=quote(model._meta.db_table), state=quote(model._meta.get_field(table.field).column),
        pk=quote(pk.column), kind=pk.rel_db_type(connection),
    )  # fmt: skip
    # The old state stands in the condition, so that a caller who forgot a lock can't overwrite somebody's step.
    with connection.cursor() as cursor:
        cursor.execute(statement, [to, ",".join(ids), source])
        changed = cursor.rowcount
    if changed != len(ids):
        raise WrongState(subject=called, state="changed", wanted=to, possible=[])
    if edge.is_journalled:
        lines = [
            Line(
                action=edge.action, subject_type=table.model, subject_id=pk, program_id=program_id,
                payload={"from": source, "to": to},
            )
            for pk in ids
        ]  # fmt: skip
        record_many(lines, at=at)
