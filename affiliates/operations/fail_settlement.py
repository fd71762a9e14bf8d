"""Conclude that a settlement can't be proven."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from affiliates.models import Claim, Settlement
from affiliates.queries import sales
from affiliates.states import CLAIM_TRANSITIONS, SETTLEMENT_TRANSITIONS, ClaimState, SettlementState
from audit.operations import follow


@transaction.atomic
def fail_settlement(settlement_id: UUID, *, program_id: UUID, verdict: str, at: datetime) -> Settlement:
    """Fail it, and reject the claim that it was looked for; proof that comes later is a fact all the same.

    :raises UnknownSettlement: if the program has no such settlement.
    :raises WrongState: if it is in the books.
    """
    settlement = sales.locked_settlement(settlement_id, program_id=program_id)
    settlement = follow(
        SETTLEMENT_TRANSITIONS, settlement, to=SettlementState.FAILED, at=at, program_id=program_id,
        payload={"verdict": verdict}, values={"verdict": verdict[:500], "due_at": None},
    )  # fmt: skip
    claim = Claim.objects.locked().filter(settlement=settlement, state=ClaimState.APPROVED).first()
    if claim is not None:
        follow(
            CLAIM_TRANSITIONS, claim, to=ClaimState.REJECTED, at=at, program_id=program_id,
            payload={"reason": verdict}, values={"reason": verdict[:500], "decided_at": at},
        )  # fmt: skip
    return settlement
