"""Change the state of many commissions, each by itself: what can't be changed is named, and the others are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from affiliates.errors import UnknownCommission
from affiliates.models import Commission
from affiliates.states import COMMISSION_TRANSITIONS
from audit.errors import DomainError, WrongState
from audit.operations import follow_many
from audit.operations.follow_many import Step

AT_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Bulk:
    """What came of each: those that were changed, and why the others were not."""

    done: list[Commission] = field(default_factory=list)
    refused: dict[UUID, DomainError] = field(default_factory=dict)


@transaction.atomic
def change_commissions(
    ids: Sequence[UUID], *, program_id: UUID, to: Callable[[Commission], str], reason: str,
    values: Callable[[Commission], Mapping[str, Any]], at: datetime,
) -> Bulk:  # fmt: skip
    """Move each row to the state that ``to`` names, with the columns that go with it."""
    assert len(ids) <= AT_MOST, "a caller takes them in parts"
    rows = {row.pk: row for row in Commission.objects.locked().filter(pk__in=ids, program=program_id)}
    bulk = Bulk()
    steps: list[Step] = []
    for pk in dict.fromkeys(ids):
        row = rows.get(pk)
        if row is None:
            bulk.refused[pk] = UnknownCommission(commission=pk)
            continue
        wanted = to(row)
        if COMMISSION_TRANSITIONS.edge(row.state, wanted) is None:
            bulk.refused[pk] = WrongState(
                subject="commission", state=row.get_state_display().lower(), wanted=wanted.lower(), possible=[]
            )
            continue
        steps.append(
            Step(
                pk=pk, source=row.state, to=wanted, program_id=program_id, values=values(row),
                payload={"reason": reason},
            )
        )  # fmt: skip
        bulk.done.append(row)
    follow_many(COMMISSION_TRANSITIONS, steps, at=at)
    for row, step in zip(bulk.done, steps, strict=True):
        row.state = step.to
    return bulk
