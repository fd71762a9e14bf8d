"""Change what is proposed, which voids the votes it has."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.errors import WrongState
from audit.operations import record
from identity import rules
from identity.errors import PolicyUnsatisfiable, ProposalExpired
from identity.kinds import kind_named
from identity.models import Proposal, ProposalMaker, User
from identity.queries import barred_from, possible_voters, required_band
from identity.states import ProposalState


@transaction.atomic
def revise_proposal(
    proposal_id: UUID,
    *,
    payload: Mapping[str, Any],
    reason: str,
    amount: Decimal | None = None,
    by: User,
    at: datetime,
) -> Proposal:
    """Put another payload in the place of the proposed one, as the next revision; ``by`` becomes one of its makers.

    :raises WrongState: if it no longer waits for votes.
    :raises ProposalExpired: if its time is over.
    :raises PolicyUnsatisfiable: if too few people could vote on it now but the makers, and whom it is about.
    """
    proposal = Proposal.objects.locked().get(pk=proposal_id)
    what = kind_named(proposal.kind)
    if proposal.state != ProposalState.PROPOSED:
        raise WrongState(subject="proposal", state=proposal.state, wanted="changed", possible=[])
    if proposal.expires_at <= at:
        raise ProposalExpired(expired_at=proposal.expires_at.isoformat())
    what.check(proposal.program, payload)
    kept = what.prepared(proposal.program, payload)
    band = required_band(what, program=proposal.program, amount=amount, asset_code=proposal.asset_code, at=at)
    if kept.subject:
        proposal.subject_type, proposal.subject_id = kept.subject
    barred = {*barred_from(proposal), by.pk}
    voters = possible_voters(program=proposal.program, roles=band.roles, barred=barred, at=at)
    if len(voters) < band.votes:
        raise PolicyUnsatisfiable(needed=band.votes, roles=sorted(band.roles), available=len(voters))

    proposal.revision += 1
    proposal.previous_payload, proposal.payload = proposal.payload, dict(kept.payload)
    proposal.sealed = kept.sealed
    proposal.reason = reason
    proposal.amount = amount
    proposal.votes_needed, proposal.voter_roles = band.votes, sorted(band.roles)
    proposal.digest = rules.digest(
        kind=proposal.kind,
        program=str(proposal.program_id),
        subject=str(proposal.pk),
        revision=proposal.revision,
        payload=kept.payload,
    )
    proposal.save(
        update_fields=(
            "revision",
            "subject_type",
            "subject_id",
            "payload",
            "sealed",
            "previous_payload",
            "reason",
            "amount",
            "votes_needed",
            "voter_roles",
            "digest",
        )
    )
    ProposalMaker.objects.get_or_create(proposal=proposal, user=by, defaults={"revision": proposal.revision, "at": at})

    record(
        "identity.proposal.revised",
        subject=proposal,
        at=at,
        program_id=proposal.program_id,
        payload={"revision": proposal.revision, "digest": proposal.digest},
    )
    return proposal
