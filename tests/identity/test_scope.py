"""Who sees what: roles in a program reach that program, staff of the house reach all."""

import pytest

from audit.models import Entry
from identity import rules
from identity.models import Membership, Program, User
from identity.states import Role
from tests.factories import EntryFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_member_sees_own_programs_only(bob: User, charlie: User) -> None:
    assert [program.slug for program in Program.objects.for_user(bob)] == ["acme"]
    assert [program.slug for program in Program.objects.for_user(charlie)] == ["other"]


def test_staff_of_the_house_see_every_program(alice: User, bob: User, charlie: User) -> None:
    assert {program.slug for program in Program.objects.for_user(alice)} == {"house", "acme", "other"}


def test_a_customer_of_the_house_sees_the_house_only(house: Program, bob: User) -> None:
    customer = MembershipFactory(program=house, role=Role.CUSTOMER).user

    assert list(Program.objects.for_user(customer)) == [house]


def test_a_person_without_a_role_sees_nothing(bob: User) -> None:
    nobody = UserFactory()

    assert not Program.objects.for_user(nobody).exists()
    assert not Entry.objects.for_user(nobody).exists()
    assert not nobody.may("admin.enter")


def test_an_inactive_person_may_nothing(alice: User) -> None:
    alice.is_active = False

    assert not alice.may("admin.enter")


def test_a_program_owner_reads_that_program_s_journal_only(program: Program, charlie: User, alice: User) -> None:
    owner = MembershipFactory(program=program, role=Role.OWNER).user
    here = EntryFactory(program_id=program.pk)
    elsewhere = EntryFactory(program_id=charlie.memberships.get().program_id)
    of_no_program = EntryFactory(program_id=None)

    assert set(Entry.objects.for_user(owner)) == {here}
    assert set(Entry.objects.for_user(alice)) == {here, elsewhere, of_no_program}


def test_only_the_house_s_staff_see_the_machinery(program: Program, alice: User) -> None:
    owner = MembershipFactory(program=program, role=Role.OWNER).user

    assert not owner.may("operations.read")
    assert alice.may("operations.read")


def test_people_are_seen_by_staff_of_their_programs(bob: User, charlie: User) -> None:
    assert bob in User.objects.for_user(bob)
    assert charlie not in User.objects.for_user(bob)
    assert not User.objects.for_user(charlie).exists()
    assert not Membership.objects.for_user(charlie).exists()


def test_every_role_has_a_line_in_the_table() -> None:
    assert set(rules.ROLE_PERMISSIONS) == set(Role.values)
    assert set(Role.values) > rules.STAFF_ROLES
