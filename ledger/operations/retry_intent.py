"""Have a dead intent carried out after all."""

from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.operations import follow_many
from audit.operations.follow_many import Step
from ledger.errors import BadRetryReason, IntentKeyTaken
from ledger.models import Intent
from ledger.movements import is_storable
from ledger.operations.nudge_intents import nudge_intents
from ledger.queries.intents import database_now
from ledger.states import INTENT_TRANSITIONS, IntentState

REASON_AT_MOST: Final = 500


@transaction.atomic
def retry_intent(intent_id: UUID, *, reason: str) -> Intent:
    """Let a dead intent wait again, with all its attempts; the journal says who had it tried, and why.

    It is still done for whoever asked for it.

    :raises BadRetryReason: if nobody says why.
    :raises WrongState: if it is not dead.
    :raises IntentKeyTaken: if its key was asked for again since.
    """
    if not reason.strip() or len(reason) > REASON_AT_MOST or not is_storable(reason):
        raise BadRetryReason(most=REASON_AT_MOST)
    intent = Intent.objects.locked().get(pk=intent_id)
    at = database_now()
    step = Step(
        pk=intent.pk, source=intent.state, to=IntentState.PENDING, program_id=intent.program_id,
        payload={"reason": reason, "code": (intent.error or {}).get("code")},
        values={"attempts": 0, "due_at": at, "finished_at": None, "error": None, "fault": ""},
    )  # fmt: skip

    try:
        with transaction.atomic():
            follow_many(INTENT_TRANSITIONS, [step], at=at)
    except IntegrityError as taken:
        if "ledger_intent_key_once" not in str(taken):
            raise
        raise IntentKeyTaken(key=intent.key) from taken

    nudge_intents()
    intent.refresh_from_db()
    return intent
