"""Have many dead intents carried out after all."""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from audit.errors import DomainError
from ledger.errors import BadRetryReason
from ledger.operations.retry_intent import retry_intent


def retry_intents(intent_ids: Iterable[UUID], *, reason: str) -> Counter[str]:
    """Let each of these wait again, and return how many did (``retried``) and how many could not, by the refusal.

    :raises BadRetryReason: if nobody says why; nothing was retried then.
    """
    came: Counter[str] = Counter()
    for intent_id in intent_ids:
        try:
            retry_intent(intent_id, reason=reason)
        except BadRetryReason:
            raise
        except DomainError as refusal:
            came[refusal.code] += 1
        else:
            came["retried"] += 1
    return came
