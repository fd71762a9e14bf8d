"""Statements of rails over HTTP and on the command line: brought, looked at, and beside what they are."""

import json
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from payouts.models import Attempt
from tests.payouts.house import House
from tests.payouts.test_statements import DAY, now
from tests.signed_in import BACKEND
from tests.wallets.statements import statement
from wallets.models import RailStatement

pytestmark = pytest.mark.django_db

BRING = "/admin/wallets/railstatement/bring/"


@pytest.fixture
def house(house_of_two: House) -> House:
    house_of_two.funds("10000")
    house_of_two.earns("ada", "120")
    house_of_two.started()
    house_of_two.send()
    return house_of_two


@pytest.fixture
def content(house: House) -> bytes:
    """What the till says: Ada was paid, it took a fee, and somebody took seven."""
    receipt = Attempt.objects.get().receipt
    at = now()
    return statement(
        [
            (at, "-120", {"reference": receipt, "description": "<b>Ada</b>"}),
            (at, "-5", {"reference": receipt, "type": "FEE"}),
            (at, "-7", {"reference": "WHO", "description": "Nobody knows"}),
        ],
        opening="10000", begins_at=at - DAY, ends_at=at + DAY,
    )  # fmt: skip


@pytest.fixture
def page(house: House) -> Client:
    client = Client()
    client.force_login(house.maker, backend=BACKEND)
    return client


@pytest.fixture
def api(house: House) -> APIClient:
    client = APIClient(headers={"X-Program": house.program.slug})
    client.force_login(house.maker, backend=BACKEND)
    return client


def brought(page: Client, house: House, content: bytes) -> Any:
    file = SimpleUploadedFile("week.csv", content, content_type="text/csv")
    return page.post(BRING, {"account": str(house.account.pk), "file": file}, follow=True)


def test_a_page_takes_it_in_and_shows_what_each_line_is(house: House, page: Client, content: bytes) -> None:
    text = brought(page, house, content).content.decode()

    assert "3 lines taken in, 0 were there already, just so." in text
    attempt = Attempt.objects.get()
    assert f"{attempt.reference}, confirmed, by its receipt" in text
    assert f"/admin/payouts/payout/{attempt.payout_id}/change/" in text
    assert "1 line says that money left, 7.00 KES, and is nothing that we have sent." in text
    assert "Nothing of ours" in text
    assert "A fee" in text
    again = brought(page, house, content).content.decode()
    assert "0 lines taken in, 3 were there already, just so." in again
    assert RailStatement.objects.count() == 1


def test_the_file_comes_back_as_it_was_brought(house: House, page: Client, content: bytes) -> None:
    brought(page, house, content)

    answer = page.get(f"/admin/wallets/railstatement/{RailStatement.objects.get().pk}/file/")

    assert answer.content == content
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="shop-')


@pytest.mark.parametrize("file", [b"", b"\xff\xfe", b"type,at\n"], ids=["empty", "no text", "other heads"])
def test_a_page_says_why_a_file_is_none(house: House, page: Client, file: bytes) -> None:
    answer = brought(page, house, file)

    assert answer.status_code == 200
    assert b"Nothing was changed." in answer.content
    assert not RailStatement.objects.exists()


def test_a_page_does_not_take_what_is_too_large_for_it(house: House, page: Client) -> None:
    answer = brought(page, house, b"x" * 1_000_001)

    assert b"manage.py import_statement takes larger ones" in answer.content


def test_a_long_statement_is_shown_in_pages(house: House, page: Client) -> None:
    at = now()
    long = statement([(at, "-1", {"reference": f"W{n:03}"}) for n in range(130)], opening="500", begins_at=at - DAY,
                     ends_at=at + DAY)  # fmt: skip
    first = brought(page, house, long).content.decode()

    here = f"/admin/wallets/railstatement/{RailStatement.objects.get().pk}/change/"
    second = page.get(here, {"after": "100"}).content.decode()

    assert "Left here, the first 20 of 130" in first
    assert f"{here}?after=100" in first
    assert ("W099" in first, "W101" in first) == (True, False)
    assert ("W101" in second, "W099" in second) == (True, False)
    assert page.get(here, {"after": "x" * 99}).status_code == 200


