"""What rails tell us: kept as it came, believed when it is proven, booked once, tried again when it fails."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.utils import timezone

from audit.context import acting_as
from audit.errors import WrongState
from audit.models import Entry
from ledger.queries.balances import balance_now
from tests.wallets.notices import bank, confirmation, deposit, long_ago, notice, send
from tests.wallets.purses import Purses
from wallets import errors, rails
from wallets.models import PaymentRecord, RailAccount, RailEvent
from wallets.operations import (
    ignore_event,
    record_direct_payment,
    replay_event,
    stop_rail_account,
    work_inbox,
)
from wallets.queries.rail_accounts import hook_path
from wallets.rules import ATTEMPTS_AT_MOST, wait_after

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(purses: Purses) -> RailAccount:
    return bank(purses.program)


def work() -> Counter[str]:
    return work_inbox(seconds_at_most=20)


def held(purses: Purses, part: str, rail: str = "bank") -> Any:
    return balance_now(purses.account(f"rail:{rail}:{part}"))


def available(purses: Purses, who: str) -> Any:
    return purses.has(who)[0]


def direct_payment(purses: Purses, amount: str = "250") -> PaymentRecord:
    return record_direct_payment(
        purses.party("ann").pk, program_id=purses.program.pk, asset_code="KES", amount=Decimal(amount), rail="bank",
        key=f"direct-{amount}", at=timezone.now(),
    )  # fmt: skip


def test_a_deposit_arrives(purses: Purses, account: RailAccount) -> None:
    wallet = purses.wallet("ann")

    answer = send(account, deposit(wallet, "100.50", key="e-1", receipt="R-1", reference="Rent"))

    event = RailEvent.objects.get()
    assert (answer.status_code, answer.json()) == (202, {"id": str(event.pk), "state": "VERIFIED"})
    assert work() == {"APPLIED": 1}
    event.refresh_from_db()
    line = wallet.transactions.get()
    assert event.result == {"wallet_transaction": str(line.pk)}
    assert (line.type, line.amount, line.description) == ("DEPOSIT", Decimal("100.5"), "Rent")
    assert (held(purses, "clearing"), available(purses, "ann")) == (Decimal("100.5"), Decimal("100.5"))
    actions = list(Entry.objects.filter(subject_id=str(event.pk)).order_by("pk").values_list("action", "actor_type"))
    assert [action for action, _ in actions] == ["wallets.rail_event.verified", "wallets.rail_event.applied"]
    assert purses.differences() == []


def test_the_same_notice_ten_times_books_once(purses: Purses, account: RailAccount) -> None:
    body = deposit(purses.wallet("ann"), key="e-1")

    answers = [send(account, body) for _ in range(5)]
    work()
    answers += [send(account, body) for _ in range(5)]
    work()

    first = RailEvent.objects.earliest("pk")
    assert {(answer.status_code, answer.json()["id"]) for answer in answers} == {(202, str(first.pk))}
    assert available(purses, "ann") == 100
    assert Counter(RailEvent.objects.values_list("state", flat=True)) == {"APPLIED": 1, "IGNORED": 9}
    assert set(RailEvent.objects.exclude(pk=first.pk).values_list("duplicate_of", "is_changed")) == {(first.pk, False)}


def test_told_otherwise_it_is_seen_and_books_nothing(purses: Purses, account: RailAccount) -> None:
    wallet = purses.wallet("ann")
    send(account, deposit(wallet, "100", key="e-1", receipt="R-1"))
    send(account, deposit(wallet, "900", key="e-1", receipt="R-1"))
    work()

    changed = RailEvent.objects.latest("pk")
    assert (changed.state, changed.is_changed) == ("IGNORED", True)
    assert available(purses, "ann") == 100


def test_another_event_of_the_same_receipt_books_nothing(purses: Purses, account: RailAccount) -> None:
    wallet, other = purses.wallet("ann"), purses.wallet("bob")
    for key, body in (
        ("e-1", deposit(wallet, "100", key="e-1", receipt="R-1")),
        ("e-2", deposit(wallet, "100", key="e-2", receipt="R-1", reference="said otherwise")),
        ("e-3", deposit(wallet, "101", key="e-3", receipt="R-1")),
        ("e-4", deposit(other, "100", key="e-4", receipt="R-1")),
    ):
        assert send(account, body).status_code == 202, key
    work()

    states = dict(RailEvent.objects.values_list("external_id", "state"))
    assert states == {"e-1": "APPLIED", "e-2": "IGNORED", "e-3": "FAILED", "e-4": "FAILED"}
    assert (available(purses, "ann"), available(purses, "bob")) == (100, 0)


@pytest.mark.parametrize("whose", ["nobody", "no id", "another program's", "a closed one's"])
def test_money_for_no_wallet_waits_in_suspense(purses: Purses, account: RailAccount, whose: str, other: Purses) -> None:
    wallet: Any = "01900000-0000-7000-8000-000000000000"
    if whose == "no id":
        wallet = "ann's"
    elif whose == "another program's":
        wallet = other.wallet("zoe")
    elif whose == "a closed one's":
        wallet = purses.wallet("ann")
        purses.do("close", "ann")

    send(account, deposit(wallet, "70"))
    assert work() == {"APPLIED": 1}

    assert (held(purses, "suspense"), held(purses, "clearing")) == (70, 70)
    assert list(RailEvent.objects.get().result or {}) == ["suspense"]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("", "no signature"),
        ("t=1,v1=00", "no signature"),
        ("v1=00", "no signature"),
        ("t=1767225600", "no signature"),
        ("t=1767225600,v1=é", "no signature"),
        ("t=1767225600,v1=00", "too old"),
        ("t=999999999999,v1=00", "too old"),
        ("t=NOW,v1=00", "not this account's"),
    ],
)
def test_what_nothing_proves_is_kept_and_not_believed(
    purses: Purses, account: RailAccount, header: str, says: str
) -> None:
    now = str(int(timezone.now().timestamp()))
    body = deposit(purses.wallet("ann"))
    header = header.replace("NOW", now).encode().decode("latin-1")

    answer = Client().post(hook_path(account), body, content_type="application/json", headers={"X-Signature": header})

    event = RailEvent.objects.get()
    assert (answer.status_code, answer.json()["code"]) == (401, "notice_not_proven")
    assert says in answer.json()["params"]["reason"]
    assert (event.state, event.due_at, bytes(event.body)) == ("REJECTED", None, body)
    assert says in event.verdict
    assert work() == {}
    assert available(purses, "ann") == 0


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff\xfe", b"[]", b"null", b"{}", b'{"id": 1, "type": "x", "data": {}}', b"[" * 100_000,
        b'{"id": "a", "type": "x", "occurred_at": "2026-01-01T00:00:00", "data": {}}',
        b'{"id": "a", "type": "x", "occurred_at": "2026-01-01T00:00:00Z", "data": []}',
        b'{"id": "a", "type": "x", "occurred_at": "2026-01-01T00:00:00Z", "data": {"a": "\\u0000"}}',
        b'{"id": "a", "type": "x", "occurred_at": "2026-01-01T00:00:00Z", "data": {"a": "\\ud800"}}',
        b'{"id": "a", "type": "x", "occurred_at": "2026-01-01T00:00:00Z", "data": {"a": NaN}}',
        b'{"id": "a", "type": "x", "occurred_at": "0001-01-01T00:00:00+23:00", "data": {}}',
        b'{"id": "a b", "type": "x", "occurred_at": "2026-01-01T00:00:00Z", "data": {}}',
    ],
)  # fmt: skip
def test_a_proven_notice_that_nobody_can_read(account: RailAccount, body: bytes) -> None:
    answer = send(account, body)

    assert (answer.status_code, answer.json()["code"]) == (401, "notice_not_proven")
    assert RailEvent.objects.get().state == "REJECTED"


def test_more_than_a_mebibyte_is_refused(account: RailAccount) -> None:
    answer = send(account, b'{"id": "' + b"a" * 1_100_000 + b'"}')

    assert answer.status_code == 413
    assert not RailEvent.objects.exists()


@pytest.mark.parametrize("path", ["s/nobody", "d/TOKEN", "s/" + "x" * 100, "s/é", "s/%00"])
def test_nobody_is_at_another_address(account: RailAccount, path: str) -> None:
    token = hook_path(account).rpartition("/")[2]

    answer = Client().post(f"/api/v2/hooks/{path.replace('TOKEN', token)}", b"{}", content_type="application/json")

    assert answer.status_code == 404
    assert not RailEvent.objects.exists()


def test_nobody_listens_to_a_draft_and_everybody_to_what_was_stopped(purses: Purses) -> None:
    draft = bank(purses.program, is_active=False)
    assert send(draft, deposit(purses.wallet("ann"))).status_code == 404

    stopped = bank(purses.program, name="other", number="ACME-2")
    stop_rail_account(stopped.pk, program_id=purses.program.pk, reason="x", at=timezone.now())
    assert send(stopped, deposit(purses.wallet("ann"))).status_code == 202
    assert work() == {"APPLIED": 1}


def test_secrets_of_others_are_not_kept(purses: Purses, account: RailAccount) -> None:
    send(account, deposit(purses.wallet("ann")), more={"Authorization": "Bearer x", "Cookie": "a=b", "X-Told": "y\x7f"})

    headers = RailEvent.objects.get().headers
    assert headers["x-told"] == "y\x7f"
    assert not {"authorization", "cookie"} & set(headers)


def test_a_payment_is_confirmed_once(purses: Purses, account: RailAccount) -> None:
    payment = direct_payment(purses)

    send(account, confirmation(payment, "250.00", receipt="R-9"))
    send(account, confirmation(payment, "250.00", receipt="R-9"))
    assert work() == {"APPLIED": 1, "IGNORED": 1}

    payment.refresh_from_db()
    assert (payment.state, payment.receipt) == ("PAID", "R-9")
    assert held(purses, "clearing") == 250


def test_another_amount_waits_for_a_person(purses: Purses, account: RailAccount) -> None:
    payment = direct_payment(purses)

    send(account, confirmation(payment, "25", receipt="R-9"))
    work()

    payment.refresh_from_db()
    assert (payment.state, held(purses, "suspense")) == ("REVIEW", 25)


def test_failed_then_paid_and_paid_then_failed(purses: Purses, account: RailAccount) -> None:
    early, late = direct_payment(purses, "10"), direct_payment(purses, "20")

    send(account, notice("payment.failed", payment=str(early.pk), reason="no answer"))
    send(account, confirmation(late, "20"))
    work()
    send(account, confirmation(early, "10"))
    send(account, notice("payment.failed", payment=str(late.pk)))
    assert work() == {"APPLIED": 1, "IGNORED": 1}

    assert set(PaymentRecord.objects.values_list("state", flat=True)) == {"PAID"}
    assert held(purses, "clearing") == 30


def test_what_comes_out_of_order_waits_for_what_comes_before_it(purses: Purses, account: RailAccount) -> None:
    payment = direct_payment(purses)
    body = notice("payment.charged_back", payment=str(payment.pk), amount="250", asset="KES", receipt="B-1")
    send(account, body)
    assert work() == {"FAILED": 1}

    send(account, confirmation(payment, "250"))
    assert work() == {"APPLIED": 1}
    first = RailEvent.objects.earliest("pk")
    assert first.due_at == pytest.approx(timezone.now() + wait_after(1), abs=timedelta(seconds=20))
    RailEvent.objects.filter(pk=first.pk).update(due_at=timezone.now())
    assert work() == {"APPLIED": 1}

    payment.refresh_from_db()
    assert payment.state == "CHARGED_BACK"
    assert purses.differences() == []


def test_unknown_kinds_and_wrong_words(purses: Purses, account: RailAccount) -> None:
    wallet = purses.wallet("ann")
    send(account, notice("weather.changed"))
    wrong_ones: tuple[dict[str, Any], ...] = (
        {"amount": 5}, {"amount": "1e3"}, {"amount": "-1"}, {"amount": "0"}, {"amount": "1."}, {"amount": "9" * 50},
        {"receipt": ""}, {"receipt": None}, {"asset": "XXX"}, {"asset": "GOLD"}, {"reference": 5},
        {"amount": "0.00001"},
    )  # fmt: skip
    for wrong in wrong_ones:
        send(account, deposit(wallet, **{"amount": "1", **wrong}))

    assert work() == {"IGNORED": 1, "FAILED": 12}
    assert not RailEvent.objects.exclude(fault="").exists()
    assert available(purses, "ann") == 0


def test_our_own_faults_are_told_apart_and_tried_again(
    purses: Purses, account: RailAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    wallet = purses.wallet("ann")

    def breaks(delivery: rails.Delivery, at: Any) -> rails.Applied:
        purses.do("issue_bonus", "ann", "5")
        raise ZeroDivisionError("a bug")

    with monkeypatch.context() as patch:
        patch.setitem(rails._handlers, ("signed", "deposit.confirmed"), breaks)
        send(account, deposit(wallet))
        for attempt in range(1, ATTEMPTS_AT_MOST + 1):
            assert work() == {"FAILED": 1}
            event = RailEvent.objects.get()
            assert event.attempts == attempt
            RailEvent.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    assert event.due_at is None  # a person looks at it now
    assert "ZeroDivisionError: a bug" in event.fault
    assert "bug" not in event.verdict
    assert available(purses, "ann") == 0
    assert Entry.objects.filter(action="wallets.rail_event.failed").count() == 1

    done = replay_event(event.pk, program_id=purses.program.pk, reason="mended", at=timezone.now())
    assert (done.state, done.fault, available(purses, "ann")) == ("APPLIED", "", 100)
    with pytest.raises(WrongState):
        replay_event(event.pk, program_id=purses.program.pk, reason="again", at=timezone.now())


def test_a_rejected_notice_is_proven_once_the_secret_is_right(purses: Purses, account: RailAccount) -> None:
    body = deposit(purses.wallet("ann"), key="e-1")
    send(account, body, secret="another secret that is wrong")
    event = RailEvent.objects.get()

    again = replay_event(event.pk, program_id=purses.program.pk, reason="look", at=timezone.now())
    assert again.state == "REJECTED"

    send(account, body)  # the sender had it right the second time
    work()
    assert (RailEvent.objects.latest("pk").state, available(purses, "ann")) == ("APPLIED", 100)
    assert send(account, deposit("x"), signed_at=long_ago()).status_code == 401


def test_a_failed_one_is_left(purses: Purses, account: RailAccount, other: Purses) -> None:
    send(account, deposit(purses.wallet("ann"), asset="XXX"))
    work()
    event = RailEvent.objects.get()

    with pytest.raises(errors.UnknownRailEvent):
        ignore_event(event.pk, program_id=other.program.pk, reason="x", at=timezone.now())
    ignore_event(event.pk, program_id=purses.program.pk, reason="A test of theirs", at=timezone.now())

    event.refresh_from_db()
    assert (event.state, event.verdict, event.due_at) == ("IGNORED", "A test of theirs", None)


def test_who_died_before_it_was_proven_is_made_up_for(
    purses: Purses, account: RailAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(import_module("wallets.operations.receive_event"), "verify_event", dies)
        with pytest.raises(SystemExit):
            send(account, deposit(purses.wallet("ann")))
    assert RailEvent.objects.get().state == "RECEIVED"
    assert work() == {}  # its receiver may still be at it

    RailEvent.objects.update(due_at=timezone.now())
    assert work() == {"APPLIED": 1}
    assert available(purses, "ann") == 100


def test_the_database_keeps_it_as_it_came(purses: Purses, account: RailAccount) -> None:
    send(account, deposit(purses.wallet("ann")))
    work()
    event = RailEvent.objects.get()

    changes: tuple[dict[str, Any], ...] = (
        {"body": b"{}"}, {"headers": {}}, {"state": "FAILED"}, {"data": {}}, {"verdict": "x"},
    )  # fmt: skip
    for change in changes:
        with pytest.raises(IntegrityError), transaction.atomic():
            RailEvent.objects.filter(pk=event.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM wallets_railevent")


@pytest.mark.django_db(transaction=True)
def test_many_at_once_book_once(purses: Purses) -> None:
    account = bank(purses.program)
    body = deposit(purses.wallet("ann"), key="e-1", receipt="R-1")
    answers: list[int] = []
    ready = threading.Barrier(8)

    def deliver() -> None:
        try:
            ready.wait()
            answers.append(send(account, body).status_code)
            with acting_as("test", "inbox"):
                work()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work()

    assert answers == [202] * 8
    assert available(purses, "ann") == 100
    assert Counter(RailEvent.objects.values_list("state", flat=True)) == {"APPLIED": 1, "IGNORED": 7}


def test_a_broken_adapter_is_answered_for_later(
    purses: Purses, account: RailAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> None:
        raise ZeroDivisionError("a bug")

    broken = replace(rails.rail_named("signed"), read=breaks)  # type: ignore[arg-type]
    with monkeypatch.context() as patch:
        patch.setitem(rails._rails, "signed", broken)
        answer = send(account, deposit(purses.wallet("ann")))
        assert (answer.status_code, answer.json()["state"]) == (202, "RECEIVED")
        RailEvent.objects.update(due_at=timezone.now())
        assert work() == {"RECEIVED": 1}
    event = RailEvent.objects.get()
    assert "ZeroDivisionError" in event.fault

    RailEvent.objects.update(due_at=timezone.now())
    assert work() == {"APPLIED": 1}
