"""Make the first owner of the house, who lets everybody else in."""

from datetime import datetime

from django.db import transaction

from identity import rules
from identity.errors import HouseHasOwner
from identity.models import Membership, Program, User
from identity.operations.add_membership import add_membership
from identity.operations.create_program import create_program
from identity.operations.create_user import create_user
from identity.states import Role


@transaction.atomic
def bootstrap_owner(*, email: str, password: str, at: datetime) -> User:
    """Open the house when it does not exist, and make its first owner.

    :raises HouseHasOwner: if the house has an owner; more come by a proposal that two people agree on.
    :raises EmailTaken: if somebody signs in with ``email`` already.
    """
    house = Program.objects.filter(slug=rules.HOUSE_SLUG).first()
    if house is None:
        house = create_program(name="House", slug=rules.HOUSE_SLUG, at=at)
    # Two commands at once must not make two owners: the second waits here and then sees the first.
    Program.objects.select_for_update(no_key=True, of=("self",)).get(pk=house.pk)
    if Membership.objects.filter(program=house, role=Role.OWNER).exists():
        raise HouseHasOwner

    user = create_user(email=email, password=password, at=at)
    add_membership(user=user, program=house, role=Role.OWNER, at=at)
    return user
