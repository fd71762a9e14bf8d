"""A request that is sent twice happens once: at the door, with real programs being opened."""

import threading
from typing import Any
from unittest import mock

import pytest
from django.conf import LazySettings
from django.db import DatabaseError, OperationalError, connections, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from audit.models import Entry
from identity.errors import SecondFactorRequired, SlugTaken
from identity.models import IdempotencyRecord, Program, User
from identity.operations import create_program
from identity.states import Role
from tests.factories import MembershipFactory, ProgramFactory

URL = "/api/v2/programs"
NEW = {"name": "Zuri", "slug": "zuri"}
TWINS = 64


@pytest.fixture(autouse=True)
def _service_key(settings: LazySettings) -> None:
    settings.ADMIN_KEYS = ["the-admin-key"]


def service() -> APIClient:
    client = APIClient()
    client.credentials(HTTP_X_ADMIN_KEY="the-admin-key")
    return client


def create(client: APIClient | None = None, *, key: str | None = "k-1", body: Any = None, **headers: str) -> Any:
    sent = {**headers, **({"Idempotency-Key": key} if key is not None else {})}
    return (client or service()).post(URL, NEW if body is None else body, headers=sent)


@pytest.mark.django_db
def test_the_second_time_answers_as_the_first() -> None:
    first, second = create(), create()

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Program.objects.count() == 1
    assert Entry.objects.count() == 1


@pytest.mark.django_db
def test_another_key_is_another_request() -> None:
    create()

    assert create(key="k-2", body={**NEW, "slug": "other"}).status_code == 201
    assert Program.objects.count() == 2


@pytest.mark.django_db
def test_a_refusal_is_final_for_its_key() -> None:
    taken = ProgramFactory(slug="zuri")
    first = create()
    assert (first.status_code, first.json()["code"]) == (409, "slug_taken")
    Program.objects.filter(pk=taken.pk).update(slug="gone")

    second = create()

    assert second.json() == first.json()
    assert second["Idempotent-Replayed"] == "true"
    assert create(key="k-2").status_code == 201


@pytest.mark.django_db
def test_what_was_done_before_a_refusal_is_undone_and_the_refusal_is_kept() -> None:
    with mock.patch("identity.api.views.programs.ProgramOutput", side_effect=SlugTaken(slug="zuri")):
        assert create().status_code == 409

    assert not Program.objects.exists()
    assert not Entry.objects.exists()
    assert create()["Idempotent-Replayed"] == "true"


@pytest.mark.django_db
def test_a_body_that_makes_no_sense_is_final_for_its_key_too() -> None:
    first = create(body={"name": ""})

    assert (first.status_code, create(body={"name": ""})["Idempotent-Replayed"]) == (400, "true")
    assert create().json()["code"] == "idempotency_mismatch"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({**NEW, "name": "Other"}, ["name"]),
        ({"slug": "zuri"}, ["name"]),
        ({**NEW, "time_zone": "UTC"}, ["time_zone"]),
        ({"name": "Other", "slug": "other"}, ["name", "slug"]),
        ([], ["body", "name", "slug"]),
    ],
)
def test_another_body_is_refused_and_the_fields_are_named(body: Any, fields: list[str]) -> None:
    create()

    answer = create(body=body)

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_mismatch")
    assert answer.json()["params"] == {"fields": fields}
    assert answer.json()["message"].endswith(f"differs in: {', '.join(fields)}.")
    assert create().status_code == 201
    assert Program.objects.count() == 1


@pytest.mark.django_db
def test_the_order_of_fields_is_no_difference() -> None:
    create()

    assert create(body=dict(reversed(NEW.items())))["Idempotent-Replayed"] == "true"


@pytest.mark.django_db
def test_the_key_may_stand_in_the_body() -> None:
    assert create(key=None, body={**NEW, "idempotency_key": "k-1"}).status_code == 201
    assert create(key="k-1")["Idempotent-Replayed"] == "true"
    assert create(key="k-1", body={**NEW, "idempotency_key": "k-1"})["Idempotent-Replayed"] == "true"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "field", "code"),
    [
        (None, None, "idempotency_key_required"),
        ("", None, "idempotency_key_required"),
        (None, "", "idempotency_key_required"),
        ("one", "two", "idempotency_keys_differ"),
        ("one", 1, "idempotency_keys_differ"),
        (None, 1, "idempotency_key_invalid"),
        (None, ["one"], "idempotency_key_invalid"),
        ("a" * 256, None, "idempotency_key_invalid"),
        ("two words", None, "idempotency_key_invalid"),
        ("ключ", None, "idempotency_key_invalid"),
        (None, "ключ", "idempotency_key_invalid"),
        ("house:1", None, "idempotency_key_reserved"),
        ("House:1", None, "idempotency_key_reserved"),
        ("PAYOUT:1:2", None, "idempotency_key_reserved"),
    ],
)
def test_a_key_that_is_none_is_refused(header: str | None, field: Any, code: str) -> None:
    answer = create(key=header, body={**NEW, **({"idempotency_key": field} if field is not None else {})})

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Program.objects.exists()
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.django_db
def test_the_longest_key_is_taken() -> None:
    assert create(key="~" * 255).status_code == 201


