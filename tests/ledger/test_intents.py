"""Intents: asked for once, carried out once, whatever fails meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from django_q.models import OrmQ

from audit.context import NoActor, acting_as
from audit.errors import WrongState
from audit.models import Entry
from identity.models import Program
from ledger import rules, tasks
from ledger.errors import (
    BadIntentKey,
    BadIntentPayload,
    BadRetryReason,
    IntentKeyConflict,
    IntentKeyTaken,
    PostersStillRun,
)
from ledger.kinds import Done, Errand, IntentKind, Outcome, acting_for
from ledger.models import Account, Intent, IntentTally, Transaction
from ledger.operations import (
    carry_out_intents,
    claim_intents,
    create_intent,
    open_account,
    requeue_intents,
    reset_intents,
    retry_intent,
    retry_intents,
    work_intents,
)
from ledger.queries.intents import progress
from ledger.states import IntentState
from tests.ledger.books import Book
from tests.ledger.errands import PAY, pay, registered

pytestmark = pytest.mark.django_db

AL, BO, CLEARING = "wallet:al", "wallet:bo", "rail:mpesa:clearing"

Handler = Callable[[Sequence[Errand]], Sequence[Outcome]]


@pytest.fixture
def paying(book: Book) -> Iterator[IntentKind]:
    book.post("TOPUP", (CLEARING, AL, "100"))
    with registered() as kind:
        yield kind


def ask(book: Book, amount: str = "1", *, key: str = "p-1", kind: str = PAY, **more: Any) -> Intent:
    payload = {"debit": book.account(AL).pk, "credit": book.account(BO).pk, "amount": amount}
    return create_intent(kind, program_id=book.program.pk, key=key, payload=payload, **more).intent


def work() -> dict[str, int]:
    with acting_as("task", "worker"):
        return dict(work_intents(seconds_at_most=60))


def now_due() -> None:
    Intent.objects.update(due_at=timezone.now())


def lines_of(intent: Intent) -> list[str]:
    return list(Entry.objects.about(intent).order_by("id").values_list("action", flat=True))


def test_an_intent_is_carried_out_for_whoever_asked(book: Book, paying: IntentKind) -> None:
    with acting_as("user", "carol") as carols:
        intent = ask(book)

    assert work() == {"COMPLETED": 1}

    intent.refresh_from_db()
    booked = Transaction.objects.get(kind="TRANSFER")
    assert (intent.state, intent.result, intent.attempts) == ("COMPLETED", {"transaction": str(booked.pk)}, 1)
    assert intent.finished_at is not None
    assert (booked.actor_type, booked.actor_id) == ("user", "carol")
    assert booked.correlation_id == carols.correlation_id == intent.correlation_id
    created, completed = Entry.objects.about(intent).order_by("id")
    assert (created.action, completed.action) == ("ledger.intent.created", "ledger.intent.completed")
    assert (completed.actor_id, completed.correlation_id) == ("carol", carols.correlation_id)
    assert completed.payload == {"from": "LOCKED", "to": "COMPLETED", "attempt": 1}
    assert completed.program_id == book.program.pk
    assert book.balance(BO) == 1


def test_those_of_many_are_booked_in_one_batch_each_under_its_own_name(book: Book, paying: IntentKind) -> None:
    for kind, name in (("user", "carol"), ("key", "dave"), ("user", "erin")):
        with acting_as(kind, name):
            ask(book, key=name)

    work()

    named = dict(Transaction.objects.filter(kind="TRANSFER").values_list("actor_id", "correlation_id"))
    kinds = dict(Transaction.objects.filter(kind="TRANSFER").values_list("actor_id", "actor_type"))
    assert kinds == {"carol": "user", "dave": "key", "erin": "user"}
    assert {one.actor_id: one.correlation_id for one in Intent.objects.all()} == named
    assert Transaction.objects.filter(kind="TRANSFER").values("booked_at").distinct().count() == 1


def test_the_same_key_is_the_same_intent(book: Book, paying: IntentKind) -> None:
    first = ask(book)
    again = create_intent(PAY, program_id=book.program.pk, key="p-1", payload=first.payload)
    work()
    later = create_intent(PAY, program_id=book.program.pk, key="p-1", payload={**first.payload, "left_out": 1})

    assert again.is_replay
    assert again.intent.pk == later.intent.pk == first.pk
    assert later.intent.state == IntentState.COMPLETED
    assert OrmQ.objects.count() == Entry.objects.filter(action="ledger.intent.created").count() == 1
    assert work() == {}


def test_the_same_key_for_something_else_is_refused_with_the_fields(book: Book, paying: IntentKind) -> None:
    ask(book)

    with pytest.raises(IntentKeyConflict) as refused:
        ask(book, "2")
    with registered(name="OTHER"), pytest.raises(IntentKeyConflict) as of_another_kind:
        ask(book, kind="OTHER")

    assert (refused.value.params["fields"], refused.value.status) == ("amount", 409)
    assert of_another_kind.value.params["fields"] == "kind"
    assert Intent.objects.count() == 1


def test_a_key_is_a_program_s_own(book: Book, paying: IntentKind, charlie: Any) -> None:
    other = Program.objects.get(slug="other")
    one = ask(book)
    two = create_intent(PAY, program_id=other.pk, key="p-1", payload=one.payload)

    assert not two.is_replay
    assert set(Intent.objects.values_list("program_id", flat=True)) == {book.program.pk, other.pk}


@pytest.mark.parametrize("payload", [{}, {"debit": 1, "credit": 2, "amount": "\x00"},
                                     {"debit": 1, "credit": "\ud800", "amount": 1},
                                     {"debit": 1, "credit": "x" * 70_000, "amount": 1}])  # fmt: skip
def test_a_bad_payload_is_refused_and_nothing_is_kept(book: Book, paying: IntentKind, payload: Any) -> None:
    with pytest.raises(BadIntentPayload) as refused:
        create_intent(PAY, program_id=book.program.pk, key="p-1", payload=payload)

    assert refused.value.status == 400
    assert refused.value.params["fields"]
    assert not Intent.objects.exists()
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x00b", "a\ud800", "house:x", "claim:1", "CLAIM:acme:x:1"])
def test_a_bad_key_is_refused(book: Book, paying: IntentKind, key: str) -> None:
    with pytest.raises(BadIntentKey):
        ask(book, key=key)

    assert not Intent.objects.exists()


def test_a_kind_s_own_keys_are_not_a_caller_s_to_send(book: Book, paying: IntentKind) -> None:
    with registered(name="HOUSE"):  # a beginning that is the house's own, whatever kinds there are
        ask(book, key="HOUSE:acme:1", kind="HOUSE")
        with pytest.raises(BadIntentKey):
            ask(book, key="HOUSE:acme:2", kind="HOUSE", is_callers_key=True)

    assert Intent.objects.count() == 1


def test_intent_and_nudge_are_one_transaction(book: Book, paying: IntentKind) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ask(book)
        assert OrmQ.objects.filter(key="intents").count() == 1
        raise ZeroDivisionError

    assert not Intent.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_refusal_is_dead_at_once_and_spoils_no_other(book: Book, paying: IntentKind) -> None:
    good, bad, better = ask(book, key="a"), ask(book, "1000", key="b"), ask(book, key="c")

    assert work() == {"COMPLETED": 2, "DEAD": 1}

    bad.refresh_from_db()
    assert bad.error
    assert bad.error["code"] == "insufficient_funds"
    assert set(bad.error) == {"code", "message", "params"}
    assert lines_of(bad)[-1] == "ledger.intent.died"
    assert Entry.objects.get(action="ledger.intent.died").payload["code"] == "insufficient_funds"
    assert {one.state for one in Intent.objects.filter(pk__in=[good.pk, better.pk])} == {"COMPLETED"}
    assert dict(IntentTally.objects.values_list("outcome", "count")) == {"COMPLETED": 2, "DEAD": 1}


def breaking_at(*poisoned: str, seen: list[int] | None = None) -> Handler:
    def handler(errands: Sequence[Errand]) -> Sequence[Outcome]:
        if seen is not None:
            seen.append(len(errands))
        done = pay(errands)
        if any(errand.key in poisoned for errand in errands):
            raise RuntimeError("secret \x00 of the machine")
        return done

    return handler


def test_a_poisoned_batch_is_split_until_the_poison_is_alone(book: Book) -> None:
    book.post("TOPUP", (CLEARING, AL, "100"))
    seen: list[int] = []
    with registered(breaking_at("k-5", seen=seen)):
        for number in range(8):
            ask(book, key=f"k-{number}")

        assert work() == {"COMPLETED": 7, "FAILED": 1}

    poison = Intent.objects.get(key="k-5")
    assert seen == [8, 4, 4, 2, 1, 1, 2]
    assert (poison.state, poison.attempts) == ("FAILED", 1)
    assert poison.error
    assert poison.error["code"] == "internal_error"
    assert "secret" not in str(poison.error)
    assert poison.fault.startswith("RuntimeError: secret")
    assert timezone.now() < poison.due_at
    assert book.balance(BO) == 7  # what a part of the batch had booked was undone with it


def test_a_fault_is_tried_again_later_and_dead_after_the_last_attempt(book: Book) -> None:
    with registered(breaking_at("p-1")):
        intent = ask(book)
        came: list[str] = []
        for _ in range(rules.ATTEMPTS_AT_MOST):
            came += work()
            assert requeue_intents() == 0  # its time has not come
            now_due()
            requeue_intents()

        assert came == ["FAILED"] * (rules.ATTEMPTS_AT_MOST - 1) + ["DEAD"]
        assert work() == {}
    intent.refresh_from_db()
    assert (intent.state, intent.attempts) == ("DEAD", rules.ATTEMPTS_AT_MOST)
    assert lines_of(intent)[:3] == ["ledger.intent.created", "ledger.intent.failed", "ledger.intent.requeued"]
    assert lines_of(intent)[-1] == "ledger.intent.died"


def test_a_refusal_that_says_not_now_is_tried_again(book: Book) -> None:
    with registered(lambda errands: [PostersStillRun(seconds=1) for _ in errands]):
        intent = ask(book)

        assert work() == {"FAILED": 1}

    intent.refresh_from_db()
    assert intent.error
    assert intent.error["code"] == "posters_still_run"


def test_whoever_forgets_for_whom_it_acts_acts_for_nobody(book: Book) -> None:
    """In a batch of many, the worker's own name would stand on what others asked for."""
    refused: list[type[BaseException]] = []

    def forgetful(errands: Sequence[Errand]) -> Sequence[Outcome]:
        try:
            open_account("wallet:new", program=book.program, asset_code="KES", at=timezone.now())
        except NoActor as nobody:
            refused.append(type(nobody))
        with acting_for(errands[0]):
            open_account("wallet:new", program=book.program, asset_code="KES", at=timezone.now())
        return [Done() for _ in errands]

    with registered(forgetful):
        with acting_as("user", "carol"):
            ask(book)
        work()

    assert refused == [NoActor]
    opened = Entry.objects.about(Account.objects.get(code="wallet:new")).get()
    assert (opened.actor_id, opened.program_id) == ("carol", book.program.pk)


