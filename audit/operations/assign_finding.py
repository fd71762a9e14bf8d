"""Give a finding to somebody."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.models import Finding
from audit.operations.follow import follow
from audit.states import FINDING_TRANSITIONS, FindingState


@transaction.atomic
def assign_finding(finding_id: UUID, *, assignee_id: UUID, at: datetime) -> Finding:
    """Make ``assignee_id`` the one who looks into a finding.

    :raises WrongState: if it was settled already.
    """
    finding = Finding.objects.locked().get(pk=finding_id)

    follow(
        FINDING_TRANSITIONS,
        finding,
        to=FindingState.ASSIGNED,
        at=at,
        program_id=finding.program_id,
        payload={"assignee": str(assignee_id)},
    )
    finding.assignee_id = assignee_id
    finding.save(update_fields=("assignee_id",))
    return finding
