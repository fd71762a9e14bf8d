"""Agree to a proposal, or refuse it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.errors import WrongState
from audit.operations import follow, record
from identity.errors import (
    AlreadyVoted,
    NotAnApprover,
    ProposalChanged,
    ProposalExpired,
    RoleTooYoung,
    SecondFactorTooYoung,
    VoterIsConcerned,
    VoterIsMaker,
)
from identity.kinds import kind_named
from identity.models import Proposal, User
from identity.operations.execute_proposal import execute_proposal
from identity.queries import possible_voters
from identity.queries.settings import setting
from identity.states import PROPOSAL_TRANSITIONS, Decision, ProposalState
from identity.values import in_words


@transaction.atomic
def vote(
    proposal_id: UUID, *, revision: int, digest: str, decision: Decision, comment: str = "", by: User, at: datetime
) -> Proposal:
    """Record a vote on exactly the revision and digest that ``by`` has read, and decide once there are enough.

    One vote against rejects. The last vote in favour approves, and carries out what needs no further step.

    :raises WrongState: if the proposal no longer waits for votes.
    :raises ProposalExpired: if its time is over.
    :raises VoterIsMaker: if ``by`` made, changed or submitted it.
    :raises VoterIsConcerned: if it is about ``by``.
    :raises ProposalChanged: if another revision stands now than the one ``by`` has read.
    :raises NotAnApprover: if none of ``by``'s roles is asked for.
    :raises RoleTooYoung: if ``by`` holds such a role for less time than the program asks for.
    :raises SecondFactorTooYoung: if ``by``'s second factor was reset less than that ago.
    :raises AlreadyVoted: if ``by`` has voted on this revision.
    """
    proposal = Proposal.objects.locked().get(pk=proposal_id)
    if proposal.state != ProposalState.PROPOSED:
        raise WrongState(subject="proposal", state=proposal.state, wanted="voted on", possible=[])
    if proposal.expires_at <= at:
        raise ProposalExpired(expired_at=proposal.expires_at.isoformat())
    if proposal.makers.filter(user=by).exists():
        raise VoterIsMaker
    if by.pk == proposal.person_concerned:
        raise VoterIsConcerned
    if (proposal.revision, proposal.digest) != (revision, digest):
        raise ProposalChanged(revision=proposal.revision, digest=proposal.digest)
    roles = frozenset(proposal.voter_roles)
    if by.pk not in possible_voters(program=proposal.program, roles=roles, barred=(), at=at):
        if by.pk not in possible_voters(program=proposal.program, roles=roles, barred=(), at=None):
            raise NotAnApprover(roles=sorted(roles))
        cooling = setting("identity.role_cooling", proposal.program)
        if User.objects.filter(pk=by.pk, second_factor_reset_at__gt=at - cooling).exists():
            raise SecondFactorTooYoung(needed=in_words(cooling))
        raise RoleTooYoung(needed=in_words(cooling))
    if proposal.votes.filter(revision=revision, by=by).exists():
        raise AlreadyVoted

    proposal.votes.create(revision=revision, digest=digest, decision=decision, comment=comment, by=by, at=at)
    record(
        "identity.proposal.voted",
        subject=proposal,
        at=at,
        program_id=proposal.program_id,
        payload={"decision": decision, "revision": revision, "digest": digest},
    )
    if decision == Decision.REJECT:
        proposal = _decide(proposal, ProposalState.REJECTED, at=at)
        lapse = kind_named(proposal.kind).lapse
        if lapse is not None:
            lapse(proposal, at)
        return proposal
    if proposal.votes.filter(revision=revision, decision=Decision.APPROVE).count() < proposal.votes_needed:
        return proposal
    proposal = _decide(proposal, ProposalState.APPROVED, at=at)
    kind = kind_named(proposal.kind)
    if kind.executes_at_approval:
        return execute_proposal(proposal.pk, at=at)
    if kind.agree is not None:
        kind.agree(proposal, at)
    return proposal


def _decide(proposal: Proposal, state: ProposalState, *, at: datetime) -> Proposal:
    follow(PROPOSAL_TRANSITIONS, proposal, to=state, at=at, program_id=proposal.program_id)
    proposal.decided_at = at
    proposal.save(update_fields=("decided_at",))
    return proposal
