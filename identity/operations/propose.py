"""Ask others to agree to something."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from audit.operations import record
from identity import rules
from identity.errors import PolicyUnsatisfiable
from identity.kinds import kind_named
from identity.models import Program, Proposal, ProposalMaker, User
from identity.queries import possible_voters, required_band
from identity.queries.settings import setting


@transaction.atomic
def propose(
    kind: str,
    *,
    program: Program,
    payload: Mapping[str, Any],
    reason: str,
    subject: tuple[str, str] = ("", ""),
    amount: Decimal | None = None,
    asset_code: str = "",
    makers: Collection[UUID] = (),
    by: User,
    at: datetime,
) -> Proposal:
    """Put ``payload`` before those who may agree to it. ``makers`` had a hand in it beside ``by``, and have no vote.

    :raises UnknownKind: if nobody knows how to carry it out.
    :raises PolicyUnsatisfiable: if too few people could vote but the maker, and whom it is about.
    :raises DomainError: whatever the kind says of a payload that could not be carried out.
    """
    what = kind_named(kind)
    what.check(program, payload)
    kept = what.prepared(program, payload)
    band = required_band(what, program=program, amount=amount, asset_code=asset_code, at=at)
    identifier = uuid7()
    subject_type, subject_id = kept.subject or subject
    proposal = Proposal(
        id=identifier,
        program=program,
        kind=kind,
        subject_type=subject_type,
        subject_id=subject_id,
        reason=reason,
        payload=dict(kept.payload),
        sealed=kept.sealed,
        amount=amount,
        asset_code=asset_code,
        digest=rules.digest(
            kind=kind, program=str(program.pk), subject=str(identifier), revision=1, payload=kept.payload
        ),
        votes_needed=band.votes,
        voter_roles=sorted(band.roles),
        proposed_at=at,
        expires_at=at + (what.lasts or setting("identity.proposal_lasts", program)),
    )
    barred = {by.pk, proposal.person_concerned, *makers}
    voters = possible_voters(program=program, roles=band.roles, barred=barred, at=at)
    if len(voters) < band.votes:
        raise PolicyUnsatisfiable(needed=band.votes, roles=sorted(band.roles), available=len(voters))

    proposal.save(force_insert=True)
    ProposalMaker.objects.bulk_create(
        ProposalMaker(proposal=proposal, user_id=maker, revision=1, at=at) for maker in sorted({by.pk, *makers})
    )

    record(
        "identity.proposal.proposed",
        subject=proposal,
        at=at,
        program_id=program.pk,
        payload={"kind": kind, "digest": proposal.digest, "votes_needed": band.votes},
    )
    return proposal
