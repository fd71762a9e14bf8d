"""Accounts at M-Pesa, and what comes to the addresses that requests have named: kept, answered, taken once."""

import json
import secrets as secrets_module
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.wallets.coinbase import merchant
from tests.wallets.mpesa import REFERENCE, certificate, parameters, result, secrets
from tests.wallets.purses import Purses
from wallets.models import RailAccount, RailEvent
from wallets.operations import activate_rail_account, draft_rail_account, verify_event
from wallets.queries import rail_accounts
from wallets.queries.rail_accounts import hook_path, secrets_of
from wallets.rails import WORDS_RAILS_REFUSE, Received
from wallets.rails.mpesa.results import about

pytestmark = pytest.mark.django_db


def shortcode(purses: Purses, **more: str) -> RailAccount:
    drafted = draft_rail_account(
        program=purses.program, rail="mpesa", name="phones", number="600992", assets=["KES"], secrets=secrets(**more),
        at=timezone.now(),
    )  # fmt: skip
    return activate_rail_account(drafted.pk, program_id=purses.program.pk, version=1, at=timezone.now())


@pytest.fixture
def account(purses: Purses) -> RailAccount:
    return shortcode(purses)


def tell(account: RailAccount, said: Any, tail: str = "", **headers: str) -> Any:
    path = hook_path(account) + (f"/{tail}" if tail else "")
    return Client().post(path, json.dumps(said), content_type="application/json", headers=headers)


def test_it_is_answered_as_it_asks_and_taken_once(account: RailAccount) -> None:
    tail = about("r", REFERENCE)

    answers = [tell(account, result(told=parameters()), tail) for _ in range(3)]

    assert {(answer.status_code, answer.content) for answer in answers} == {
        (200, b'{"ResultCode":0,"ResultDesc":"Success"}')
    }
    first, *again = RailEvent.objects.order_by("pk")
    assert (first.state, first.kind, first.headers[":about"]) == ("VERIFIED", "payout.confirmed", tail)
    assert {(event.duplicate_of_id, event.is_changed, event.state) for event in again} == {(first.pk, False, "IGNORED")}


def test_a_refusal_and_a_late_success_are_two_notices(account: RailAccount) -> None:
    for said in (result(1), result(told=parameters())):
        tell(account, said, about("r", REFERENCE))

    kinds = RailEvent.objects.filter(duplicate_of=None).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["payout.refused", "payout.confirmed"]


def test_addresses_that_were_given_to_nobody(purses: Purses, account: RailAccount) -> None:
    assert tell(account, result(1)).status_code == 401
    assert tell(account, result(1), about("r", "P0000002ABCD")).status_code == 401
    kept = RailEvent.objects.count()
    for tail in ("r", "r/", "R/50", "r/XY", f"{about('r', REFERENCE)}/", "r/" + "50" * 31, "../x"):
        assert tell(account, result(1), tail).status_code == 404
    other = merchant(purses.program, at=timezone.now())
    assert tell(other, {}, about("r", REFERENCE)).status_code == 404

    assert RailEvent.objects.count() == kept == 2
    assert not RailEvent.objects.exclude(state="REJECTED").exists()


def test_what_it_was_about_is_no_header_of_a_sender(account: RailAccount) -> None:
    answer = tell(account, result(1), **{":about": about("r", REFERENCE)})

    event = RailEvent.objects.get()
    assert (answer.status_code, event.state) == (401, "REJECTED")
    assert ":about" not in event.headers


def test_only_named_callers_are_believed(purses: Purses) -> None:
    account = shortcode(purses, callers="192.0.2.0/24")

    answer = tell(account, result(1), about("r", REFERENCE))

    assert (answer.status_code, RailEvent.objects.get().state) == (401, "REJECTED")
    assert "does not come from an address" in answer.json()["params"]["reason"]


def test_what_was_kept_is_proven_later_by_what_was_kept(account: RailAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("wallets.rails.mpesa.results.may_call", broken)
        assert tell(account, result(1), about("r", REFERENCE)).status_code == 200
    event = RailEvent.objects.get()
    assert event.state == "RECEIVED"

    verify_event(event.pk, at=timezone.now())

    event.refresh_from_db()
    assert (event.state, event.kind) == ("VERIFIED", "payout.refused")


def test_tokens_hold_no_word_that_rails_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    made = iter(["aaMpEsAaa", "-exe-", "xxSQLxx", "a-fine-one"])
    monkeypatch.setattr(secrets_module, "token_urlsafe", lambda _: next(made))

    assert rail_accounts.new_token() == "a-fine-one"
    assert "mpesa" in WORDS_RAILS_REFUSE


def test_secrets_are_kept_as_they_were_checked(purses: Purses) -> None:
    account = shortcode(purses, certificate=certificate().replace("\n", " "))

    assert secrets_of(account) == secrets()
    assert Received(b"", {}, timezone.now()).about == ""
