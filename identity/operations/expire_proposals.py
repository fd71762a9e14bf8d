"""Let go of proposals whose time is over."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from identity.kinds import kind_named
from identity.models import Proposal
from identity.states import PROPOSAL_TRANSITIONS, ProposalState

_OPEN = (ProposalState.PROPOSED, ProposalState.APPROVED)


def expire_proposals(*, at: datetime) -> int:
    """Expire every proposal whose time is over, each in a transaction of its own, and return how many there were."""
    due = Proposal.objects.filter(state__in=_OPEN, expires_at__lte=at).values_list("pk", flat=True)
    return sum(_expire(proposal_id, at=at) for proposal_id in list(due))


@transaction.atomic
def _expire(proposal_id: UUID, *, at: datetime) -> bool:
    proposal = Proposal.objects.locked().filter(pk=proposal_id, state__in=_OPEN).first()
    if proposal is None:  # somebody decided it meanwhile
        return False
    follow(PROPOSAL_TRANSITIONS, proposal, to=ProposalState.EXPIRED, at=at, program_id=proposal.program_id)
    lapse = kind_named(proposal.kind).lapse
    if lapse is not None:
        lapse(proposal, at)
    return True
