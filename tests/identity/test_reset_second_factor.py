"""A lost second factor goes when two others agree, takes every sign-in along, and gives nobody a vote quickly."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from audit.errors import DomainError
from audit.models import Entry
from identity import tokens
from identity.errors import (
    HouseDecides,
    NoSecondFactor,
    NotAMember,
    PolicyUnsatisfiable,
    RoleTooYoung,
    SecondFactorTooYoung,
    UnknownPerson,
    VoterIsConcerned,
    VoterIsMaker,
)
from identity.models import Program, Proposal, ProposalVote, TokenFamily, User
from identity.operations import issue_tokens, propose, refresh_tokens, reset_second_factor, revise_proposal, vote
from identity.proposable import GRANT_ROLE
from identity.proposable.second_factors import RESET_SECOND_FACTOR
from identity.queries import bearer_of, may_vote, waiting_for
from identity.states import Decision, ProposalState, Role
from tests.factories import MembershipFactory, UserFactory
from tests.signed_in import BACKEND, with_second_factor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting")]

NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=30)


def secured(user: User) -> User:
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    return user


def person(name: str, program: Program, role: Role = Role.OWNER, since: datetime = LONG_AGO) -> User:
    user = UserFactory(email=f"{name}@example.com", name=name.title())
    MembershipFactory(user=user, program=program, role=role, created_at=since)
    return secured(user)


@pytest.fixture
def olivia(program: Program) -> User:
    return person("olivia", program)


@pytest.fixture
def oscar(program: Program) -> User:
    return person("oscar", program)


@pytest.fixture
def nora(program: Program) -> User:
    """Somebody who has lost a phone."""
    return person("nora", program, Role.FINANCE_APPROVER)


def make(program: Program, person: User, *, by: User, at: datetime = NOW) -> Proposal:
    payload = {"email": person.email}
    return propose(RESET_SECOND_FACTOR, program=program, payload=payload, reason="lost the phone", by=by, at=at)


def cast(proposal: Proposal, *, by: User, at: datetime = NOW) -> Proposal:
    proposal.refresh_from_db()
    words = {"revision": proposal.revision, "digest": proposal.digest, "decision": Decision.APPROVE}
    return vote(proposal.pk, by=by, at=at, **words)  # type: ignore[arg-type]


def refused(error: type[DomainError], act: Any) -> DomainError:
    """Expect a refusal, and that nobody lost anything."""
    before = (Authenticator.objects.count(), Proposal.objects.count(), Entry.objects.count())
    with pytest.raises(error) as caught, transaction.atomic():
        act()
    assert (Authenticator.objects.count(), Proposal.objects.count(), Entry.objects.count()) == before
    return caught.value


def test_two_people_take_it_away(program: Program, olivia: User, oscar: User, nora: User) -> None:
    decided = cast(make(program, nora, by=olivia), by=oscar)

    assert decided.state == ProposalState.EXECUTED
    assert decided.result == {"user": str(nora.pk), "removed": ["recovery_codes", "totp"]}
    assert not Authenticator.objects.filter(user=nora).exists()
    assert Authenticator.objects.filter(user__in=(olivia, oscar)).count() == 4
    entry = Entry.objects.about(nora).get(action="identity.user.second_factor_reset")
    assert entry.payload == {"removed": ["recovery_codes", "totp"], "proposal": str(decided.pk)}
    assert entry.program_id == program.pk


def test_it_says_whom_it_is_about_and_what_goes(program: Program, olivia: User, oscar: User, nora: User) -> None:
    proposal = make(program, nora, by=olivia)

    client = with_second_factor(Client(), oscar)
    text = client.get(reverse("admin:identity_proposal_change", args=[proposal.pk])).content.decode()

    for words in ("Reset a second factor", "Nora, nora@example.com", "Authenticator app, since", "Recovery codes"):
        assert words in text


def test_every_sign_in_ends(program: Program, olivia: User, oscar: User, nora: User) -> None:
    browser, tracked = Client(), Client()
    browser.force_login(nora, backend=BACKEND)  # no table lists this one
    tracked.force_login(nora, backend=BACKEND)
    UserSession.objects.create(user=nora, ip="10.0.0.1", session_key=tracked.session.session_key, user_agent="x")
    pair = issue_tokens(user=nora, second_factor="totp", at=NOW)
    others = Client()
    others.force_login(oscar, backend=BACKEND)

    cast(make(program, nora, by=olivia), by=oscar)

    for client in (browser, tracked):
        assert client.get("/portal/").status_code == 302
    assert not UserSession.objects.filter(user=nora).exists()
    with pytest.raises(tokens.BadToken):
        bearer_of(pair.access, at=NOW)
    with pytest.raises(tokens.BadToken):
        refresh_tokens(pair.refresh, at=NOW)
    assert others.get("/portal/").status_code == 200


def test_what_was_being_signed_meanwhile_opens_nothing(program: Program, olivia: User, oscar: User, nora: User) -> None:
    signing_in = User.objects.get(pk=nora.pk)  # read before, used after
    cast(make(program, nora, by=olivia), by=oscar)

    late = issue_tokens(user=signing_in, second_factor="totp", at=NOW)
    browser = Client()
    browser.force_login(signing_in, backend=BACKEND)

    assert TokenFamily.objects.filter(user=nora, revoked_at=None).exists()
    with pytest.raises(tokens.BadToken):
        bearer_of(late.access, at=NOW)
    assert browser.get("/portal/").status_code == 302
    fresh = issue_tokens(user=User.objects.get(pk=nora.pk), second_factor="none", at=NOW)
    assert bearer_of(fresh.access, at=NOW)[0] == nora


# Who has no vote


def test_whom_it_is_about_has_no_vote(program: Program, olivia: User, oscar: User) -> None:
    third = person("otto", program)
    proposal = make(program, oscar, by=olivia)

    refused(VoterIsConcerned, lambda: cast(proposal, by=oscar))
    assert not may_vote(proposal, user=oscar, at=NOW)
    assert waiting_for(oscar, at=NOW) == []
    assert waiting_for(third, at=NOW) == [proposal]


def test_one_may_ask_for_it_oneself_and_another_decides(program: Program, olivia: User, oscar: User) -> None:
    proposal = make(program, oscar, by=oscar)

    refused(VoterIsMaker, lambda: cast(proposal, by=oscar))
    assert cast(proposal, by=olivia).state == ProposalState.EXECUTED


def test_of_two_owners_the_one_who_makes_it_leaves_nobody_to_vote(program: Program, olivia: User, oscar: User) -> None:
    refused(PolicyUnsatisfiable, lambda: make(program, oscar, by=olivia))


def insert_vote(proposal: Proposal, by: User) -> None:
    ProposalVote.objects.create(
        proposal=proposal, by=by, revision=proposal.revision, digest=proposal.digest, decision="APPROVE", at=NOW
    )


def test_the_database_refuses_the_vote_of_whom_it_is_about(program: Program, olivia: User, oscar: User) -> None:
    third = person("otto", program)
    proposal = make(program, oscar, by=olivia)

    with pytest.raises(DatabaseError, match="whom it is about has no vote"), transaction.atomic():
        insert_vote(proposal, oscar)
    insert_vote(proposal, third)


def test_another_person_in_the_wording_is_another_person_without_a_vote(
    program: Program, olivia: User, oscar: User, nora: User
) -> None:
    third = person("otto", program)
    proposal = make(program, nora, by=olivia)

    revise_proposal(proposal.pk, payload={"email": oscar.email}, reason="a mistake", by=olivia, at=NOW)

    refused(VoterIsConcerned, lambda: cast(proposal, by=oscar))
    assert cast(proposal, by=third).state == ProposalState.EXECUTED
    assert not Authenticator.objects.filter(user=oscar).exists()


def test_the_database_holds_the_wording_to_whom_it_is_about(
    program: Program, olivia: User, oscar: User, nora: User
) -> None:
    proposal = make(program, nora, by=olivia)

    for change in ({"subject_id": str(uuid4())}, {"subject_type": ""}, {"payload": {"user": str(oscar.pk)}}):
        with pytest.raises(DatabaseError, match="reset_is_about_its_person"), transaction.atomic():
            Proposal.objects.filter(pk=proposal.pk).update(revision=2, **change)


# Afterwards


def test_a_new_second_factor_has_no_vote_at_once(program: Program, olivia: User, oscar: User, nora: User) -> None:
    third = person("otto", program)
    cast(make(program, oscar, by=olivia), by=third)
    secured(oscar)  # whoever it is that signs in as Oscar now
    waiting = propose(GRANT_ROLE, program=program, payload={"email": "nora@example.com", "role": "FINANCE_MAKER"},
                      reason="x", by=olivia, at=NOW)  # fmt: skip

    refused(SecondFactorTooYoung, lambda: cast(waiting, by=oscar, at=NOW + timedelta(hours=23)))
    assert not may_vote(waiting, user=oscar, at=NOW + timedelta(hours=23))
    assert cast(waiting, by=oscar, at=NOW + timedelta(hours=25)).state == ProposalState.EXECUTED


def test_a_young_role_is_still_called_a_young_role(program: Program, olivia: User, oscar: User, nora: User) -> None:
    young = person("yara", program, since=NOW - timedelta(hours=1))

    refused(RoleTooYoung, lambda: cast(make(program, nora, by=olivia), by=young))


def test_nothing_is_reset_twice(program: Program, olivia: User, oscar: User, nora: User) -> None:
    first, second = make(program, nora, by=olivia), make(program, nora, by=olivia)
    cast(first, by=oscar)

    refused(NoSecondFactor, lambda: cast(second, by=oscar))
    second.refresh_from_db()
    assert second.state == ProposalState.PROPOSED
    assert not second.votes.exists()


# Within whose reach


def test_people_elsewhere_are_nobody_here(program: Program, olivia: User, oscar: User, charlie: User) -> None:
    secured(charlie)

    elsewhere = refused(NotAMember, lambda: make(program, charlie, by=olivia))
    payload = {"email": "nobody@example.com"}
    nobody = refused(
        NotAMember,
        lambda: propose(RESET_SECOND_FACTOR, program=program, payload=payload, reason="x", by=olivia, at=NOW),
    )

    assert str(elsewhere) == str(nobody)


def test_an_account_that_opens_more_is_the_house_s_to_decide(
    program: Program, house: Program, olivia: User, oscar: User, nora: User, charlie: User
) -> None:
    MembershipFactory(user=nora, program=charlie.memberships.get().program, role=Role.CUSTOMER)
    alice, adam = person("alice", house), person("adam", house)

    refused(HouseDecides, lambda: make(program, nora, by=olivia))
    proposal = make(house, nora, by=alice)
    assert not may_vote(proposal, user=oscar, at=NOW)
    assert cast(proposal, by=adam).state == ProposalState.EXECUTED


def test_staff_of_the_house_is_the_house_s_to_decide(
    program: Program, house: Program, olivia: User, oscar: User, nora: User
) -> None:
    MembershipFactory(user=nora, program=house, role=Role.SUPPORT)

    refused(HouseDecides, lambda: make(program, nora, by=olivia))


def test_who_came_to_open_more_meanwhile_is_not_reset(
    program: Program, house: Program, olivia: User, oscar: User, nora: User
) -> None:
    proposal = make(program, nora, by=olivia)
    MembershipFactory(user=nora, program=house, role=Role.SUPPORT)

    refused(HouseDecides, lambda: cast(proposal, by=oscar))


def test_who_has_none_or_is_nobody_is_refused(program: Program, house: Program, olivia: User, oscar: User) -> None:
    bare = UserFactory(email="bare@example.com")
    MembershipFactory(user=bare, program=program)
    gone = secured(UserFactory(email="gone@example.com", is_active=False))
    alice, _ = person("alice", house), person("adam", house)

    refused(NoSecondFactor, lambda: make(program, bare, by=olivia))
    refused(UnknownPerson, lambda: make(house, gone, by=alice))
    with pytest.raises(NoSecondFactor):
        reset_second_factor(bare.pk, proposal=Proposal(pk=uuid4(), program=program), at=NOW)


# Over the API


def ask(user: User, payload: Any, program: str = "acme") -> Any:
    body = {"kind": RESET_SECOND_FACTOR, "program": program, "reason": "lost the phone", "payload": payload}
    client = with_second_factor(APIClient(), user)
    return client.post("/api/v2/proposals", body, headers={"Idempotency-Key": uuid4().hex})


def test_it_is_proposed_over_the_api(program: Program, olivia: User, oscar: User, nora: User) -> None:
    answer = ask(olivia, {"email": " NORA@example.com"})

    assert answer.status_code == 201
    assert {"label": "Person", "now": "Nora, nora@example.com", "before": None} in answer.json()["says"]
    assert Proposal.objects.get().person_concerned == nora.pk


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.FINANCE_MAKER, Role.FINANCE_APPROVER, Role.AUDITOR])
def test_owners_alone_propose_it(role: Role, program: Program, olivia: User, oscar: User, nora: User) -> None:
    assert ask(person("somebody", program, role), {"email": nora.email}).status_code == 403
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    "payload",
    [{}, {"email": None}, {"email": ["nora@example.com"]}, {"email": {"a": 1}}, {"user": "x"}, {"user": None},
     {"user": 7}, {"email": "x" * 10_000}, {"email": "nora@example.com", "user": str(uuid4())}],
)  # fmt: skip
def test_a_payload_that_names_nobody_is_refused(payload: Any, olivia: User, oscar: User, nora: User) -> None:
    answer = ask(olivia, payload)

    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_member")
    assert not Proposal.objects.exists()


# In the back office


def page(reader: User, user: User) -> str:
    answer = with_second_factor(Client(), reader).get(reverse("admin:identity_user_change", args=[user.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_person_s_page_proposes_it(program: Program, olivia: User, oscar: User, nora: User) -> None:
    assert "Propose a reset" in page(olivia, nora)

    client = with_second_factor(Client(), olivia)
    url = reverse("admin:identity_user_propose_reset", args=[nora.pk])
    client.get(url, {"reason": "x"})
    client.post(url, {"reason": ""})
    assert not Proposal.objects.exists()
    text = client.post(url, {"reason": "lost the phone; called back"}, follow=True).content.decode()

    assert "waits for another owner" in text
    assert Proposal.objects.get().person_concerned == nora.pk
    again = page(olivia, nora)
    assert "A reset is proposed" in again
    assert "Propose a reset" not in again


def test_others_are_not_shown_what_secures_an_account(
    program: Program, house: Program, olivia: User, nora: User, bob: User
) -> None:
    assert "Authenticator app" not in page(bob, nora)
    MembershipFactory(user=nora, program=house, role=Role.SUPPORT)
    assert "Authenticator app" not in page(olivia, nora)

    url = reverse("admin:identity_user_propose_reset", args=[nora.pk])
    for user in (bob, olivia):
        assert with_second_factor(Client(), user).post(url, {"reason": "x"}).status_code == 403
    assert not Proposal.objects.exists()


def test_whom_it_is_about_is_told_why_there_is_no_ballot(program: Program, olivia: User, oscar: User) -> None:
    person("otto", program)
    proposal = make(program, oscar, by=olivia)

    client = with_second_factor(Client(), oscar)
    text = client.get(reverse("admin:identity_proposal_change", args=[proposal.pk])).content.decode()

    assert "This proposal is about you" in text
    assert "Approve</button>" not in text