def test_over_the_api_it_is_taken_in_once_and_listed(house: House, api: APIClient, content: bytes) -> None:
    where = f"/api/v2/rail-accounts/{house.account.pk}/statements"

    def post(key: str) -> Any:
        return api.post(where, {"content": content.decode()}, format="json", headers={"Idempotency-Key": key})

    first = post("one")
    again = post("two")

    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.json()["statement"]["closing"], first.json()["is_replay"]) == ("9868", False)
    assert [each["verdict"] for each in first.json()["verdicts"]] == ["accepted"] * 3
    assert [each["verdict"] for each in again.json()["verdicts"]] == ["duplicate"] * 3
    [row] = api.get("/api/v2/rail-statements", {"rail_account": "shop", "asset": "KES"}).json()["results"]
    assert api.get(f"/api/v2/rail-statements/{row['id']}").json() == row
    lines = api.get(f"/api/v2/rail-statements/{row['id']}/lines").json()["results"]
    assert [(line["type"], line["amount"], line["balance"]) for line in lines] == [
        ("ENTRY", "-120", "9880"), ("FEE", "-5", "9875"), ("ENTRY", "-7", "9868"),
    ]  # fmt: skip


def test_over_the_api_a_refusal_names_the_line(house: House, api: APIClient, content: bytes) -> None:
    wrong = content.replace(b"9875", b"9876").decode()

    answer = api.post(
        f"/api/v2/rail-accounts/{house.account.pk}/statements", {"content": wrong}, format="json",
        headers={"Idempotency-Key": uuid4().hex},
    )  # fmt: skip

    assert (answer.status_code, answer.json()["code"]) == (422, "statement_does_not_add_up")
    assert answer.json()["params"] == {"line": 4, "said": "9876", "counted": "9875"}
    assert not RailStatement.objects.exists()


def command(file: Path, *more: str) -> str:
    out = StringIO()
    call_command("import_statement", str(file), "--program", "acme", "--account", "shop", *more, stdout=out)
    return out.getvalue()


def test_a_command_takes_it_in(house: House, content: bytes, tmp_path: Path) -> None:
    file, verdicts = tmp_path / "week.csv", tmp_path / "verdicts.csv"
    file.write_bytes(content)

    said = json.loads(command(file, "--json", "--verdicts", str(verdicts)))
    again = command(file)

    assert (said["accepted"], said["duplicate"], said["closing"]) == (3, 0, "9868")
    assert "0 accepted, 3 duplicate." in again
    assert verdicts.read_text().splitlines()[0] == "line,reference,verdict"
    assert len(verdicts.read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (lambda all_: all_[:-30], (), "Nothing was changed"),
        (lambda all_: all_, ("--account", "nowhere"), "has no rail account nowhere"),
        (lambda all_: all_, ("--program", "nobody"), "There is no program nobody"),
    ],
    ids=["torn", "account", "program"],
)
def test_a_command_says_why_not(
    house: House, content: bytes, tmp_path: Path, change: Any, more: tuple[str, ...], said: str
) -> None:
    file = tmp_path / "week.csv"
    file.write_bytes(change(content))

    with pytest.raises(CommandError, match=said) as caught:
        command(file, *more)

    assert caught.value.returncode == 2
    assert not RailStatement.objects.exists()
    with pytest.raises(CommandError):
        command(tmp_path / "nothing.csv")


def test_an_address_alone_collects_nothing(house: House, page: Client) -> None:
    house.earns("bea", "300")
    batch = house.batch()
    here = f"/admin/payouts/payoutbatch/{batch.pk}"

    page.get(f"{here}/collect/")
    assert house.payouts(batch) == []

    page.post(f"{here}/collect/")
    assert house.payouts(batch) == ["bea 300 READY"]
