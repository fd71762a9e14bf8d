"""Intents over the API: followed, waited for, and tried again by those who may."""

import threading
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from audit.context import acting_as
from identity.models import Program
from identity.states import Role
from ledger.models import Intent
from ledger.operations import create_intent, work_intents
from tests.factories import IntentFactory, MembershipFactory
from tests.ledger.books import Book
from tests.ledger.errands import PAY, registered

INTENTS = "/api/v2/intents"
AL, BO, CLEARING = "wallet:al", "wallet:bo", "rail:mpesa:clearing"


@pytest.fixture
def staff(program: Program, api_as: Any) -> APIClient:
    client: APIClient = api_as(MembershipFactory(program=program, role=Role.SUPPORT).user)
    return client


def ask(book: Book, amount: str = "1", key: str = "p-1") -> Intent:
    payload = {"debit": book.account(AL).pk, "credit": book.account(BO).pk, "amount": amount}
    return create_intent(PAY, program_id=book.program.pk, key=key, payload=payload).intent


def retried(client: APIClient, intent: Intent, **body: Any) -> Any:
    return client.post(f"{INTENTS}/{intent.pk}/retry", body, format="json", headers={"Idempotency-Key": uuid4().hex})


@pytest.mark.django_db
def test_an_intent_shows_how_far_it_has_come(book: Book, staff: APIClient) -> None:
    book.post("TOPUP", (CLEARING, AL, "10"))
    with registered():
        intent, refused = ask(book), ask(book, "11", key="p-2")
        waiting = staff.get(f"{INTENTS}/{intent.pk}").json()
        work_intents(seconds_at_most=9)
        done = staff.get(f"{INTENTS}/{intent.pk}", {"wait": 20}).json()
        dead = staff.get(f"{INTENTS}/{refused.pk}").json()

    assert (waiting["state"], waiting["result"], waiting["error"]) == ("PENDING", None, None)
    assert (done["state"], set(done["result"]), done["attempts"]) == ("COMPLETED", {"transaction"}, 1)
    assert (dead["state"], dead["error"]["code"]) == ("DEAD", "insufficient_funds")
    assert dead["error"]["params"]["available"] == "9"
    assert "fault" not in dead


@pytest.mark.django_db
def test_a_list_is_narrowed(book: Book, staff: APIClient) -> None:
    with registered():
        ask(book, key="a")
        ask(book, key="b")
        work_intents(seconds_at_most=9)
        ask(book, key="c")

        def keys(**asked: Any) -> list[str]:
            return [one["key"] for one in staff.get(INTENTS, asked).json()["results"]]

        assert keys() == ["c", "b", "a"]
        assert keys(state="PENDING") == ["c"]
        assert keys(state=["DEAD", "PENDING"], kind=PAY) == ["c", "b", "a"]
        assert keys(key="b") == ["b"]
        assert keys(kind="OTHER") == []


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [{"state": "GONE"}, {"after": "soon"}, {"colour": "red"}, {"key": "\x00"}])
def test_a_filter_that_is_none_is_refused(book: Book, staff: APIClient, asked: Any) -> None:
    assert staff.get(INTENTS, asked).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("wait", ["21", "-1", "x", "1.5", "9999"])
def test_nobody_waits_for_ever(program: Program, staff: APIClient, wait: str) -> None:
    intent = IntentFactory(program_id=program.pk)

    said = staff.get(f"{INTENTS}/{intent.pk}", {"wait": wait})

    assert (said.status_code, said.json()["code"]) == (400, "invalid")


@pytest.mark.django_db
def test_staff_have_a_dead_intent_tried_again(book: Book, staff: APIClient) -> None:
    with registered():
        intent = ask(book, "5")
        work_intents(seconds_at_most=9)
        book.post("TOPUP", (CLEARING, AL, "10"))

        without, said = retried(staff, intent), retried(staff, intent, reason="Topped up.")
        again = retried(staff, intent, reason="Topped up.")
        work_intents(seconds_at_most=9)

    assert (without.status_code, without.json()["code"]) == (400, "invalid")
    assert (said.status_code, said.json()["state"]) == (200, "PENDING")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    assert Intent.objects.get(pk=intent.pk).state == "COMPLETED"
    assert book.balance(BO) == 5


@pytest.mark.django_db
def test_who_only_reads_tries_nothing_again(program: Program, api_as: Any) -> None:
    intent = IntentFactory(program_id=program.pk)
    reader = api_as(MembershipFactory(program=program, role=Role.AUDITOR).user)

    assert reader.get(f"{INTENTS}/{intent.pk}").status_code == 200
    assert retried(reader, intent, reason="x").status_code == 403
    assert Intent.objects.get(pk=intent.pk).state == "DEAD"


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_hears_of_the_outcome(book: Book, staff: APIClient) -> None:
    book.post("TOPUP", (CLEARING, AL, "10"))
    with registered():
        intent = ask(book)

        def later() -> None:
            try:
                with acting_as("task", "worker"):
                    work_intents(seconds_at_most=9)
            finally:
                connection.close()

        worker = threading.Timer(0.3, later)
        worker.start()
        said = staff.get(f"{INTENTS}/{intent.pk}", {"wait": 10}).json()
        worker.join()

    assert said["state"] == "COMPLETED"


@pytest.mark.django_db
def test_figures_of_each_kind_are_told(book: Book, client: Client) -> None:
    with registered():
        ask(book, key="a")
        work_intents(seconds_at_most=9)
        ask(book, key="b")
        told = client.get("/metrics").content.decode()

    assert 'countinghouse_intents_total{kind="PAY",outcome="dead"} 1.0' in told
    assert 'countinghouse_intents_depth{kind="PAY",state="pending"} 1.0' in told
    assert 'countinghouse_intents_depth{kind="PAY",state="dead"} 1.0' in told
    assert 'countinghouse_intents_oldest_seconds{kind="PAY"}' in told
