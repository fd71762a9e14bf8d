"""The four-eyes queue in the back office, as an approver walks it on a Monday morning."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.context import acting_as
from identity.models import Membership, Program, Proposal, User
from identity.operations import propose, revise_proposal
from identity.proposable import GRANT_ROLE
from identity.states import Role
from tests.factories import MembershipFactory, UserFactory
from tests.signed_in import BACKEND, with_second_factor

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    return with_second_factor(Client(), user)


def ballot_on(proposal: Proposal) -> dict[str, str | int]:
    return {"revision": 1, "digest": proposal.digest, "decision": "APPROVE"}


def owner(name: str, program: Program) -> User:
    user = UserFactory(email=f"{name}@example.com", name=name.title())
    MembershipFactory(user=user, program=program, role=Role.OWNER, created_at=timezone.now() - timedelta(days=2))
    return user


@pytest.fixture
def olivia(program: Program) -> User:
    return owner("olivia", program)


@pytest.fixture
def oscar(program: Program) -> User:
    return owner("oscar", program)


@pytest.fixture
def nora(db: None) -> User:
    return UserFactory(email="nora@example.com", name="Nora")


@pytest.fixture
def proposal(program: Program, olivia: User, oscar: User, nora: User) -> Proposal:
    with acting_as("user", str(olivia.pk)):
        return propose(
            GRANT_ROLE,
            program=program,
            payload={"email": "nora@example.com", "role": "FINANCE_MAKER"},
            reason="she joins us",
            by=olivia,
            at=timezone.now(),
        )


def page(client: Client, proposal: Proposal) -> str:
    answer = client.get(reverse("admin:identity_proposal_change", args=[proposal.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def cast(client: Client, proposal: Proposal, **changes: Any) -> str:
    ballot = {"revision": 1, "digest": proposal.digest, "decision": "APPROVE", "comment": "", **changes}
    answer = client.post(reverse("admin:identity_proposal_vote", args=[proposal.pk]), ballot, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_home_page_says_what_waits_for_whom(proposal: Proposal, olivia: User, oscar: User) -> None:
    assert "Grant a role: Acme" in client_of(oscar).get("/admin/").content.decode()
    assert "Grant a role: Acme" not in client_of(olivia).get("/admin/").content.decode()


def test_the_page_says_what_is_proposed_and_offers_the_ballot(proposal: Proposal, oscar: User) -> None:
    text = page(client_of(oscar), proposal)

    for words in ("nora@example.com", "Finance maker", "she joins us", "Olivia", "Approve", "Reject", proposal.digest):
        assert words in text


def test_the_maker_is_offered_to_take_it_back_and_no_ballot(proposal: Proposal, olivia: User) -> None:
    text = page(client_of(olivia), proposal)

    assert "Approve</button>" not in text
    assert "you have no vote on it" in text
    assert "Take back" in text


def test_an_approver_s_vote_carries_it_out(proposal: Proposal, oscar: User, nora: User) -> None:
    text = cast(client_of(oscar), proposal, comment="welcome")

    assert "Voted." in text
    assert "welcome" in text
    assert Membership.objects.get(user=nora).role == Role.FINANCE_MAKER


def test_a_maker_who_forges_the_form_is_refused(proposal: Proposal, olivia: User, nora: User) -> None:
    text = cast(client_of(olivia), proposal)

    assert "you have no vote on it" in text
    assert "Nothing was changed" in text
    assert not Membership.objects.filter(user=nora).exists()


def test_a_page_that_was_open_while_it_changed_votes_on_nothing(proposal: Proposal, olivia: User, oscar: User) -> None:
    client = client_of(oscar)
    page(client, proposal)
    with acting_as("user", str(olivia.pk)):
        revise_proposal(proposal.pk, payload={"email": "nora@example.com", "role": "OWNER"}, reason="more", by=olivia,
                        at=timezone.now())  # fmt: skip

    assert "has changed since you read it" in cast(client, proposal)
    assert Proposal.objects.get().state == "PROPOSED"
    text = page(client, proposal)
    assert "<del>Finance maker</del>" in text
    assert "<ins>Owner</ins>" in text


def test_taking_it_back(proposal: Proposal, olivia: User, oscar: User) -> None:
    url = reverse("admin:identity_proposal_recall", args=[proposal.pk])

    client_of(oscar).post(url, {"reason": "no"})
    assert Proposal.objects.get().state == "PROPOSED"
    client_of(olivia).post(url, {"reason": ""})
    assert Proposal.objects.get().state == "PROPOSED"
    client_of(olivia).post(url, {"reason": "mistake"})
    assert Proposal.objects.get().state == "RECALLED"


def test_a_stranger_from_another_program_finds_nothing(proposal: Proposal, charlie: User) -> None:
    client = client_of(owner("stranger", charlie.memberships.get().program))

    assert str(proposal.pk) not in client.get(reverse("admin:identity_proposal_changelist")).content.decode()
    vote = client.post(reverse("admin:identity_proposal_vote", args=[proposal.pk]),
                       ballot_on(proposal))  # fmt: skip
    assert vote.status_code == 404
    assert not proposal.votes.exists()


def test_a_get_votes_on_nothing(proposal: Proposal, oscar: User) -> None:
    client_of(oscar).get(
        reverse("admin:identity_proposal_vote", args=[proposal.pk]),
        ballot_on(proposal),
    )

    assert not proposal.votes.exists()


@pytest.mark.parametrize("change", [{"revision": "x"}, {"digest": "x"}, {"decision": "MAYBE"}, {"comment": "x" * 501}])
def test_a_ballot_that_makes_no_sense_changes_nothing(proposal: Proposal, oscar: User, change: dict[str, str]) -> None:
    cast(client_of(oscar), proposal, **change)

    assert not proposal.votes.exists()


def test_a_kind_that_nobody_registers_any_more_is_still_shown(proposal: Proposal, oscar: User) -> None:
    with acting_as("test", "pytest"):
        orphan = Proposal.objects.create(
            program=proposal.program, kind="gone.kind", reason="old", payload={"some": "thing"}, digest="0" * 64,
            votes_needed=1, voter_roles=["OWNER"], proposed_at=timezone.now(), expires_at=timezone.now(),
        )  # fmt: skip

    assert "thing" in page(client_of(oscar), orphan)
    assert "gone.kind" in client_of(oscar).get(reverse("admin:identity_proposal_changelist")).content.decode()


# Giving a role


def give(client: Client, program: Program, *, role: str, email: str = "nora@example.com") -> Any:
    form = {"email": email, "program": str(program.pk), "role": role, "reason": "she joins us"}
    return client.post(reverse("admin:identity_membership_give"), form, follow=True)


def test_a_role_without_money_is_given_at_once(program: Program, olivia: User, nora: User) -> None:
    give(client_of(olivia), program, role="SUPPORT", email=" NORA@example.com")

    assert Membership.objects.get(user=nora).role == Role.SUPPORT
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("role", ["OWNER", "FINANCE_MAKER", "FINANCE_APPROVER"])
def test_a_role_with_money_is_proposed(program: Program, olivia: User, oscar: User, nora: User, role: str) -> None:
    answer = give(client_of(olivia), program, role=role)

    assert "waits for another owner" in answer.content.decode()
    assert Proposal.objects.get().payload == {"email": "nora@example.com", "role": role}
    assert not Membership.objects.filter(user=nora).exists()


def test_an_owner_alone_is_told_that_nobody_could_vote(program: Program, olivia: User, nora: User) -> None:
    answer = give(client_of(olivia), program, role="OWNER")

    assert "only 0 people could give one" in answer.content.decode()
    assert not Proposal.objects.exists()


def test_others_have_no_such_page(program: Program, bob: User, charlie: User, olivia: User, nora: User) -> None:
    assert give(client_of(bob), program, role="SUPPORT").status_code == 403
    stranger = owner("stranger", charlie.memberships.get().program)
    assert "Select a valid choice" in give(client_of(stranger), program, role="SUPPORT").content.decode()
    assert not Membership.objects.filter(user=nora).exists()


def test_an_unknown_person_is_refused_and_the_form_keeps_what_was_typed(program: Program, olivia: User) -> None:
    answer = give(client_of(olivia), program, role="SUPPORT", email="nobody@example.com")

    text = answer.content.decode()
    assert "Nobody signs in with this address" in text
    assert 'value="nobody@example.com"' in text


@pytest.mark.parametrize("seconds_ago", [None, 301])
def test_a_vote_asks_for_a_second_factor_shown_just_now(
    proposal: Proposal, oscar: User, seconds_ago: int | None
) -> None:
    client = Client()
    client.force_login(oscar, backend=BACKEND)
    if seconds_ago is not None:
        with_second_factor(client, oscar, seconds_ago=seconds_ago)

    assert "Set one up on your security page" in cast(client, proposal)
    assert not proposal.votes.exists()
    Authenticator.objects.create(user=oscar, type=Authenticator.Type.TOTP, data={"secret": "x"})
    answer = client.post(reverse("admin:identity_proposal_vote", args=[proposal.pk]), ballot_on(proposal))

    assert answer["Location"].startswith(reverse("mfa_reauthenticate"))
    assert str(proposal.pk) in answer["Location"]
    assert not proposal.votes.exists()
