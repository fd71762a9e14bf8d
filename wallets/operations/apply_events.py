"""Do what many proven notices of rails are about, where who listens takes many at once."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from audit.context import acting_as
from audit.operations import follow_many
from audit.operations.follow_many import Step
from wallets.models import RailEvent
from wallets.operations.apply_event import APPLICABLE, apply_event, delivery_of, settled
from wallets.rails import Applied, HandlerOfMany, Ignored, handler_of_many
from wallets.states import RAIL_EVENT_TRANSITIONS


def apply_events(ids: Collection[UUID], *, at: datetime) -> Iterator[str]:
    """Have events applied by who listens to their kinds, and yield the states they come to; ``held`` is said of those
    that somebody else works on. Whoever has no time left may leave in between.

    Those of one account and kind are applied together where their listener takes many; if that breaks, each by itself,
    so that one that can't be applied keeps nobody else from it.

    :raises DatabaseError: if the connection is lost; events stay as they were.
    """
    kinds = RailEvent.objects.filter(pk__in=ids).select_related("account").order_by("due_at")
    groups: dict[tuple[UUID, str], list[RailEvent]] = {}
    for event in kinds.only("kind", "account__rail"):
        groups.setdefault((event.account_id, event.kind), []).append(event)
    for events in groups.values():
        handler = handler_of_many(events[0].account.rail, events[0].kind) if len(events) > 1 else None
        together = [event.pk for event in events]
        came = _together(together, handler, at=at) if handler is not None else None
        if came is not None:
            yield from came
            continue
        for pk in together:
            applied = apply_event(pk, at=at)
            yield applied.state if applied else "held"


def _together(ids: Sequence[UUID], handler: HandlerOfMany, *, at: datetime) -> list[str] | None:
    """Apply them in one transaction; None, and nothing done, if one of them can't be."""
    try:
        with transaction.atomic():
            return _apply(ids, handler, at=at)
    except Exception:
        if connection.connection is None or not connection.is_usable():
            raise
        return None  # each by itself says which it was, and why


def _apply(ids: Sequence[UUID], handler: HandlerOfMany, *, at: datetime) -> list[str]:
    locked = RailEvent.objects.locked(skip=True).select_related("account").filter(pk__in=ids, state__in=APPLICABLE)
    place = {pk: number for number, pk in enumerate(ids)}
    events = sorted(locked, key=lambda event: place[event.pk])
    if events:
        account = events[0].account
        with acting_as("rail", account.name, program_id=account.program_id):
            outcomes = handler([delivery_of(event) for event in events], at)
        _follow(events, outcomes, at=at)
    return [event.state for event in events] + ["held"] * (len(ids) - len(events))


def _follow(events: Sequence[RailEvent], outcomes: Sequence[Applied | Ignored], *, at: datetime) -> None:
    steps = []
    for event, outcome in zip(events, outcomes, strict=True):
        to, payload, values = settled(event, outcome, at=at)
        steps.append(
            Step(pk=event.pk, source=event.state, to=to, program_id=event.program_id, payload=payload, values=values)
        )
        event.state = to
    follow_many(RAIL_EVENT_TRANSITIONS, steps, at=at)
