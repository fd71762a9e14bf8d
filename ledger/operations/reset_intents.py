"""Let go of intents whose worker is gone."""

from datetime import datetime
from typing import Final

from django.db import transaction

from audit.context import Actor
from audit.operations import follow_many
from audit.operations.follow_many import Step
from ledger.models import Intent
from ledger.operations.carry_out_intents import FAULT
from ledger.operations.nudge_intents import nudge_intents
from ledger.queries.intents import database_now
from ledger.rules import ATTEMPTS_AT_MOST
from ledger.states import INTENT_TRANSITIONS, IntentState

AT_ONCE: Final = 1_000
GONE: Final = "Its worker died, or was stopped."


def reset_intents() -> int:
    """Let intents wait again whose lease is over, and return how many; after their last attempt they are dead.

    Whoever still works on one holds its lock, and is left at it.
    """
    count = 0
    while (page := _reset_page()) > 0:
        count += page
    return count


@transaction.atomic
def _reset_page() -> int:
    stuck = list(Intent.objects.passed_over().due(IntentState.LOCKED)[:AT_ONCE])
    if not stuck:
        return 0
    at = database_now()

    follow_many(INTENT_TRANSITIONS, [_step(intent, at=at) for intent in stuck], at=at)
    nudge_intents()
    return len(stuck)


def _step(intent: Intent, *, at: datetime) -> Step:
    is_last = intent.attempts >= ATTEMPTS_AT_MOST
    return Step(
        pk=intent.pk, source=IntentState.LOCKED, to=IntentState.DEAD if is_last else IntentState.PENDING,
        program_id=intent.program_id, payload={"attempt": intent.attempts, "reason": GONE},
        actor=Actor(intent.actor_type, intent.actor_id), correlation_id=intent.correlation_id,
        values={
            "lock_token": None, "due_at": at, "finished_at": at if is_last else None,
            "error": FAULT if is_last else None, "fault": GONE,
        },
    )  # fmt: skip
