"""Make the first two owners of the house, who let everybody else in."""

from datetime import datetime

from django.db import transaction

from identity import rules
from identity.errors import HouseHasOwners
from identity.models import Membership, Program, User
from identity.operations.add_membership import add_membership
from identity.operations.create_program import create_program
from identity.operations.create_user import create_user
from identity.states import Role


@transaction.atomic
def bootstrap_owner(*, email: str, password: str, at: datetime) -> User:
    """Open the house when it does not exist, and make one of its first two owners.

    Two, because a third is proposed by one and voted on by another: a house with a single owner could never grow.

    :raises HouseHasOwners: if the house has two; more come by a proposal.
    :raises EmailTaken: if somebody signs in with ``email`` already.
    """
    house = Program.objects.filter(slug=rules.HOUSE_SLUG).first()
    if house is None:
        house = create_program(name="House", slug=rules.HOUSE_SLUG, at=at)
    # Two commands at once must not make a third owner: the second waits here and then sees the first's.
    Program.objects.select_for_update(no_key=True, of=("self",)).get(pk=house.pk)
    if Membership.objects.filter(program=house, role=Role.OWNER).count() >= rules.BOOTSTRAP_OWNERS:
        raise HouseHasOwners

    user = create_user(email=email, password=password, at=at)
    add_membership(user=user, program=house, role=Role.OWNER, at=at)
    return user