def test_too_few_answers_are_a_fault_and_not_somebody_else_s_outcome(book: Book) -> None:
    with registered(lambda errands: [Done({"n": 1})] * (len(errands) - 1)):
        ask(book, key="a")
        ask(book, key="b")

        assert work() == {"FAILED": 2}


def test_a_claim_counts_the_attempt_and_nobody_else_claims_it(book: Book, paying: IntentKind) -> None:
    intent = ask(book)

    claim = claim_intents()

    assert [errand.id for errand in claim.errands] == [intent.pk]
    assert claim_intents().errands == ()
    intent.refresh_from_db()
    assert (intent.state, intent.attempts, intent.lock_token) == ("LOCKED", 1, claim.token)
    assert timezone.now() < intent.due_at <= timezone.now() + rules.LEASE
    assert reset_intents() == 0


def test_a_slow_worker_and_its_successor_do_not_both_do_it(book: Book, paying: IntentKind) -> None:
    intent = ask(book)
    slow = claim_intents()
    now_due()
    assert reset_intents() == 1
    successor = claim_intents()

    assert dict(carry_out_intents(slow)) == {}
    intent.refresh_from_db()
    assert intent.state == IntentState.LOCKED
    assert dict(carry_out_intents(successor)) == {"COMPLETED": 1}
    assert dict(carry_out_intents(slow)) == {}
    assert book.balance(BO) == 1
    intent.refresh_from_db()
    assert intent.attempts == 2
    assert "ledger.intent.released" in lines_of(intent)


