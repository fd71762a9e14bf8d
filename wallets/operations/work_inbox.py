"""Work through what rails have told us."""

import time
from collections import Counter
from typing import Final
from uuid import UUID

import structlog
from django.db import connection
from django.utils import timezone

from wallets.models import RailEvent
from wallets.operations.apply_event import APPLICABLE, OUR_FAULT, traced
from wallets.operations.apply_events import apply_events
from wallets.operations.nudge_inbox import nudge_inbox
from wallets.operations.verify_event import verify_event
from wallets.rules import ATTEMPTS_AT_MOST, wait_after
from wallets.states import RailEventState

log = structlog.get_logger("wallets.rails")

AT_ONCE: Final = 100


def work_inbox(*, seconds_at_most: int) -> Counter[str]:
    """Prove and apply whatever is due, and return how many events came to which state.

    When the time is over first, another worker is nudged to go on.
    """
    began = time.monotonic()
    came: Counter[str] = Counter()
    seen: set[UUID] = set()
    while True:
        # What another worker holds, or what has failed just now, is not looked at again in this round.
        due = RailEvent.objects.due(timezone.now()).exclude(pk__in=seen).values_list("pk", "state")[:AT_ONCE]
        found = list(due)
        if not found:
            return came
        seen.update(pk for pk, _ in found)
        proven = {pk: _prove(pk) if state == RailEventState.RECEIVED else state for pk, state in found}
        came.update(state for state in proven.values() if state not in APPLICABLE)
        for state in apply_events([pk for pk, state in proven.items() if state in APPLICABLE], at=timezone.now()):
            came[state] += 1
            if time.monotonic() - began > seconds_at_most:
                nudge_inbox()
                return came


def _prove(pk: UUID) -> str:
    """Prove what its receiver did not come to prove; where that breaks, everything else goes on."""
    try:
        return str(verify_event(pk, at=timezone.now()).state)
    except Exception as fault:
        if connection.connection is None or not connection.is_usable():
            raise
        log.error("a rail event can't be proven", rail_event=str(pk), exc_info=fault)
        unproven = RailEvent.objects.get(pk=pk)
        attempts = min(unproven.attempts + 1, ATTEMPTS_AT_MOST)
        RailEvent.objects.filter(pk=pk, state=RailEventState.RECEIVED).update(
            attempts=attempts, verdict=OUR_FAULT, fault=traced(fault), due_at=timezone.now() + wait_after(attempts)
        )
        return str(unproven.state)
