"""Do what a proven notice of a rail is about."""

import json
import traceback
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from audit.context import acting_as
from audit.errors import DomainError
from audit.operations import follow
from wallets.models import RailEvent
from wallets.rails import Applied, Delivery, Ignored, Notice, handler_of
from wallets.rules import ATTEMPTS_AT_MOST, wait_after
from wallets.states import RAIL_EVENT_TRANSITIONS, RailEventState

log = structlog.get_logger("wallets.rails")

OUR_FAULT: Final = "Something went wrong on our side. Nothing was changed."
APPLICABLE: Final = (RailEventState.VERIFIED, RailEventState.FAILED)
_LONGEST_FAULT: Final = 20_000


@transaction.atomic
def apply_event(event_id: UUID, *, at: datetime) -> RailEvent | None:
    """Have the event applied by who listens to its kind: all of it, or nothing and another attempt later.

    None when somebody else works on it at this moment.

    :raises DatabaseError: if the connection is lost; the event stays as it was.
    """
    event = RailEvent.objects.locked(skip=True).select_related("account").filter(pk=event_id).first()
    if event is None or event.state not in APPLICABLE:
        return event
    handler, delivery = handler_of(event.account.rail, event.kind), delivery_of(event)
    outcome: Applied | Ignored | Exception
    try:
        with transaction.atomic(), acting_as("rail", event.account.name, program_id=event.program_id):
            outcome = Ignored(f"Nobody listens to {event.kind}.") if handler is None else handler(delivery, at)
    except Exception as fault:
        if connection.connection is None or not connection.is_usable():
            raise
        outcome = fault
    return _settle(event, outcome, at=at)


def delivery_of(event: RailEvent) -> Delivery:
    """Return a proven event as who listens to it gets it."""
    assert event.occurred_at is not None
    assert event.data is not None
    notice = Notice(event.external_id, event.kind, event.occurred_at, event.data)
    return Delivery(event.pk, event.program_id, event.account.name, notice)


def settled(
    event: RailEvent, outcome: Applied | Ignored, *, at: datetime
) -> tuple[RailEventState, dict[str, Any], dict[str, Any]]:
    """Return where an event goes that was applied or ignored, what is recorded of that, and what changes with it."""
    verdict = outcome.reason if isinstance(outcome, Ignored) else ""
    to = RailEventState.IGNORED if isinstance(outcome, Ignored) else RailEventState.APPLIED
    result = dict(outcome.result) if isinstance(outcome, Applied) else None
    payload = {"kind": event.kind, "external_id": event.external_id, **({"verdict": verdict} if verdict else {})}
    values = {
        "verdict": verdict[:500], "fault": "", "attempts": event.attempts + 1, "due_at": None, "settled_at": at,
        "result": result,
    }  # fmt: skip
    return to, payload, values


def _settle(event: RailEvent, outcome: Applied | Ignored | Exception, *, at: datetime) -> RailEvent:
    if isinstance(outcome, Applied | Ignored):
        to, payload, told_with = settled(event, outcome, at=at)
        return follow(
            RAIL_EVENT_TRANSITIONS, event, to=to, at=at, program_id=event.program_id, payload=payload, values=told_with
        )

    attempts = event.attempts + 1
    verdict, fault = _what_went_wrong(event, outcome)
    values = {
        "verdict": verdict[:500], "fault": fault, "attempts": attempts,
        "due_at": at + wait_after(attempts) if attempts < ATTEMPTS_AT_MOST else None,
    }  # fmt: skip
    if event.state == RailEventState.FAILED:
        for name, value in values.items():
            setattr(event, name, value)
        event.save(update_fields=tuple(values))
        return event
    told = {"kind": event.kind, "external_id": event.external_id, "verdict": verdict[:500]}
    return follow(
        RAIL_EVENT_TRANSITIONS, event, to=RailEventState.FAILED, at=at, program_id=event.program_id, payload=told,
        values=values,
    )  # fmt: skip


def _what_went_wrong(event: RailEvent, fault: Exception) -> tuple[str, str]:
    """Return it in words for people, and, where our own code broke, for those who mend it."""
    if isinstance(fault, DomainError):
        params = json.dumps(fault.params, default=str)
        return f"{fault} ({fault.code} {params})" if fault.params else f"{fault} ({fault.code})", ""
    log.error("rail event failed", rail_event=str(event.pk), kind=event.kind, exc_info=fault)
    return OUR_FAULT, traced(fault)


def traced(fault: Exception) -> str:
    """Return where our own code broke, as it is kept."""
    told = "".join(traceback.format_exception(fault))[-_LONGEST_FAULT:]
    return told.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