def test_what_kills_its_worker_is_dead_in_the_end_and_its_neighbours_are_not(book: Book, paying: IntentKind) -> None:
    """A death takes the whole claim along, so each further attempt claims half as many."""
    for number in range(20):
        ask(book, key=f"k-{number:02}")

    for _ in range(500):
        with acting_as("task", "worker"):
            claim = claim_intents(most=16)
            if not claim.errands:
                now_due()
                if not reset_intents():
                    break
            elif all(errand.key != "k-07" for errand in claim.errands):
                carry_out_intents(claim)  # with k-07 in it, the worker dies here

    assert dict(Intent.objects.values_list("key", "state"))["k-07"] == "DEAD"
    assert Intent.objects.filter(state="COMPLETED").count() == 19
    killer = Intent.objects.get(key="k-07")
    assert killer.error
    assert (killer.attempts, killer.error["code"]) == (rules.ATTEMPTS_AT_MOST, "internal_error")
    assert book.balance(BO) == 19


def test_the_whole_batch_halves_down_to_one_before_the_last_attempt() -> None:
    assert rules.BATCH >> (rules.ATTEMPTS_AT_MOST - 1) <= 1


def test_a_kind_that_this_process_does_not_know_waits_for_one_that_does(book: Book, paying: IntentKind) -> None:
    with registered(name="LATER"):
        later = ask(book, kind="LATER")

    assert work() == {}
    later.refresh_from_db()
    assert (later.state, later.attempts) == ("PENDING", 0)


