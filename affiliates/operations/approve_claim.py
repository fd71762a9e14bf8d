"""Let a claim be looked up on the chain."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from affiliates.models import Claim
from affiliates.operations.expect_settlement import expect_settlement
from affiliates.operations.nudge_lookups import nudge_lookups
from affiliates.queries import sales
from affiliates.states import CLAIM_TRANSITIONS, ClaimState, SettlementSource
from audit import context
from audit.operations import follow
from wallets.queries.checking import require_reason


@transaction.atomic
def approve_claim(claim_id: UUID, *, program_id: UUID, reason: str, at: datetime) -> Claim:
    """Approve it: a worker looks for the receipt, and what is proven settles it.

    :raises UnknownClaim: if the program has no such claim.
    :raises WrongState: if it was decided before.
    :raises SettlementTaken: if its settlement was told of otherwise.
    """
    reason = require_reason(reason)
    claim = sales.locked_claim(claim_id, program_id=program_id)
    settlement = None
    if CLAIM_TRANSITIONS.edge(claim.state, ClaimState.APPROVED):
        settlement = expect_settlement(
            claim.member, asset=claim.asset, amount=claim.amount, source=SettlementSource.CHAIN,
            source_event=f"claim:{claim.pk}", chain_id=claim.chain_id, tx_hash=claim.tx_hash, at=at,
        )  # fmt: skip

    actor = context.current().actor
    claim = follow(
        CLAIM_TRANSITIONS, claim, to=ClaimState.APPROVED, at=at, program_id=program_id,
        payload={"reason": reason, "settlement": settlement and str(settlement.pk)},
        values={
            "reason": reason, "decided_at": at, "decided_by": f"{actor.type}:{actor.id}", "settlement": settlement,
        },
    )  # fmt: skip
    nudge_lookups()
    return claim
