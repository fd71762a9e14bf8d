"""Let failed intents wait for their next attempt."""

from typing import Final

from django.db import transaction

from audit.context import Actor
from audit.operations import follow_many
from audit.operations.follow_many import Step
from ledger.models import Intent
from ledger.operations.nudge_intents import nudge_intents
from ledger.queries.intents import database_now
from ledger.states import INTENT_TRANSITIONS, IntentState

AT_ONCE: Final = 1_000


def requeue_intents() -> int:
    """Let those wait for a worker again whose time for another attempt has come, and return how many there were."""
    count = 0
    while (page := _requeue_page()) > 0:
        count += page
    return count


@transaction.atomic
def _requeue_page() -> int:
    failed = list(Intent.objects.passed_over().due(IntentState.FAILED)[:AT_ONCE])
    if not failed:
        return 0
    at = database_now()
    steps = [
        Step(
            pk=intent.pk, source=IntentState.FAILED, to=IntentState.PENDING, program_id=intent.program_id,
            payload={"attempt": intent.attempts}, actor=Actor(intent.actor_type, intent.actor_id),
            correlation_id=intent.correlation_id, values={"due_at": at},
        )
        for intent in failed
    ]  # fmt: skip

    follow_many(INTENT_TRANSITIONS, steps, at=at)
    nudge_intents()
    return len(failed)