def test_kinds_of_one_claim_are_carried_out_apart(book: Book, paying: IntentKind) -> None:
    with registered(breaking_at("b"), name="BREAK"):
        ask(book, key="a")
        ask(book, key="b", kind="BREAK")

        assert work() == {"COMPLETED": 1, "FAILED": 1}


def test_a_dead_intent_is_tried_again_by_a_person_with_a_reason(book: Book, paying: IntentKind) -> None:
    intent = ask(book, "101")
    work()
    book.post("TOPUP", (CLEARING, AL, "1"))

    with acting_as("user", "alice"):
        retry_intent(intent.pk, reason="The wallet was topped up.")

    assert work() == {"COMPLETED": 1}
    intent.refresh_from_db()
    assert (intent.state, intent.attempts, intent.error) == ("COMPLETED", 1, None)
    noted = Entry.objects.get(action="ledger.intent.retried")
    assert (noted.actor_id, noted.payload["reason"]) == ("alice", "The wallet was topped up.")
    assert noted.payload["code"] == "insufficient_funds"
    assert book.balance(BO) == 101


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "\x00"])
def test_nothing_is_tried_again_without_a_reason(book: Book, paying: IntentKind, reason: str) -> None:
    intent = ask(book, "101")
    work()

    with pytest.raises(BadRetryReason):
        retry_intent(intent.pk, reason=reason)
    with pytest.raises(BadRetryReason):
        retry_intents([intent.pk], reason=reason)

    intent.refresh_from_db()
    assert intent.state == IntentState.DEAD


def test_only_what_is_dead_is_tried_again_by_a_person(book: Book, paying: IntentKind) -> None:
    intent = ask(book)

    with pytest.raises(WrongState):
        retry_intent(intent.pk, reason="x")
    work()
    with pytest.raises(WrongState):
        retry_intent(intent.pk, reason="x")

    assert not Entry.objects.filter(action="ledger.intent.retried").exists()