@pytest.mark.django_db
def test_another_caller_s_key_is_another_key(api_as: Any, alice: User) -> None:
    create()

    answer = create(api_as(alice), body={**NEW, "slug": "alices"})

    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer
    assert Program.objects.filter(slug__in=("zuri", "alices")).count() == 2


@pytest.mark.django_db
def test_a_key_is_one_route_s_and_one_object_s(api_as: Any, alice: User, program: Program) -> None:
    client = api_as(alice)
    create(client)
    pause = f"{URL}/{program.pk}/pause"
    assert client.post(pause, {"reason": "x"}, headers={"Idempotency-Key": "k-1"}).status_code == 200

    elsewhere = client.post(f"{URL}/{ProgramFactory().pk}/pause", {"reason": "x"}, headers={"Idempotency-Key": "k-1"})

    assert elsewhere.json()["code"] == "idempotency_mismatch"
    assert elsewhere.json()["params"] == {"fields": ["pk"]}


@pytest.mark.django_db
def test_permission_is_asked_again(api_as: Any, alice: User) -> None:
    client = api_as(alice)
    create(client)
    alice.memberships.update(role=Role.SUPPORT)

    assert create(client).status_code == 403


@pytest.mark.django_db
def test_what_speaks_of_the_caller_is_not_kept(api_as: Any, program: Program) -> None:
    somebody = MembershipFactory(program=program, role=Role.SUPPORT).user
    client = api_as(somebody)
    url = f"{URL}/{program.pk}/pause"
    assert client.post(url, {"reason": "x"}, headers={"Idempotency-Key": "k"}).status_code == 403

    somebody.memberships.update(role=Role.OWNER)

    assert client.post(url, {"reason": "x"}, headers={"Idempotency-Key": "k"}).status_code == 200


@pytest.mark.django_db
def test_who_is_asked_for_a_second_factor_sends_the_same_again() -> None:
    with mock.patch("identity.api.views.programs.create_program", side_effect=SecondFactorRequired(minutes=5)):
        asked = create()

    assert (asked.status_code, asked.json()["code"]) == (403, "second_factor_required")
    assert not IdempotencyRecord.objects.exists()
    assert create().status_code == 201


@pytest.mark.django_db
def test_nothing_of_the_body_is_kept_but_fingerprints() -> None:
    create(body={**NEW, "name": "a very private name"})

    record = IdempotencyRecord.objects.get()
    assert "private" not in str(record.fields)
    assert all(len(fingerprint) == 64 for fingerprint in record.fields.values())
    assert record.caller == "service:admin-key"


@pytest.mark.django_db
def test_a_stored_outcome_is_never_a_failure() -> None:
    create()

    with pytest.raises(DatabaseError), transaction.atomic():
        IdempotencyRecord.objects.update(status=500)


# With real commits


@pytest.mark.django_db(transaction=True)
def test_sixty_four_at_once_open_one_program() -> None:
    answers: list[Any] = []
    start = threading.Barrier(TWINS)

    def twin() -> None:
        try:
            start.wait(timeout=30)
            answers.append(create())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=twin) for _ in range(TWINS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert [answer.status_code for answer in answers] == [201] * TWINS
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum(answer.get("Idempotent-Replayed") == "true" for answer in answers) == TWINS - 1
    assert Program.objects.count() == 1
    assert IdempotencyRecord.objects.count() == 1
    assert Entry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "failure", [RuntimeError("a bug"), OperationalError("the server went away")], ids=["bug", "database"]
)
def test_a_crash_between_the_work_and_the_answer_leaves_nothing(failure: Exception) -> None:
    client = service()
    client.raise_request_exception = False
    with mock.patch("identity.api.views.programs.ProgramOutput", side_effect=failure):
        failed = create(client)

    assert failed.status_code in (500, 503)
    assert not Program.objects.exists()
    assert not IdempotencyRecord.objects.exists()
    assert not Entry.objects.exists()
    again = create()
    assert again.status_code == 201
    assert "Idempotent-Replayed" not in again


@pytest.mark.django_db(transaction=True)
def test_a_twin_waits_and_does_the_work_when_the_first_comes_to_nothing() -> None:
    inside, may_fail = threading.Event(), threading.Event()
    answers: list[Any] = []

    def fail_the_first_time(**words: Any) -> Program:
        if inside.is_set():
            return create_program(**words)
        inside.set()
        may_fail.wait(timeout=30)
        raise RuntimeError

    def twin() -> None:
        client = service()
        client.raise_request_exception = False
        try:
            answers.append(create(client))
        finally:
            connections.close_all()

    with mock.patch("identity.api.views.programs.create_program", side_effect=fail_the_first_time):
        twins = [threading.Thread(target=twin) for _ in range(2)]
        twins[0].start()
        assert inside.wait(timeout=30)
        twins[1].start()
        _until_somebody_waits()
        may_fail.set()
        for thread in twins:
            thread.join(timeout=30)

    assert [answer.status_code for answer in answers] == [500, 201]
    assert "Idempotent-Replayed" not in answers[1]
    assert Program.objects.count() == 1


def _until_somebody_waits() -> None:
    deadline = timezone.now().timestamp() + 20
    while timezone.now().timestamp() < deadline:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")
