"""What must never stand in the journal does not, and what must stays readable."""

import json
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audit import rules
from audit.operations import record
from identity.models import Program


@pytest.mark.parametrize(
    "name",
    ["password", "old_password", "Password", "apiKey", "api_key", "X-Api-Key", "card_pin", "otp", "client_secret",
     "private_key", "seed", "Authorization", "session_id", "accessToken", "phone", "e_mail_address", "iban"],
)  # fmt: skip
def test_secrets_and_personal_data_are_hidden(name: str) -> None:
    assert rules.redacted({name: "hunter2"}) == {name: rules.HIDDEN}


@pytest.mark.parametrize(
    "name", ["idempotency_key", "keyboard", "shipping", "pinned", "tokenizer", "public_key", "name"]
)
def test_what_only_looks_like_one_stays_readable(name: str) -> None:
    assert rules.redacted({name: "fine"}) == {name: "fine"}


def test_nested_lists_hide_nothing_from_us() -> None:
    value = {"lines": [{"card": [{"pin": "1234"}, ({"cvv": 1},)]}], "ok": 1}

    assert rules.redacted(value) == {
        "lines": [{"card": [{"pin": rules.HIDDEN}, [{"cvv": rules.HIDDEN}]]}],
        "ok": 1,
    }


def test_a_hidden_name_hides_all_below_it() -> None:
    assert rules.redacted({"credentials": {"user": "a", "list": [1]}}) == {"credentials": rules.HIDDEN}


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (b"\xff\xfe", "[2 bytes]"),
        ("a\x00b", "a\ufffdb"),
        ("half \ud800", "half ?"),
        (None, None),
        (True, True),
        (10**30, 10**30),
        (1.5, "1.5"),
    ],
)
def test_what_the_database_could_not_store_is_made_storable(value: Any, stored: Any) -> None:
    assert rules.redacted({"x": value}) == {"x": stored}


def test_bottomless_nesting_ends() -> None:
    value: Any = "x"
    for _ in range(500):
        value = [value]

    assert "[too deep]" in json.dumps(rules.redacted({"x": value}))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_whatever_comes_out_is_plain_json_in_utf_8(value: Any) -> None:
    json.dumps(rules.redacted({"x": value}), allow_nan=False).encode()


@pytest.mark.django_db
@pytest.mark.usefixtures("acting")
@pytest.mark.parametrize(
    "payload",
    [
        {"text": "x" * 1_000_000},
        {str(number): "x" * 100 for number in range(1000)},
        {"raw": b"\xff" * 100_000, "nul\x00": "\x00", "half": "\ud800"},
    ],
    ids=["long", "wide", "raw"],
)
def test_the_journal_takes_what_it_is_given_and_never_refuses(program: Program, payload: dict[str, Any]) -> None:
    entry = record("identity.program.created", subject=program, at=timezone.now(), payload=payload)

    entry.refresh_from_db()
    assert len(json.dumps(entry.payload)) <= rules.LONGEST_PAYLOAD
