"""Work through what rails have told us."""

import time
from collections import Counter
from typing import Final
from uuid import UUID

import structlog
from django.db import connection
from django.utils import timezone

from wallets.models import RailEvent
from wallets.operations.apply_event import OUR_FAULT, apply_event, traced
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
        for pk, state in found:
            seen.add(pk)
            came[_work(pk, state)] += 1
            if time.monotonic() - began > seconds_at_most:
                nudge_inbox()
                return came


def _work(pk: UUID, state: str) -> str:
    if state == RailEventState.RECEIVED:
        state = _prove(pk)
        if state != RailEventState.VERIFIED:
            return state
    applied = apply_event(pk, at=timezone.now())
    return applied.state if applied else "held"


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