def test_a_dead_intent_holds_its_key_no_more(book: Book, paying: IntentKind) -> None:
    dead = ask(book, "101")
    work()
    newer = ask(book, "5")

    assert newer.pk != dead.pk
    with pytest.raises(IntentKeyTaken) as refused:
        retry_intent(dead.pk, reason="x")
    assert refused.value.code == "key_taken"
    assert dict(retry_intents([dead.pk], reason="x")) == {"key_taken": 1}
    dead.refresh_from_db()
    assert dead.state == IntentState.DEAD
    assert not Entry.objects.filter(action="ledger.intent.retried").exists()


def test_waits_grow_up_to_an_hour_and_are_scattered() -> None:
    longest = [rules.wait_before(attempt, chance=0).total_seconds() for attempt in range(1, 12)]

    assert longest == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600, 3600]
    assert rules.wait_before(3, chance=1).total_seconds() == 120


def test_the_sweep_finds_what_a_lost_nudge_left(book: Book, paying: IntentKind) -> None:
    intent = ask(book)
    OrmQ.objects.all().delete()  # the broker lost it

    with acting_as("task", "sweep"):
        assert tasks.work_intents() == {"COMPLETED": 1}

    intent.refresh_from_db()
    assert intent.state == IntentState.COMPLETED


def test_when_its_time_is_over_a_worker_nudges_the_next(book: Book, paying: IntentKind) -> None:
    ask(book, key="a")
    ask(book, key="b")
    OrmQ.objects.all().delete()

    with acting_as("task", "worker"):
        assert dict(work_intents(seconds_at_most=-1, most=1)) == {"COMPLETED": 1}

    assert OrmQ.objects.filter(key="intents").count() == 1


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_worker_s_own_clock_decides_nothing(
    book: Book, paying: IntentKind, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    true = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: true() + timedelta(hours=hours))
    monkeypatch.setattr("time.time", lambda: (true() + timedelta(hours=hours)).timestamp())

    held, done = ask(book, key="held"), ask(book, "101", key="done")
    claim_intents()
    assert reset_intents() == 0
    Intent.objects.filter(pk=done.pk).update(due_at=true())
    assert reset_intents() == 1
    assert work() == {"DEAD": 1}

    held.refresh_from_db()
    done.refresh_from_db()
    assert true() < held.due_at <= true() + rules.LEASE
    assert done.finished_at
    assert abs(done.finished_at - true()) < timedelta(minutes=1)
    assert abs(done.created_at - true()) < timedelta(minutes=1)
    assert Entry.objects.filter(action="ledger.intent.died", at=done.finished_at).exists()


def test_progress_counts_what_is_open(book: Book, paying: IntentKind) -> None:
    ask(book, "101", key="dead")
    ask(book, key="done")
    work()
    ask(book, key="under way")
    claim_intents()
    waiting = ask(book, key="waits")

    [told] = [each for each in progress() if each.kind == PAY]

    assert (told.kind, told.label) == (PAY, "Pay somebody")
    assert (told.waiting, told.under_way, told.failed, told.dead, told.depth) == (1, 1, 0, 1, 2)
    assert told.oldest_at is not None
    assert told.oldest_at < waiting.created_at


@pytest.mark.parametrize("change", ["state = 'LOCKED'", "state = 'COMPLETED'", "state = 'DEAD'", "state = 'GONE'",
                                    "lock_token = gen_random_uuid()", "finished_at = now()"])  # fmt: skip
def test_the_database_knows_what_belongs_to_a_state(book: Book, paying: IntentKind, change: str) -> None:
    intent = ask(book)

    with pytest.raises(DatabaseError), transaction.atomic():
        Intent.objects.raw(f"UPDATE ledger_intent SET {change} WHERE id = %s RETURNING id", [intent.pk])[0]


def test_an_intent_s_id_is_a_uuid_that_grows(book: Book, paying: IntentKind) -> None:
    one, two = ask(book, key="a"), ask(book, key="b")

    assert UUID(str(one.pk)) < UUID(str(two.pk))
