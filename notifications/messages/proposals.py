"""What is told of proposals: that one waits for a vote, and to its makers what became of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from audit.models import Entry
from identity.kinds import label_of
from identity.models import Proposal
from identity.queries import barred_from, may_vote, possible_voters, proposed_lines
from identity.states import ProposalState
from notifications.messages.registry import Message, Planned, register_message
from notifications.models import Delivery

_DECIDED = {
    ProposalState.EXECUTED: "was approved and carried out",
    ProposalState.REJECTED: "was rejected",
    ProposalState.EXPIRED: "has expired without the votes it needed",
}


def register() -> None:
    """Have both told."""
    register_message(
        Message(
            name="proposal_waits",
            label="A proposal waits for you",
            actions=frozenset({"identity.proposal.proposed", "identity.proposal.revised"}),
            plan=_plan_waits,
            context=_waits,
        )
    )
    register_message(
        Message(
            name="proposal_decided",
            label="Your proposal was decided",
            actions=frozenset(
                {
                    "identity.proposal.executed",
                    "identity.proposal.rejected",
                    "identity.proposal.expired",
                }
            ),
            plan=_plan_decided,
            context=_decided,
        )
    )


def _plan_waits(entry: Entry, at: datetime) -> Planned | None:
    proposal = _proposal(entry.subject_id)
    if proposal is None or proposal.state != ProposalState.PROPOSED or proposal.expires_at <= at:
        return None
    roles = frozenset(proposal.voter_roles)
    voters = possible_voters(program=proposal.program, roles=roles, barred=barred_from(proposal), at=at)
    return Planned(
        key=f"proposal_waits:{proposal.pk}:{proposal.revision}",
        program_id=proposal.program_id,
        heading=f"Waits for your vote: {label_of(proposal.kind)}, {proposal.program}",
        recipients=frozenset(voters),
    )


def _waits(delivery: Delivery, at: datetime) -> Mapping[str, Any] | None:
    proposal = _proposal(delivery.subject_id)
    if proposal is None or not may_vote(proposal, user=delivery.recipient, at=at):
        return None
    if not delivery.key.startswith(f"proposal_waits:{proposal.pk}:{proposal.revision}:"):
        return None  # of wording that has changed since; there is a message of its own about the new one
    return _told(proposal)


def _plan_decided(entry: Entry, at: datetime) -> Planned | None:
    proposal = _proposal(entry.subject_id)
    if proposal is None or proposal.state not in _DECIDED:
        return None
    return Planned(
        key=f"proposal_decided:{proposal.pk}",
        program_id=proposal.program_id,
        heading=f"{label_of(proposal.kind)} {_DECIDED[ProposalState(proposal.state)]}",
        recipients=frozenset(_makers(proposal)),
    )


def _decided(delivery: Delivery, at: datetime) -> Mapping[str, Any] | None:
    proposal = _proposal(delivery.subject_id)
    return _told(proposal) if proposal else None


def _told(proposal: Proposal) -> Mapping[str, Any]:
    return {
        "proposal": proposal,
        "label": label_of(proposal.kind),
        "lines": proposed_lines(proposal),
        "makers": [str(maker.user) for maker in proposal.makers.select_related("user").order_by("at")],
        "comments": [vote for vote in proposal.votes.select_related("by").order_by("at") if vote.comment],
        "outcome": _DECIDED.get(ProposalState(proposal.state), ""),
        "url": f"{settings.PUBLIC_URL}{reverse('admin:identity_proposal_change', args=[proposal.pk])}",
    }


def _proposal(identifier: str) -> Proposal | None:
    return Proposal.objects.filter(pk=identifier).select_related("program").first()


def _makers(proposal: Proposal) -> set[Any]:
    return set(proposal.makers.values_list("user_id", flat=True))
