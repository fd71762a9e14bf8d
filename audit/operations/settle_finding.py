"""Work on a finding: take it, explain it, or say that it was mended."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.models import Finding
from audit.operations.follow import follow
from audit.states import FINDING_TRANSITIONS, FindingState


@transaction.atomic
def settle_finding(finding_id: UUID, *, to: FindingState, note: str, at: datetime) -> Finding:
    """Explain a finding or call it resolved, with the words that the next reader needs.

    :raises WrongState: if nobody has taken it yet, or it was settled already.
    """
    finding = Finding.objects.locked().get(pk=finding_id)

    Finding.objects.filter(pk=finding.pk).update(note=note)
    finding.note = note
    return follow(FINDING_TRANSITIONS, finding, to=to, at=at, program_id=finding.program_id, payload={"note": note})
