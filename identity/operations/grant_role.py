"""Give a person a role that moves no money."""

from datetime import datetime

from django.db import transaction

from identity import rules
from identity.errors import NeedsProposal, UnknownPerson
from identity.models import Membership, Program, User
from identity.operations.add_membership import add_membership
from identity.states import Role


@transaction.atomic
def grant_role(*, email: str, program: Program, role: Role, at: datetime) -> Membership:
    """Make whoever signs in with ``email`` a ``role`` of ``program``.

    :raises NeedsProposal: if the role can move money: two people decide on that.
    :raises UnknownPerson: if nobody signs in with the address.
    :raises MembershipExists: if they are already.
    """
    if role in rules.MONEY_ROLES:
        raise NeedsProposal(role=role.label)
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        raise UnknownPerson

    return add_membership(user=user, program=program, role=role, at=at)
