"""What doors refuse is journalled: votes in vain, and knocking at another program's door; little of it, and unseen."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from audit.context import acting_as
from audit.models import Entry
from identity.doors.refusals import PROBED, VOTE_REFUSED
from identity.models import ApiKey, Membership, Party, Program, Proposal, User
from identity.operations import issue_tokens, note_export, note_refusal, propose
from identity.operations.note_refusal import LINES_AT_MOST
from identity.proposable import GRANT_ROLE
from identity.states import Role
from tests.access.rows import row_of
from tests.factories import MembershipFactory, ProgramFactory, UserFactory
from tests.identity.test_api_keys import calling
from tests.signed_in import BACKEND, with_second_factor

pytestmark = pytest.mark.django_db


def person(name: str, program: Program, role: Role = Role.OWNER, *, days: int = 2) -> User:
    user = UserFactory(email=f"{name}@example.com", name=name.title())
    MembershipFactory(user=user, program=program, role=role, created_at=timezone.now() - timedelta(days=days))
    return user


@pytest.fixture
def olivia(program: Program) -> User:
    return person("olivia", program)


@pytest.fixture
def xanadu(db: None) -> Program:
    return ProgramFactory(slug="xanadu", name="Xanadu")


@pytest.fixture
def proposal(program: Program, olivia: User) -> Proposal:
    person("oscar", program)
    UserFactory(email="nora@example.com")
    with acting_as("user", str(olivia.pk)):
        return propose(
            GRANT_ROLE,
            program=program,
            payload={"email": "nora@example.com", "role": "FINANCE_MAKER"},
            reason="she joins us",
            by=olivia,
            at=timezone.now(),
        )


def refused(action: str = VOTE_REFUSED) -> list[tuple[str, str]]:
    """Return who was refused, and with which code."""
    return [(entry.actor_id, entry.payload["code"]) for entry in Entry.objects.filter(action=action).order_by("id")]


# Votes


def ballot(proposal: Proposal, **changes: Any) -> dict[str, Any]:
    return {"revision": proposal.revision, "digest": proposal.digest, "decision": "APPROVE", "comment": "", **changes}


def vote_at_the_api(voter: User, proposal: Proposal, *, factor: bool = True, **changes: Any) -> int:
    client = with_second_factor(APIClient(), voter, seconds_ago=0 if factor else 3600)
    return int(client.post(f"/api/v2/proposals/{proposal.pk}/vote", ballot(proposal, **changes)).status_code)


def vote_in_the_back_office(voter: User, proposal: Proposal, *, factor: bool = True, **changes: Any) -> int:
    client = with_second_factor(Client(), voter, seconds_ago=0 if factor else 3600)
    url = reverse("admin:identity_proposal_vote", args=[proposal.pk])
    return int(client.post(url, ballot(proposal, **changes)).status_code)


VOTES: dict[str, tuple[str, Role, int, dict[str, Any]]] = {
    "voter_is_maker": ("olivia", Role.OWNER, 2, {}),
    "not_an_approver": ("sam", Role.SUPPORT, 2, {}),
    "role_too_young": ("yuki", Role.OWNER, 0, {}),
    "proposal_changed": ("otto", Role.OWNER, 2, {"digest": "0" * 64}),
    "second_factor_required": ("otto", Role.OWNER, 2, {"factor": False}),
}


@pytest.mark.parametrize("door", [vote_at_the_api, vote_in_the_back_office])
@pytest.mark.parametrize("code", sorted(VOTES))
def test_a_vote_in_vain_is_journalled(code: str, door: Any, proposal: Proposal, program: Program, olivia: User) -> None:
    name, role, days, changes = VOTES[code]
    voter = olivia if name == "olivia" else person(name, program, role, days=days)

    door(voter, proposal, **changes)

    assert refused() == [(str(voter.pk), code)]
    line = Entry.objects.get(action=VOTE_REFUSED)
    assert (line.subject_id, line.program_id, line.actor_type) == (str(proposal.pk), program.pk, "user")
    assert line.sentence.startswith("Vote refused: ")
    assert len(line.sentence) > 30
    assert not proposal.votes.exists()


def test_a_vote_that_counts_leaves_no_refusal(proposal: Proposal) -> None:
    assert vote_at_the_api(User.objects.get(email="oscar@example.com"), proposal) == 200

    assert refused() == []


def test_a_vote_of_another_program_s_owner_is_a_probe(proposal: Proposal, xanadu: Program) -> None:
    outsider = person("xena", xanadu)

    assert vote_at_the_api(outsider, proposal) == 404
    assert vote_in_the_back_office(outsider, proposal) == 404

    assert refused() == []
    assert refused(PROBED) == [(str(outsider.pk), "not_found")]


def test_a_key_that_votes_is_journalled(proposal: Proposal, program: Program, olivia: User) -> None:
    key, credential = key_of(program, "proposal.read")

    answer = calling(credential).post(f"/api/v2/proposals/{proposal.pk}/vote", ballot(proposal))

    assert answer.status_code == 403
    assert refused() == [(str(key.pk), "not_permitted")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("door", [vote_at_the_api, vote_in_the_back_office])
def test_the_line_outlives_what_the_refusal_undid(door: Any, proposal: Proposal, olivia: User) -> None:
    door(olivia, proposal)

    assert refused() == [(str(olivia.pk), "voter_is_maker")]
    assert not proposal.votes.exists()


# Probes


def key_of(program: Program, *scopes: str) -> tuple[ApiKey, str]:
    from identity import rules

    now = timezone.now()
    prefix = uuid4().hex[:12]
    key = ApiKey.objects.create(
        program=program,
        name="calls",
        prefix=prefix,
        secret_hash=rules.hash_of("secret"),
        scopes=list(scopes),
        created_by=User.objects.first() or UserFactory(),
        created_at=now,
        expires_at=now + timedelta(days=1),
    )
    return key, f"{prefix}.secret"


def session_of(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user, backend=BACKEND)
    return client


def token_of(user: User) -> APIClient:
    with acting_as("test", "pytest"):
        token = issue_tokens(user=user, second_factor="none", at=timezone.now()).access
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


@pytest.mark.parametrize("sign_in", [session_of, token_of])
def test_asking_for_another_program_s_key_is_a_probe(sign_in: Any, olivia: User, xanadu: Program) -> None:
    foreign = row_of(ApiKey, xanadu)

    answer = sign_in(olivia).get(f"/api/v2/api-keys/{foreign.pk}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    line = Entry.objects.get(action=PROBED)
    assert (line.actor_type, line.actor_id) == ("user", str(olivia.pk))
    assert (line.subject_type, line.subject_id) == ("identity.apikey", str(foreign.pk))
    assert line.program_id == xanadu.pk  # those who were probed read of it
    assert line.correlation_id == answer.headers["X-Correlation-ID"]
    assert line.sentence == "Asked for another program's API key"


@pytest.mark.parametrize("ask", [{"X-Program": "xanadu"}, "?program=xanadu"])
def test_naming_another_program_is_a_probe(ask: Any, olivia: User, xanadu: Program) -> None:
    headers, query = (ask, "") if isinstance(ask, dict) else ({}, ask)

    assert session_of(olivia).get(f"/api/v2/api-keys{query}", headers=headers).status_code == 404

    assert refused(PROBED) == [(str(olivia.pk), "not_found")]
    line = Entry.objects.get(action=PROBED)
    assert (line.subject_id, line.sentence) == (str(xanadu.pk), "Asked for another program")


def test_a_program_in_the_body_is_one_too(olivia: User, xanadu: Program) -> None:
    client = session_of(olivia)
    wish = {"kind": GRANT_ROLE, "program": "xanadu", "payload": {}, "reason": "x"}

    assert client.post("/api/v2/proposals", wish, headers={"Idempotency-Key": "k"}).status_code == 404
    assert client.post("/api/v2/enterprise/reconcile", {"program_id": str(xanadu.pk)}).status_code == 404

    assert refused(PROBED) == [(str(olivia.pk), "not_found")]  # the same thing, within a minute


def test_a_key_used_for_another_program_is_a_probe(program: Program, xanadu: Program) -> None:
    key, credential = key_of(program, "setting.read")

    assert calling(credential).get("/api/v2/settings", headers={"X-Program": "xanadu"}).status_code == 404

    line = Entry.objects.get(action=PROBED)
    assert (line.actor_type, line.actor_id, line.program_id) == ("api_key", str(key.pk), xanadu.pk)


@pytest.mark.parametrize("page", ["change", "edit", "one"])
def test_another_program_s_page_is_one(page: str, olivia: User, xanadu: Program) -> None:
    party = row_of(Party, xanadu)
    url = (
        reverse("admin:identity_setting_one", args=["xanadu", "identity.nightly_hour"])
        if page == "one"
        else reverse(f"admin:identity_party_{page}", args=[party.pk])
    )
    client = Client()
    client.force_login(olivia, backend=BACKEND)

    client.get(url)

    assert refused(PROBED) == [(str(olivia.pk), "not_found")]
    assert Entry.objects.get(action=PROBED).program_id == xanadu.pk


def test_what_does_not_exist_is_no_probe(olivia: User, xanadu: Program) -> None:
    client = session_of(olivia)

    for url in (f"/api/v2/api-keys/{uuid4()}", "/api/v2/api-keys?program=neverland", "/api/v2/api-keys?program=%00"):
        assert client.get(url).status_code == 404
    for key in (str(uuid4()), "abc", "0"):
        client.get(f"/admin/identity/party/{key}/change/")

    assert refused(PROBED) == []


def test_one_s_own_that_is_hidden_for_another_reason_is_no_probe(olivia: User, program: Program) -> None:
    second = MembershipFactory(user=olivia, role=Role.OWNER).program
    key, _ = key_of(program, "program.read")

    answer = session_of(olivia).get(f"/api/v2/api-keys/{key.pk}", headers={"X-Program": second.slug})

    assert answer.status_code == 404
    assert refused(PROBED) == []


def test_strangers_leave_no_line(xanadu: Program) -> None:
    foreign = row_of(ApiKey, xanadu)
    before = Entry.objects.count()

    APIClient().get(f"/api/v2/api-keys/{foreign.pk}")
    APIClient().get("/api/v2/api-keys?program=xanadu")
    Client().get(reverse("admin:identity_party_change", args=[row_of(Party, xanadu).pk]))

    assert Entry.objects.count() == before


def test_what_is_granted_is_not_looked_at(olivia: User, program: Program) -> None:
    key, _ = key_of(program, "program.read")
    with patch("identity.doors.refusals.journal_refusals") as journal:
        assert session_of(olivia).get(f"/api/v2/api-keys/{key.pk}").status_code == 200

    journal.assert_not_called()


def test_what_can_t_be_written_changes_no_answer(olivia: User, xanadu: Program) -> None:
    foreign = row_of(ApiKey, xanadu)

    with patch("identity.doors.refusals.note_refusal", side_effect=RuntimeError):
        assert session_of(olivia).get(f"/api/v2/api-keys/{foreign.pk}").status_code == 404


def test_the_journal_s_page_says_it_in_words(olivia: User, xanadu: Program) -> None:
    session_of(olivia).get(f"/api/v2/api-keys/{row_of(ApiKey, xanadu).pk}")
    client = Client()
    client.force_login(person("xena", xanadu), backend=BACKEND)

    page = client.get(reverse("admin:audit_entry_changelist")).content.decode()

    assert "Asked for another program&#x27;s API key" in page
    assert "Olivia" not in page  # her name is her program's


# How much


def note(subject: Program, at: Any, *, code: str = "not_found") -> None:
    with acting_as("user", "mallory"):
        note_refusal(PROBED, subject=subject, program_id=subject.pk, code=code, reason="x", at=at)


def test_the_same_thing_is_recorded_once_a_minute(xanadu: Program) -> None:
    now = timezone.now()

    for seconds in (0, 1, 30, 59):
        note(xanadu, now + timedelta(seconds=seconds))
    assert len(refused(PROBED)) == 1
    note(xanadu, now + timedelta(seconds=30), code="another_reason")
    with acting_as("user", "another"):
        note_refusal(PROBED, subject=xanadu, program_id=None, code="not_found", reason="x", at=now)
    assert len(refused(PROBED)) == 3

    note(xanadu, now + timedelta(seconds=61))
    assert len(refused(PROBED)) == 4


def test_who_tries_many_things_fills_no_disk(db: None) -> None:
    now = timezone.now()

    for program in ProgramFactory.create_batch(LINES_AT_MOST + 5):
        note(program, now)

    assert len(refused(PROBED)) == LINES_AT_MOST


def test_an_export_is_recorded_with_what_and_how_much(program: Program) -> None:
    with acting_as("user", "olivia"):
        note_export(Party, program=program, count=3, narrowed_by={"status": "ACTIVE"}, at=timezone.now())

    line = Entry.objects.get(action="identity.data.exported")
    assert line.sentence == "3 parties exported"
    assert line.payload["narrowed_by"] == {"status": "ACTIVE"}
    assert not Membership.objects.exists()
