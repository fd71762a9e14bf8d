"""Intents in the back office: how far they are, and another try with a reason."""

from typing import Any

import pytest
from django.test import Client

from audit.models import Entry
from identity.models import Program
from identity.states import Role
from ledger.models import Intent
from tests.factories import IntentFactory, MembershipFactory, ProgramFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/ledger/intent/"


@pytest.fixture
def desk(program: Program, client: Client) -> Client:
    client.force_login(
        MembershipFactory(program=program, role=Role.SUPPORT).user,
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    return client


def states() -> dict[str, str]:
    return dict(Intent.objects.values_list("key", "state"))


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_list_says_how_far_each_kind_is(desk: Client, program: Program) -> None:
    IntentFactory(program_id=program.pk, kind="DONE_WITH", state="COMPLETED", result={}, error=None)
    IntentFactory(program_id=program.pk, kind="ASKED", state="PENDING", finished_at=None, error=None)
    IntentFactory(kind="ELSEWHERE")

    said = text_of(desk.get(LIST))

    assert "How far they are" in said
    assert said.count("ASKED") >= 2  # in the table and in the list
    assert "ELSEWHERE" not in said
    assert "Try dead ones again" not in said


def test_an_intent_is_found_by_its_key(desk: Client, program: Program) -> None:
    for key, state in (("CLAIM:1", "DEAD"), ("CLAIM:1", "COMPLETED"), ("CLAIM:2", "DEAD")):
        IntentFactory(program_id=program.pk, key=key, state=state, result={})

    def found(term: str) -> list[str]:
        return sorted(intent.key for intent in desk.get(LIST, {"q": term}).context["cl"].result_list)

    assert found("CLAIM:1") == ["CLAIM:1", "CLAIM:1"]
    assert found("CLAIM:2") == ["CLAIM:2"]
    assert found("CLAIM") == []
    assert desk.get(LIST, {"q": "CLAIM\x00"}).status_code < 500


def test_a_dead_intent_is_tried_again_with_a_reason(desk: Client, program: Program) -> None:
    intent = IntentFactory(program_id=program.pk, key="a")
    page = f"{LIST}{intent.pk}/"

    assert "Why should it work now?" in text_of(desk.get(f"{page}change/"))
    desk.post(f"{page}retry/", {"reason": " "})
    assert states() == {"a": "DEAD"}
    desk.post(f"{page}retry/", {"reason": "The rail is back."})

    assert states() == {"a": "PENDING"}
    assert Entry.objects.get(action="ledger.intent.retried").payload["reason"] == "The rail is back."
    assert "Why should it work now?" not in text_of(desk.get(f"{page}change/"))


def test_many_of_a_kind_are_tried_again_and_only_one_s_own(desk: Client, program: Program) -> None:
    error = {"code": "insufficient_funds", "message": "Too little.", "params": {}}
    for key in ("a", "b"):
        IntentFactory(program_id=program.pk, key=key, kind="PAY")
    IntentFactory(program_id=program.pk, key="funds", kind="PAY", error=error)
    IntentFactory(program_id=program.pk, key="another kind", kind="OTHER")
    IntentFactory(program_id=ProgramFactory(slug="elsewhere").pk, key="elsewhere", kind="PAY")

    desk.post(f"{LIST}retry/", {"kind": "PAY"})
    assert set(states().values()) == {"DEAD"}
    desk.post(f"{LIST}retry/", {"kind": "PAY", "code": "insufficient_funds", "reason": "Topped up."})
    assert states() == {
        "a": "DEAD", "b": "DEAD", "funds": "PENDING", "another kind": "DEAD", "elsewhere": "DEAD",
    }  # fmt: skip
    said = desk.post(f"{LIST}retry/", {"kind": "PAY", "reason": "The rail is back."}, follow=True)

    assert "2 wait for a worker again." in text_of(said)
    assert states()["elsewhere"] == states()["another kind"] == "DEAD"
    assert Entry.objects.filter(action="ledger.intent.retried").count() == 3


def test_what_could_not_be_tried_again_is_counted(desk: Client, program: Program) -> None:
    IntentFactory(program_id=program.pk, key="a", kind="PAY")
    IntentFactory(program_id=program.pk, key="a", kind="PAY", state="PENDING", finished_at=None, error=None)

    said = text_of(desk.post(f"{LIST}retry/", {"kind": "PAY", "reason": "Again."}, follow=True))

    assert "0 wait for a worker again. 1 could not: key_taken." in said


def test_home_says_that_something_is_dead(desk: Client, program: Program) -> None:
    assert "dead intent" not in text_of(desk.get("/admin/"))
    IntentFactory(program_id=program.pk)
    assert "1 dead intent" in text_of(desk.get("/admin/"))
