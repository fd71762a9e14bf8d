"""What somebody has to look at: what nobody knows, and what is strange."""

from uuid import UUID

from payouts.models import Attempt
from payouts.states import AttemptState


def troubled(program_id: UUID | None) -> tuple[int, list[Attempt]]:
    """Return how many attempts there are, and those that are strange though they are settled."""
    rows = Attempt.objects.filter(program=program_id) if program_id else Attempt.objects.all()
    return rows.count(), list(rows.exclude(trouble="").select_related("rail_account").order_by("pk"))


def waiting_for_people(program_id: UUID | None) -> list[Attempt]:
    """Return those of which nobody knows, and whose rail is asked no more."""
    rows = Attempt.objects.filter(state=AttemptState.UNKNOWN, ask_at=None).select_related("rail_account").order_by("pk")
    return list(rows.filter(program=program_id) if program_id else rows)
