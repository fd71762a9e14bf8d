"""Carry out what was agreed on."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.errors import WrongState
from audit.operations import follow
from identity.errors import ProposalExpired
from identity.kinds import kind_named
from identity.models import Proposal
from identity.states import PROPOSAL_TRANSITIONS, ProposalState


@transaction.atomic
def execute_proposal(proposal_id: UUID, *, at: datetime) -> Proposal:
    """Do what the proposal says, once.

    :raises WrongState: if it is not approved, or was carried out.
    :raises ProposalExpired: if it was approved and not carried out in time.
    :raises DomainError: whatever stands in the way now; the approval then stays as it was.
    """
    proposal = Proposal.objects.locked().get(pk=proposal_id)
    if proposal.state != ProposalState.APPROVED:
        raise WrongState(subject="proposal", state=proposal.state, wanted=ProposalState.EXECUTED.value, possible=[])
    if proposal.expires_at <= at:
        raise ProposalExpired(expired_at=proposal.expires_at.isoformat())

    proposal.result = dict(kind_named(proposal.kind).execute(proposal, at))
    proposal.save(update_fields=("result",))
    return follow(PROPOSAL_TRANSITIONS, proposal, to=ProposalState.EXECUTED, at=at, program_id=proposal.program_id)
