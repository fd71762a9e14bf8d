"""Making people, giving them roles, and the first owner."""

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import Entry
from identity import rules
from identity.errors import EmailTaken, HouseHasOwners, LastOwner, MembershipExists, NeedsProposal
from identity.models import Membership, Program, User
from identity.operations import add_membership, bootstrap_owner, create_user, grant_role, remove_membership
from identity.states import Role
from tests.factories import PASSWORD, MembershipFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting")]


def test_an_address_is_stored_in_lower_case() -> None:
    user = create_user(email=" Dora@Example.COM ", password=PASSWORD, at=timezone.now())

    assert user.email == "dora@example.com"
    assert user.check_password(PASSWORD)


def test_refuses_an_address_that_is_taken_whatever_its_capitals() -> None:
    UserFactory(email="dora@example.com")

    with pytest.raises(EmailTaken):
        create_user(email="DORA@example.com", password=PASSWORD, at=timezone.now())

    assert User.objects.count() == 1
    assert not Entry.objects.exists()


def test_the_database_refuses_capitals_in_an_address() -> None:
    user = UserFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(email="Dora@example.com")


def test_a_person_without_a_password_can_not_sign_in() -> None:
    user = create_user(email="dora@example.com", password=None, at=timezone.now())

    assert not user.has_usable_password()


def test_a_role_is_held_once(program: Program) -> None:
    user = UserFactory()
    add_membership(user=user, program=program, role=Role.SUPPORT, at=timezone.now())

    with pytest.raises(MembershipExists):
        add_membership(user=user, program=program, role=Role.SUPPORT, at=timezone.now())

    assert Membership.objects.filter(user=user).count() == 1
    assert Entry.objects.filter(action="identity.membership.added").count() == 1


def test_the_database_refuses_an_unknown_role(program: Program) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        MembershipFactory(program=program, role="EMPEROR")


def test_the_first_owner_opens_the_house() -> None:
    owner = bootstrap_owner(email="olivia@example.com", password=PASSWORD, at=timezone.now())

    membership = owner.memberships.get()
    assert (membership.role, membership.program.slug) == (Role.OWNER, "house")


def test_the_hand_that_makes_the_first_owner_makes_the_second_and_no_third(alice: User) -> None:
    bootstrap_owner(email="oscar@example.com", password=PASSWORD, at=timezone.now())

    with pytest.raises(HouseHasOwners):
        bootstrap_owner(email="mallory@example.com", password=PASSWORD, at=timezone.now())

    assert not User.objects.filter(email="mallory@example.com").exists()


def test_createsuperuser_makes_the_first_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    call_command("createsuperuser", "--no-input", email="olivia@example.com")

    assert User.objects.get(email="olivia@example.com").may("admin.enter")
    assert Entry.objects.filter(action="identity.user.created", actor_id="createsuperuser").exists()


@pytest.mark.parametrize(("email", "password"), [("", PASSWORD), ("nonsense", PASSWORD), ("a@example.com", "short")])
def test_createsuperuser_refuses_nonsense(monkeypatch: pytest.MonkeyPatch, email: str, password: str) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", password)

    with pytest.raises(CommandError):
        call_command("createsuperuser", "--no-input", email=email)

    assert not User.objects.exists()


def test_taking_a_role_away_is_recorded_and_works_at_once(program: Program) -> None:
    membership = MembershipFactory(program=program, role=Role.SUPPORT)

    remove_membership(membership.pk, reason="left", at=timezone.now())

    assert not Membership.objects.exists()
    entry = Entry.objects.get(action="identity.membership.removed")
    assert entry.payload == {"user": str(membership.user_id), "role": "SUPPORT", "reason": "left"}


def test_the_last_owner_stays(program: Program) -> None:
    membership = MembershipFactory(program=program, role=Role.OWNER)
    MembershipFactory(program=program, role=Role.OWNER, user=UserFactory(is_active=False))

    with pytest.raises(LastOwner):
        remove_membership(membership.pk, reason="left", at=timezone.now())

    assert Membership.objects.filter(pk=membership.pk).exists()
    MembershipFactory(program=program, role=Role.OWNER)
    remove_membership(membership.pk, reason="left", at=timezone.now())
    assert not Membership.objects.filter(pk=membership.pk).exists()


@pytest.mark.parametrize("role", sorted(rules.MONEY_ROLES))
def test_one_person_gives_no_role_that_moves_money(program: Program, role: str) -> None:
    user = UserFactory(email="nora@example.com")

    with pytest.raises(NeedsProposal):
        grant_role(email=user.email, program=program, role=Role(role), at=timezone.now())

    assert not Membership.objects.exists()
