"""Turn a claim down."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from affiliates.models import Claim
from affiliates.queries import sales
from affiliates.states import CLAIM_TRANSITIONS, SETTLEMENT_TRANSITIONS, ClaimState, SettlementState
from audit import context
from audit.operations import follow
from wallets.queries.checking import require_reason


@transaction.atomic
def reject_claim(claim_id: UUID, *, program_id: UUID, reason: str, at: datetime) -> Claim:
    """Reject it; what it would have settled is not looked for any more.

    :raises UnknownClaim: if the program has no such claim.
    :raises WrongState: if it is settled, or was rejected.
    """
    reason = require_reason(reason)
    waiting = sales.settlement_of_claim(claim_id, program_id=program_id)
    claim = sales.locked_claim(claim_id, program_id=program_id)
    actor = context.current().actor

    claim = follow(
        CLAIM_TRANSITIONS, claim, to=ClaimState.REJECTED, at=at, program_id=program_id, payload={"reason": reason},
        values={"reason": reason, "decided_at": at, "decided_by": f"{actor.type}:{actor.id}"},
    )  # fmt: skip
    if waiting is not None and waiting.state == SettlementState.PENDING:
        follow(
            SETTLEMENT_TRANSITIONS, waiting, to=SettlementState.FAILED, at=at, program_id=program_id,
            payload={"verdict": reason}, values={"verdict": reason[:500], "due_at": None},
        )  # fmt: skip
    return claim
