"""Give a person a role in a program."""

from datetime import datetime

from django.db import IntegrityError, transaction

from audit.operations import record
from identity.errors import MembershipExists
from identity.models import Membership, Program, User
from identity.states import Role


@transaction.atomic
def add_membership(*, user: User, program: Program, role: Role, at: datetime) -> Membership:
    """Make ``user`` a ``role`` of ``program``.

    :raises MembershipExists: if they are already.
    """
    membership = Membership(user=user, program=program, role=role, created_at=at)
    try:
        with transaction.atomic():
            membership.save(force_insert=True)
    except IntegrityError as collision:
        raise MembershipExists(role=role.label, program=program.slug) from collision

    record(
        "identity.membership.added",
        subject=membership,
        at=at,
        program_id=program.pk,
        payload={"user": str(user.pk), "role": role.value},
    )
    return membership
