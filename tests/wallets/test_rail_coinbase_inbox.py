"""Accounts at Coinbase, and what becomes of what it tells: kept, proven, taken in once."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from identity.models import Proposal, User
from identity.operations import propose
from tests.wallets.coinbase import CHECKOUTS, COMMERCE, SECRETS, checkout, envelope, mac, merchant, send, signed_headers
from tests.wallets.coinbase import written as as_bytes
from tests.wallets.purses import Purses
from tests.wallets.test_rail_accounts import agreed, proposed
from wallets import errors
from wallets.models import RailAccount, RailEvent
from wallets.operations import change_rail_account, draft_rail_account, replay_event, work_inbox
from wallets.proposable.rail_accounts import CHANGE
from wallets.queries.inbox import waiting_or_changed
from wallets.queries.rail_accounts import hook_path, secrets_of
from wallets.rails import Received

pytestmark = pytest.mark.django_db

NEW = "a-new-secret-of-theirs"


@pytest.fixture
def account(purses: Purses) -> RailAccount:
    return merchant(purses.program, at=timezone.now())


def commerce(said: Any, secret: str = COMMERCE) -> Received:
    body = as_bytes(said)
    return Received(body, {"x-cc-webhook-signature": mac(secret, body)}, timezone.now())


def checkouts(said: Any, headers: Mapping[str, str] = MappingProxyType({})) -> Received:
    body, now = as_bytes(said), timezone.now()
    return Received(body, signed_headers(body, headers, at=now), now)


def amount_of(event: RailEvent) -> Any:
    return (event.data or {})["asked"]["amount"]


def test_both_come_to_one_address(purses: Purses, account: RailAccount) -> None:
    assert hook_path(account).startswith("/api/v2/hooks/c/")

    answers = [send(account, commerce(envelope())), send(account, checkouts(checkout(), {"x-event-id": "ev-1"}))]

    assert [answer.status_code for answer in answers] == [200, 200]
    found = RailEvent.objects.order_by("pk").values_list("external_id", "kind", "data__api")
    assert [tuple(row) for row in found] == [
        (envelope()["event"]["id"], "charge.confirmed", "commerce"), ("ev-1", "charge.confirmed", "checkouts"),
    ]  # fmt: skip


def test_ten_times_is_once(account: RailAccount) -> None:
    for attempt in range(10):
        assert send(account, commerce({**envelope(), "id": str(attempt), "attempt_number": attempt})).status_code == 200
    work_inbox(seconds_at_most=9)

    first = RailEvent.objects.earliest("pk")
    others = RailEvent.objects.exclude(pk=first.pk)
    assert set(others.values_list("duplicate_of", "is_changed", "state")) == {(first.pk, False, "IGNORED")}
    assert others.count() == 9


def test_another_amount_under_the_same_id_is_seen(purses: Purses, account: RailAccount) -> None:
    changed = envelope()
    changed["event"]["data"]["pricing"]["local"]["amount"] = "2500.00"
    for said in (envelope(), changed):
        assert send(account, commerce(said)).status_code == 200
    work_inbox(seconds_at_most=9)

    first, second = RailEvent.objects.order_by("pk")
    assert (second.duplicate_of_id, second.is_changed) == (first.pk, True)
    found = [event.pk for event, _ in waiting_or_changed(program_id=purses.program.pk, at=timezone.now())]
    assert found == [second.pk]
    assert (amount_of(first), amount_of(second)) == ("25.00", "2500.00")


def test_what_nobody_listens_to_is_put_aside(account: RailAccount) -> None:
    send(account, commerce(envelope(type="invoice:viewed")))
    work_inbox(seconds_at_most=9)

    event = RailEvent.objects.get()
    assert (event.state, event.verdict) == ("IGNORED", "Nobody listens to coinbase:invoice:viewed.")


@pytest.mark.parametrize(
    ("notice", "says"),
    [
        (Received(b"{}", {}, timezone.now()), "it has no signature"),
        (commerce(envelope(), NEW), "not this account's"),
        (Received(b"{}", {"x-cc-webhook-signature": "\xe9" * 64}, timezone.now()), "no signature of 64"),
        (Received(b"{}", {"x-hook0-signature": "t=1," * 25_000}, timezone.now()), "no signature t="),
        (Received(b"{}", {"x-cc-webhook-signature": "a" * 100_000}, timezone.now()), "no signature of 64"),
        (Received(b"{}", {"x-cc-webhook-signature": "a" * 64, "x-hook0-signature": "a"}, timezone.now()), "two kinds"),
        (commerce(b"[" * 10_000), "no JSON"),
        (commerce(b'{"event": {"id": "\\u0000"}}'), "characters that are none"),
    ],
)
def test_what_is_not_proven_is_kept(account: RailAccount, notice: Received, says: str) -> None:
    answer = send(account, notice)

    event = RailEvent.objects.get()
    assert (answer.status_code, answer.json()["code"], event.state) == (401, "notice_not_proven", "REJECTED")
    assert says in answer.json()["params"]["reason"]
    assert bytes(event.body) == notice.body


def test_a_signed_header_that_is_kept_out_is_named(account: RailAccount) -> None:
    answer = send(account, checkouts(checkout(), {"authorization": "Bearer x"}))

    assert "authorization" in answer.json()["params"]["reason"]
    assert "Bearer x" not in str(RailEvent.objects.get().headers)


@pytest.mark.parametrize("secrets", [SECRETS, {"commerce": COMMERCE}, {"checkouts": CHECKOUTS}])
def test_one_secret_is_enough(purses: Purses, secrets: dict[str, str]) -> None:
    account = merchant(purses.program, at=timezone.now(), **secrets)

    assert secrets_of(account) == secrets
    assert send(account, commerce(envelope())).status_code == (200 if "commerce" in secrets else 401)
    assert send(account, checkouts(checkout())).status_code == (200 if "checkouts" in secrets else 401)


@pytest.mark.parametrize("secrets", [{}, {"secret": COMMERCE}, {"commerce": COMMERCE, "more": "x" * 20}, None, "x",
                                     {"commerce": None}, {"commerce": ""}, {"commerce": 5}])  # fmt: skip
def test_no_secret_is_none(purses: Purses, secrets: Any) -> None:
    with pytest.raises(errors.BadRailAccount):
        draft_rail_account(
            program=purses.program, rail="coinbase", name="coinbase", number="m-1", assets=["USDC"], secrets=secrets,
            at=timezone.now(),
        )  # fmt: skip

    assert not RailAccount.objects.exists()


@pytest.mark.parametrize(
    ("asked", "becomes"),
    [
        ({"commerce": NEW}, {"commerce": NEW, "checkouts": CHECKOUTS}),
        ({"commerce": None}, {"checkouts": CHECKOUTS}),
        ({"commerce": None, "checkouts": NEW}, {"checkouts": NEW}),
        ({"commerce": f"{NEW} {COMMERCE}"}, {"commerce": f"{NEW} {COMMERCE}", "checkouts": CHECKOUTS}),
    ],
)
def test_two_people_change_one_secret_and_the_other_stays(
    purses: Purses, account: RailAccount, mia: User, asked: Any, becomes: dict[str, str]
) -> None:  # fmt: skip
    proposal = proposed(purses, mia, CHANGE, rail_account=str(account.pk), secrets=asked)
    assert NEW not in str(proposal.payload)
    assert secrets_of(account) == SECRETS

    agreed(proposal)

    account.refresh_from_db()
    assert secrets_of(account) == becomes
    assert account.fingerprint == proposal.payload["fingerprint"]
    assert NEW not in str(Entry.objects.get(action="wallets.rail_account.changed").payload)


@pytest.mark.parametrize("asked", [{}, None, "x", [], {"commerce": None, "checkouts": None}, {"commerce": 5},
                                   {"more": None}, {"more": NEW}, {"commerce": "short"}])  # fmt: skip
def test_what_secrets_can_t_become(purses: Purses, account: RailAccount, mia: User, asked: Any) -> None:
    with pytest.raises(errors.BadRailAccount):
        propose(
            CHANGE, program=purses.program, payload={"rail_account": str(account.pk), "secrets": asked},
            reason="x", by=mia, at=timezone.now(),
        )  # fmt: skip

    assert not Proposal.objects.exists()
    assert secrets_of(account) == SECRETS


def test_all_secrets_anew_need_no_old_ones(purses: Purses, settings: Any) -> None:
    draft = draft_rail_account(
        program=purses.program, rail="coinbase", name="coinbase", number="m-1", assets=["USDC"], secrets=SECRETS,
        at=timezone.now(),
    )  # fmt: skip
    settings.SETTINGS_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]
    known: dict[str, Any] = {"program_id": purses.program.pk, "number": "m-1", "assets": ["USDC"],
                             "at": timezone.now()}  # fmt: skip

    with pytest.raises(errors.SecretUnreadable):
        change_rail_account(draft.pk, version=1, secrets={"commerce": NEW}, **known)
    changed = change_rail_account(draft.pk, version=1, secrets={"commerce": NEW, "checkouts": None}, **known)

    assert secrets_of(changed) == {"commerce": NEW}


def test_what_was_refused_for_its_secret_is_taken_in_once_that_is_right(
    purses: Purses, account: RailAccount, mia: User
) -> None:  # fmt: skip
    assert send(account, commerce(envelope(), NEW)).status_code == 401
    agreed(proposed(purses, mia, CHANGE, rail_account=str(account.pk), secrets={"commerce": NEW}))

    replay_event(RailEvent.objects.get().pk, program_id=purses.program.pk, reason="Rotated", at=timezone.now())

    assert Counter(RailEvent.objects.values_list("state", flat=True)) == {"FAILED": 1}
    event = RailEvent.objects.get()
    assert (event.kind, "unknown_settlement" in event.verdict) == ("charge.confirmed", True)  # nobody expects it


def test_the_back_office_asks_for_both_and_takes_one(purses: Purses, mia: User) -> None:
    office = Client()
    office.force_login(mia)
    form = {"program": str(purses.program.pk), "rail": "coinbase", "name": "coinbase", "number": "m-1",
            "assets": ["USDC"]}  # fmt: skip
    empty = office.post(reverse("admin:wallets_railaccount_draft"), form)
    assert "its secrets are: commerce, checkouts (one of them at least)" in empty.content.decode()

    page = office.post(reverse("admin:wallets_railaccount_draft"), {**form, "secret_coinbase_checkouts": CHECKOUTS})
    account = RailAccount.objects.get()
    assert (page.status_code, secrets_of(account)) == (302, {"checkouts": CHECKOUTS})

    edit = {"version": "1", "number": "m-1", "assets": ["USDC"], "secret_coinbase_commerce": COMMERCE}
    assert office.post(reverse("admin:wallets_railaccount_edit", args=[account.pk]), edit).status_code == 302
    account.refresh_from_db()
    assert secrets_of(account) == SECRETS
