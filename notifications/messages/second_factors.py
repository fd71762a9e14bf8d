"""What is told of second factors: that one was taken away, to the person whose it was."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from audit.models import Entry
from identity.models import Proposal
from identity.states import Decision
from notifications.messages.registry import Message, Planned, register_message
from notifications.models import Delivery


def register() -> None:
    """Have it told."""
    register_message(
        Message(
            name="second_factor_reset",
            label="Your second factor was removed",
            actions=frozenset({"identity.user.second_factor_reset"}),
            plan=_plan,
            context=_context,
        )
    )


def _plan(entry: Entry, at: datetime) -> Planned | None:
    if entry.program_id is None:
        return None
    return Planned(
        key=f"second_factor_reset:{entry.pk}",
        program_id=entry.program_id,
        heading="Your second factor was removed",
        recipients=frozenset({UUID(entry.subject_id)}),
    )


def _context(delivery: Delivery, at: datetime) -> Mapping[str, Any] | None:
    entry = Entry.objects.get(pk=delivery.entry_id)
    proposal = Proposal.objects.select_related("program").get(pk=entry.payload["proposal"])
    votes = proposal.votes.filter(revision=proposal.revision, decision=Decision.APPROVE)
    return {
        "proposal": proposal,
        "makers": [str(maker.user) for maker in proposal.makers.select_related("user").order_by("at")],
        "voters": [str(vote.by) for vote in votes.select_related("by").order_by("at")],
        "at": entry.at,
        "url": f"{settings.PUBLIC_URL}{reverse('portal:security')}",
    }
