"""What is sent, what becomes of it, and that nothing is sent twice."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from identity.operations import vote
from identity.states import Decision
from payouts import operations
from payouts.models import Attempt
from payouts.proposable.outcomes import propose_outcome
from payouts.proposable.restarts import propose_restart
from tests.payouts.house import House
from tests.payouts.test_approval import refused
from tests.payouts.till import TILL
from wallets.rails.sending import Accepted, Answer, Paid, Refused, Survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(house_of_two: House) -> House:
    house_of_two.funds("1000")
    return house_of_two


def agree(house: House, proposal: Any) -> None:
    vote(
        proposal.pk, revision=proposal.revision, digest=proposal.digest, decision=Decision.APPROVE, by=house.approver,
        at=timezone.now(),
    )  # fmt: skip


def hears(house: House, name: str, answer: Answer, *, number: int = 1) -> None:
    """Let the till say something of an attempt, whenever it likes."""
    attempt = Attempt.objects.get(payout=house.payout(name), part__number=1, number=number)
    operations.record_answers([(attempt.pk, answer)], at=timezone.now())


def shown(house: House, name: str, *, number: int = 1, amount: str | None = None) -> Paid:
    attempt = Attempt.objects.get(payout=house.payout(name), part__number=1, number=number)
    return Paid(receipt=f"R-{attempt.reference}", amount=Decimal(amount) if amount else attempt.amount)


NO = Refused(code="1", reason="No.")


def test_without_money_at_the_rail_it_waits(house: House) -> None:
    house.earns("ada", "900")
    batch = house.sends("bea", "300")

    assert house.payouts(batch) == ["ada 900 PAID", "bea 300 READY"]
    assert house.state(batch) == "PROCESSING"
    house.require_order()
    house.funds("200")
    house.send()
    assert house.state(batch) == "EXECUTED"


def test_too_little_money_is_said_when_a_batch_is_submitted(house: House) -> None:
    house.earns("ada", "900")
    house.earns("bea", "300")
    batch = house.collected()

    no = refused("not_enough_float", lambda: house.do("submit_batch", batch, reason="Now", by=house.maker))

    assert no.params == {"account": "shop", "asset": "KES", "there": "1000", "asked": "1200"}


def test_what_is_refused_can_be_tried_again(house: House) -> None:
    batch = house.sends("ada", "120", till="refused")
    assert house.payouts(batch) == ["ada 120 FAILED 2040"]
    assert house.state(batch) == "EXECUTED_WITH_ERRORS"
    house.require_order()

    TILL.behaves = lambda order: "paid"
    house.send()
    assert len(TILL.calls) == 1, "nobody asked for it"
    house.do("retry_payout", house.payout("ada"), reason="Registered now")
    house.send()

    assert house.attempts("ada") == ["120 REFUSED", "120 CONFIRMED"]
    assert len(set(TILL.calls)) == 2, "each try has a name of its own"
    assert house.state(batch) == "EXECUTED"
    house.require_order()


def test_what_is_refused_can_be_given_up(house: House) -> None:
    batch = house.sends("ada", "120", till="refused")

    house.do("release_payout", house.payout("ada"), reason="They closed their phone")

    assert house.state(batch) == "EXECUTED"
    assert house.rows("ada") == ["DIRECT 120 DUE"]
    assert house.books()["float"] == "1000"
    house.require_order()
    again = house.collected()
    assert house.payouts(again) == ["ada 120 READY"]


def test_of_what_nobody_knows_nothing_is_sent_again(house: House) -> None:
    batch = house.sends("ada", "120", till="unclear_paid")
    assert house.payouts(batch) == ["ada 120 UNKNOWN unknown"]
    assert house.state(batch) == "EXECUTED_WITH_ERRORS"

    house.send()
    refused("wrong_state", lambda: house.do("retry_payout", house.payout("ada"), reason="Impatient"))
    refused("wrong_state", lambda: house.do("release_payout", house.payout("ada"), reason="Impatient"))

    assert len(TILL.calls) == 1
    assert house.books() == {"float": "880", "in_flight": "120", "fees": "0"}
    house.require_order()
    assert house.ask(after=timedelta(minutes=1))["asked"] == 0
    assert house.ask(after=timedelta(minutes=6)) == {"asked": 1, "told": 1}
    assert house.payouts(batch) == ["ada 120 PAID"]
    assert house.state(batch) == "EXECUTED"
    house.require_order()


def test_after_seven_questions_it_is_left_to_people(house: House) -> None:
    house.earns("ada", "120")
    TILL.behaves, TILL.answers = (lambda order: "unclear"), (lambda order: "silent")
    house.started()
    house.send()

    asked = [house.ask(after=timedelta(days=day)) for day in range(1, 12)]

    assert sum(each["asked"] for each in asked) == 7
    assert Attempt.objects.get().ask_at is None


def test_what_is_accepted_and_never_heard_of_again_becomes_unknown(house: House) -> None:
    """Otherwise nobody would look at it: it was neither refused nor paid, and nobody is asked any more."""
    house.earns("ada", "120")
    TILL.behaves, TILL.answers = (lambda order: "accepted"), (lambda order: "waiting")
    batch = house.started()
    house.send()

    for day in range(1, 8):
        house.ask(after=timedelta(days=day))

    assert house.payouts(batch) == ["ada 120 UNKNOWN unknown"]
    assert "does not say" in house.payout("ada").reason
    assert house.books()["in_flight"] == "120"
    house.require_order()
    for day in range(8, 20):
        house.ask(after=timedelta(days=day))
    assert Attempt.objects.get().ask_at is None, "now it is left to people"
    assert len(TILL.calls) == 1


def test_two_people_say_what_came_of_it(house: House) -> None:
    batch = house.sends("ada", "120", till="unclear")
    attempt = Attempt.objects.get()

    proposal = propose_outcome(
        attempt.pk, program=house.program, outcome="FAILED", evidence="The rail's statement of the day has none of it",
        by=house.maker, at=timezone.now(),
    )  # fmt: skip
    refused("voter_is_maker", lambda: vote(
        proposal.pk, revision=1, digest=proposal.digest, decision=Decision.APPROVE, by=house.maker, at=timezone.now()
    ))  # fmt: skip
    assert house.payouts(batch) == ["ada 120 UNKNOWN unknown"]
    agree(house, proposal)

    assert house.payouts(batch) == ["ada 120 FAILED declared"]
    assert Attempt.objects.get().evidence["proposal"] == str(proposal.pk)
    house.require_order()


def test_two_people_do_not_say_what_is_known(house: House) -> None:
    house.sends("ada", "120")

    refused("outcome_is_known", lambda: propose_outcome(
        Attempt.objects.get().pk, program=house.program, outcome="FAILED", evidence="I think so", by=house.maker,
        at=timezone.now(),
    ))  # fmt: skip


def test_a_large_one_goes_in_parts(house: House) -> None:
    TILL.most = Decimal(100)
    batch = house.sends("ada", "205.25")

    assert house.attempts("ada") == ["100 CONFIRMED", "95 CONFIRMED", "10 CONFIRMED"]
    assert house.payouts(batch) == ["ada 205 PAID"]
    assert house.troupe.owed("ada") == "0.25"
    house.require_order()


def test_of_one_in_parts_the_rest_can_be_given_up(house: House) -> None:
    TILL.most = Decimal(100)
    house.earns("ada", "205")
    TILL.behaves = lambda order: "paid" if order.amount == 100 else "refused"
    batch = house.started()
    house.send()
    assert house.payouts(batch) == ["ada 205 FAILED 2040"]
    assert house.troupe.owed("ada") == "105"
    house.require_order()

    house.do("release_payout", house.payout("ada"), reason="Enough")

    assert house.payouts(batch) == ["ada 205 RELEASED 2040"]
    assert house.troupe.owed("ada") == "105"
    house.require_order()
    assert house.payouts(house.collected()) == ["ada 105 READY"]


def test_a_day_has_a_limit(house: House) -> None:
    TILL.most_a_day, TILL.most = Decimal(150), Decimal(100)
    batch = house.sends("ada", "250")

    assert house.attempts("ada") == ["100 CONFIRMED", "50 CONFIRMED"]
    assert house.state(batch) == "PROCESSING"
    tomorrow = timezone.now() + timedelta(days=1)
    house.send(clock=lambda: tomorrow)
    assert house.attempts("ada") == ["100 CONFIRMED", "100 CONFIRMED", "50 CONFIRMED"]
    assert house.state(batch) == "EXECUTED"
    house.require_order()


def test_proof_that_comes_after_a_refusal_is_a_fact(house: House) -> None:
    batch = house.sends("ada", "120", till="refused")

    hears(house, "ada", shown(house, "ada"))

    assert house.attempts("ada") == ["120 CONFIRMED PAID_LATE"]
    assert house.payouts(batch) == ["ada 120 PAID"]
    assert house.troupe.owed("ada") == "0"
    assert house.books() == {"float": "880", "in_flight": "0", "fees": "0"}
    house.require_order()


def test_proof_that_comes_after_it_was_given_up_takes_from_what_is_due(house: House) -> None:
    batch = house.sends("ada", "120", till="refused")
    house.do("release_payout", house.payout("ada"), reason="They closed their phone")

    hears(house, "ada", shown(house, "ada"))

    assert house.payouts(batch) == ["ada 120 PAID"]
    assert house.rows("ada") == ["DIRECT 120 DUE", "ADJUSTMENT -120 DUE"]
    assert house.troupe.owed("ada") == "0"
    house.require_order()


def test_a_second_payment_is_taken_back_from_what_is_earned_next(house: House) -> None:
    """The first try was refused, and paid after all, when the second was paid too."""
    house.sends("ada", "120", till="refused")
    TILL.behaves = lambda order: "paid"
    house.do("retry_payout", house.payout("ada"), reason="Again")
    house.send()

    hears(house, "ada", shown(house, "ada"))

    assert house.attempts("ada") == ["120 CONFIRMED PAID_TWICE", "120 CONFIRMED"]
    assert house.troupe.owed("ada") == "-120"
    assert house.books() == {"float": "760", "in_flight": "0", "fees": "0"}
    house.require_order()


def test_late_proof_while_the_next_try_flies(house: House) -> None:
    batch = house.sends("ada", "120", till="refused")
    TILL.behaves = lambda order: "accepted"
    house.do("retry_payout", house.payout("ada"), reason="Again")
    house.send()
    assert house.payouts(batch) == ["ada 120 ACCEPTED"]

    hears(house, "ada", shown(house, "ada"))
    assert house.payouts(batch) == ["ada 120 PAID"]
    assert house.books()["in_flight"] == "120"
    hears(house, "ada", shown(house, "ada", number=2), number=2)

    assert house.attempts("ada") == ["120 CONFIRMED PAID_LATE", "120 CONFIRMED PAID_TWICE"]
    assert house.books() == {"float": "760", "in_flight": "0", "fees": "0"}
    house.require_order()


def test_the_same_answer_three_times_counts_once(house: House) -> None:
    batch = house.sends("ada", "120", till="accepted_paid")

    for _ in range(3):
        hears(house, "ada", shown(house, "ada"))

    assert house.attempts("ada") == ["120 CONFIRMED"]
    assert house.payouts(batch) == ["ada 120 PAID"]
    house.require_order()


def test_an_answer_that_contradicts_the_first_changes_nothing_and_is_found(house: House) -> None:
    batch = house.sends("ada", "120")

    hears(house, "ada", NO)

    assert house.attempts("ada") == ["120 CONFIRMED CONTRADICTED"]
    assert house.payouts(batch) == ["ada 120 PAID"]
    house.require_order()


def test_another_amount_is_not_taken_as_paid(house: House) -> None:
    batch = house.sends("ada", "120", till="other_amount")

    assert house.attempts("ada") == ["120 UNKNOWN OTHER_AMOUNT"]
    assert house.payouts(batch) == ["ada 120 UNKNOWN unknown"]
    assert Attempt.objects.get().evidence["said"]["amount"] == "119"
    house.require_order()


def test_the_receipt_of_another_payment_shows_nothing(house: House) -> None:
    house.earns("ada", "120")
    house.sends("bea", "120", till="accepted")
    hears(house, "ada", shown(house, "ada"))

    hears(house, "bea", Paid(receipt=shown(house, "ada").receipt, amount=Decimal(120)))

    assert house.attempts("bea") == ["120 UNKNOWN OTHER_RECEIPT"]
    house.require_order()


def test_the_callback_may_come_before_the_answer(house: House) -> None:
    house.earns("ada", "120")
    batch = house.started()
    TILL.behaves = lambda order: "dies_paid"
    with pytest.raises(KeyboardInterrupt):
        house.send()
    hears(house, "ada", shown(house, "ada"))

    hears(house, "ada", Accepted(rail_reference="T-1"))

    assert house.attempts("ada") == ["120 CONFIRMED"]
    assert house.payouts(batch) == ["ada 120 PAID"]
    house.require_order()


def test_when_we_die_in_a_call_it_is_unknown_and_not_sent_again(house: House) -> None:
    house.earns("ada", "120")
    house.earns("bea", "50")
    batch = house.started()
    TILL.behaves = lambda order: "dies_paid" if order.amount == 120 else "paid"
    with pytest.raises(KeyboardInterrupt):
        house.send()

    TILL.behaves = lambda order: "paid"
    house.send()

    assert sorted(house.payouts(batch)) == ["ada 120 UNKNOWN unknown", "bea 50 PAID"] or sorted(
        house.payouts(batch)
    ) == ["ada 120 UNKNOWN unknown", "bea 50 UNKNOWN unknown"]
    assert len(TILL.calls) == len(set(TILL.calls))
    house.ask(after=timedelta(minutes=6))
    assert house.payouts(batch) == ["ada 120 PAID", "bea 50 PAID"]
    house.require_order()


def test_a_stop_holds_what_was_stored_and_not_called(house: House) -> None:
    house.earns("ada", "120")
    house.earns("bea", "50")
    batch = house.started()
    operations.pull_brake(house.program, reason="Something is wrong", at=timezone.now())

    house.send()
    assert TILL.calls == []
    assert house.payouts(batch) == ["ada 120 READY", "bea 50 READY"]
    proposal = propose_restart(house.program, reason="All is well", by=house.maker, at=timezone.now())
    house.send()
    assert TILL.calls == []
    agree(house, proposal)
    house.send()
    assert house.state(batch) == "EXECUTED"


def test_a_stop_between_storing_and_calling_leaves_it_uncalled(house: House) -> None:
    house.earns("ada", "120")
    batch = house.started()
    TILL.surveys = lambda orders: _stop(house)
    house.send()

    assert TILL.calls == []
    assert house.payouts(batch) == ["ada 120 READY"]
    house.require_order()


def _stop(house: House) -> Survey:
    operations.pull_brake(house.program, reason="Something is wrong", at=timezone.now())
    return Survey()


def test_what_the_rail_would_refuse_is_held_before_anything_is_tried(house: House) -> None:
    house.earns("ada", "120")
    house.earns("bea", "50")
    batch = house.started()
    TILL.surveys = lambda orders: Survey(
        refused={order.reference: Refused(code="reverts", reason="It would revert.") for order in orders[:1]}
    )

    house.send()

    assert house.payouts(batch) == ["ada 120 HELD reverts", "bea 50 PAID"]
    house.require_order()


def test_two_do_not_send_from_one_desk(house: House) -> None:
    house.earns("ada", "120")
    house.started()
    assert operations.lease_desk(house.account.pk, holder="somebody else", at=timezone.now())

    assert house.send().counts == {}
    assert TILL.calls == []
    later = timezone.now() + timedelta(minutes=5)
    assert house.send(clock=lambda: later).counts == {"paid": 1}


def test_the_rest_of_a_batch_lapses_with_its_approval(house: House) -> None:
    house.earns("ada", "900")
    batch = house.sends("bea", "300")

    assert operations.lapse_batches(at=timezone.now() + timedelta(days=60)) == 1

    assert house.payouts(batch) == ["ada 900 PAID", "bea 300 EXCLUDED approval_over"]
    assert house.state(batch) == "EXECUTED"
    assert house.rows("bea") == ["DIRECT 300 DUE"]
    house.require_order()


def test_two_payouts_of_one_payee_are_paid_in_one_turn(house: House) -> None:
    """From two batches, both in parts, and of each a part is paid in the same answer."""
    TILL.most = Decimal(100)
    house.earns("ada", "150")
    TILL.behaves = lambda order: "accepted_paid" if order.amount == 100 else "refused"
    house.started()
    house.sends("ada", "170")
    flying = Attempt.objects.filter(state="SENT")
    answers = [(one.pk, Paid(receipt=f"R-{one.reference}", amount=one.amount)) for one in flying]
    assert len(answers) == 2

    operations.record_answers(answers, at=timezone.now())

    assert house.troupe.owed("ada") == "120"
    house.require_order()
