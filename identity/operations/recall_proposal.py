"""Take a proposal back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from identity.errors import NotTheMaker
from identity.kinds import kind_named
from identity.models import Proposal, User
from identity.states import PROPOSAL_TRANSITIONS, ProposalState


@transaction.atomic
def recall_proposal(proposal_id: UUID, *, reason: str, by: User, at: datetime) -> Proposal:
    """Take back what waits for votes, or what is approved and not carried out; what it reserved goes back.

    :raises NotTheMaker: if ``by`` has not made or changed it.
    :raises WrongState: if it was decided otherwise or carried out.
    """
    proposal = Proposal.objects.locked().get(pk=proposal_id)
    if not proposal.makers.filter(user=by).exists():
        raise NotTheMaker

    follow(
        PROPOSAL_TRANSITIONS,
        proposal,
        to=ProposalState.RECALLED,
        at=at,
        program_id=proposal.program_id,
        payload={"reason": reason},
    )
    lapse = kind_named(proposal.kind).lapse
    if lapse is not None:
        lapse(proposal, at)
    return proposal
