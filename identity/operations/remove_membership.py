"""Take a role away."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import record
from identity.errors import LastOwner
from identity.models import Membership, Program
from identity.states import Role


@transaction.atomic
def remove_membership(membership_id: UUID, *, reason: str, at: datetime) -> None:
    """End a membership, at once: taking a role away needs one person, giving it back may need two.

    :raises LastOwner: if nobody would own the program any more.
    """
    program = Program.objects.select_for_update(no_key=True, of=("self",)).get(memberships=membership_id)
    membership = Membership.objects.get(pk=membership_id)
    owners = Membership.objects.filter(program=program, role=Role.OWNER, user__is_active=True)
    if membership.role == Role.OWNER and not owners.exclude(pk=membership.pk).exists():
        raise LastOwner(program=program.slug)

    record(
        "identity.membership.removed",
        subject=membership,
        at=at,
        program_id=program.pk,
        payload={"user": str(membership.user_id), "role": membership.role, "reason": reason},
    )
    membership.delete()
