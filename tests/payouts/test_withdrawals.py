"""Money that owners take out leaves in batches: held from the beginning, sent once, and given back where it did not."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from identity.errors import VoterIsMaker
from identity.states import Role
from payouts import operations
from payouts.models import BatchMaker, Payout, PayoutBatch
from payouts.operations.take_return import take_return
from payouts.proposable.outcomes import propose_outcome
from payouts.queries import checking
from payouts.queries.flags import flagged
from payouts.queries.proofs import proof_of
from tests.audit.sealing import tamper
from tests.conftest import member
from tests.factories import UserFactory
from tests.payouts.conftest import _let_them_vote
from tests.payouts.house import House
from tests.payouts.test_approval import refused
from tests.payouts.test_outgoing import api_of, page_of
from tests.payouts.test_sending import agree
from tests.payouts.till import TILL
from tests.payouts.till_takers import PHONE, Takers, takers_of
from wallets.errors import WithdrawalInBatch
from wallets.models import Withdrawal
from wallets.queries.integrity import Scope, verify_wallet_integrity
from wallets.rails.sending import Answer, Paid, Refused, Told

pytestmark = pytest.mark.django_db

NO = Refused(code="1", reason="No.")


@pytest.fixture
def house(house_of_two: House) -> House:
    return house_of_two


@pytest.fixture
def takers(house: House) -> Takers:
    return takers_of(house)


def hears(takers: Takers, withdrawal: Withdrawal, answer: Answer, number: int = 1) -> None:
    operations.record_answers([(takers.attempt(withdrawal, number).pk, answer)], at=timezone.now())


def shown(takers: Takers, withdrawal: Withdrawal, number: int = 1) -> Paid:
    attempt = takers.attempt(withdrawal, number)
    return Paid(receipt=f"R-{attempt.reference}", amount=attempt.amount)


def sent(takers: Takers, till: str = "paid") -> PayoutBatch:
    TILL.behaves = lambda order: till
    batch = takers.house.started()
    takers.house.send()
    return batch


def given_up(takers: Takers, withdrawal: Withdrawal) -> None:
    takers.house.do("release_payout", takers.payout(withdrawal), reason="Wrong number")


def test_it_is_held_collected_agreed_to_sent_and_paid(takers: Takers) -> None:
    withdrawal = takers.asks("ann", "60")
    assert takers.stands(withdrawal) == ["REQUESTED", "OPEN", "PENDING"]
    assert takers.purses.has("ann") == [40, 60, 0]
    takers.do("approve", withdrawal)

    batch = takers.house.approved()

    assert takers.house.payouts(batch) == ["ann's 60 READY"]
    payout = takers.payout(withdrawal)
    assert (payout.destination, payout.key) == (PHONE, f"PAYOUT:{batch.pk}:{withdrawal.pk}")
    assert payout.fee == 5
    takers.require_order()
    takers.house.do("execute_batch", batch, by=takers.house.maker)
    takers.house.send()
    assert takers.house.payouts(batch) == ["ann's 60 PAID"]
    assert takers.house.state(batch) == "EXECUTED"
    assert TILL.sums() == {PHONE: 60}
    assert takers.stands(withdrawal) == ["PAID", "CAPTURED", "COMPLETED 40"]
    assert takers.purses.has("ann") == [40, 0, 0]
    assert takers.lines("ann") == ["DEPOSIT +100 0 100", "WITHDRAWAL -60 0 40"]
    assert takers.house.books() == {"float": "940", "in_flight": "0", "fees": "0"}
    takers.require_order()


def test_what_nobody_has_approved_is_not_collected(takers: Takers) -> None:
    withdrawal = takers.asks("ann", "60")
    batch = takers.house.collected()
    assert takers.house.payouts(batch) == []

    no = refused("nothing_to_pay", lambda: add(takers, batch, withdrawal))

    assert no.params["reason"] == "It is requested: only what is approved is paid."


def add(takers: Takers, batch: PayoutBatch, withdrawal: Withdrawal, **more: Any) -> Payout:
    return operations.add_payee(
        batch.pk, program_id=takers.house.program.pk, payee_type="WITHDRAWAL", payee_id=withdrawal.pk,
        by=takers.house.maker, at=timezone.now(), **more,
    )  # fmt: skip


def test_it_is_added_once_taken_out_and_added_again(takers: Takers) -> None:
    withdrawal, batch = takers.takes("ann", "60"), takers.house.batch()
    payout = add(takers, batch, withdrawal)
    refused("payout_is_open", lambda: add(takers, batch, withdrawal))
    assert takers.house.payouts(takers.house.collected()) == []

    takers.house.do("exclude_payout", payout, reason="Later", by=takers.house.maker)
    assert takers.house.payouts(batch) == ["ann's 60 EXCLUDED by_hand"]
    assert takers.house.payouts(takers.house.collected()) == ["ann's 60 READY"]

    refused("nothing_to_pay", lambda: add(takers, batch, withdrawal))


def test_it_is_added_and_read_over_the_api_and_shown_on_its_pages(takers: Takers) -> None:
    house, withdrawal = takers.house, takers.takes("ann", "60")
    batch = house.batch()
    asked = {"payee_type": "WITHDRAWAL", "payee": str(withdrawal.pk)}

    added = api_of(house, house.maker).post(f"/api/v2/payouts/batch/{batch.pk}/add", asked, format="json")

    assert (added.status_code, added.json()["withdrawal_id"]) == (201, str(withdrawal.pk))
    found = api_of(house, house.maker).get("/api/v2/payouts", {"withdrawal": str(withdrawal.pk)}).json()["results"]
    assert [(row["id"], row["fee"], row["destination"]) for row in found] == [(added.json()["id"], "5", "2547…0001")]
    other = api_of(house, house.maker).post(
        f"/api/v2/payouts/batch/{batch.pk}/add", {**asked, "payee": str(batch.pk)}, format="json"
    )
    assert (other.status_code, other.json()["code"]) == (404, "unknown_payee")
    client = page_of(house.maker)
    assert b"ann (withdrawal)" in client.get(f"/admin/payouts/payoutbatch/{batch.pk}/change/").content
    page = client.get(f"/admin/payouts/payout/{added.json()['id']}/change/").content.decode()
    assert f"/admin/wallets/withdrawal/{withdrawal.pk}/change/" in page


def test_who_approved_it_and_whose_it_is_have_no_vote(takers: Takers) -> None:
    house = takers.house
    party = takers.purses.party("ben")
    party.user = house.approver
    party.save()
    takers.takes("ann", "60")
    takers.takes("ben", "30")
    _let_them_vote(member(UserFactory(email="olga@example.com", name="Olga"), house.program, Role.OWNER))

    batch = house.submitted()

    roles = set(BatchMaker.objects.filter(batch=batch).values_list("user__name", "role"))
    assert {("Kim", "APPROVED"), ("Anton", "PAID")} <= roles
    with pytest.raises(VoterIsMaker):
        house.agree(batch)


def test_the_digest_and_the_proof_name_it_and_where_it_goes(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    batch = takers.house.approved()

    [item] = proof_of(batch)["items"]

    assert item[:2] == [f"WITHDRAWAL:{withdrawal.pk}", "60"]
    assert item[4] == takers.payout(withdrawal).destination_digest != ""


def test_it_is_said_when_it_goes_elsewhere_or_for_the_first_time(takers: Takers) -> None:
    first = takers.takes("ann", "10")
    batch = takers.house.collected()
    assert flagged(batch, at=timezone.now()) == {"new_payee": [str(takers.payout(first).pk)]}
    takers.house.do("cancel_batch", batch, reason="Again", by=takers.house.maker)
    sent(takers)
    second = takers.takes("ann", "50", to="254712000002")

    batch = takers.house.collected()

    found = [str(takers.payout(second).pk)]
    assert flagged(batch, at=timezone.now()) == {"new_destination": found, "far_above_usual": found}


def test_refused_it_stays_held_and_is_paid_at_the_second_try(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    batch = sent(takers, "refused")
    assert takers.house.payouts(batch) == ["ann's 60 FAILED 2040"]
    assert takers.stands(withdrawal) == ["SENT", "OPEN", "PENDING"]
    takers.require_order()

    takers.house.do("retry_payout", takers.payout(withdrawal), reason="The number is registered now")
    TILL.behaves = lambda order: "paid"
    takers.house.send()

    assert takers.stands(withdrawal) == ["PAID", "CAPTURED", "COMPLETED 40"]
    assert TILL.sums() == {PHONE: 60}
    takers.require_order()


def test_released_it_is_its_owners_again(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    batch = sent(takers, "refused")

    given_up(takers, withdrawal)

    assert takers.house.payouts(batch) == ["ann's 60 RELEASED 2040"]
    assert takers.stands(withdrawal) == ["FAILED", "RELEASED", "FAILED"]
    assert takers.purses.has("ann") == [100, 0, 0]
    assert takers.house.payouts(takers.house.collected()) == []
    takers.require_order()


def test_unknown_it_stays_held_until_two_people_say_what_came_of_it(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    batch = sent(takers, "unclear")
    assert takers.house.payouts(batch)[0].startswith("ann's 60 UNKNOWN")
    assert takers.stands(withdrawal) == ["UNKNOWN", "OPEN", "PENDING"]
    assert takers.purses.has("ann") == [40, 60, 0]
    takers.require_order()

    proposal = propose_outcome(
        takers.attempt(withdrawal).pk, program=takers.house.program, outcome="PAID", receipt="QX7",
        evidence="The statement", by=takers.house.maker, at=timezone.now(),
    )  # fmt: skip
    agree(takers.house, proposal)

    assert takers.stands(withdrawal) == ["PAID", "CAPTURED", "COMPLETED 40"]
    takers.require_order()


def test_unknown_and_never_paid_it_is_its_owners_again(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    sent(takers, "unclear")
    proposal = propose_outcome(
        takers.attempt(withdrawal).pk, program=takers.house.program, outcome="FAILED", receipt="",
        evidence="The statement", by=takers.house.maker, at=timezone.now(),
    )  # fmt: skip
    agree(takers.house, proposal)
    assert takers.stands(withdrawal) == ["UNKNOWN", "OPEN", "PENDING"]

    given_up(takers, withdrawal)

    assert takers.stands(withdrawal) == ["FAILED", "RELEASED", "FAILED"]
    assert takers.purses.has("ann") == [100, 0, 0]
    takers.require_order()


def test_unknown_refused_and_tried_again_it_is_unknown_until_it_is_paid(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    sent(takers, "unclear")
    hears(takers, withdrawal, NO)
    assert takers.stands(withdrawal) == ["UNKNOWN", "OPEN", "PENDING"]

    takers.house.do("retry_payout", takers.payout(withdrawal), reason="Again")
    TILL.behaves = lambda order: "paid"
    takers.house.send()

    assert takers.stands(withdrawal) == ["PAID", "CAPTURED", "COMPLETED 40"]
    takers.require_order()


def test_proof_before_it_is_given_up_takes_what_is_held(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    sent(takers, "refused")

    hears(takers, withdrawal, shown(takers, withdrawal))

    assert takers.stands(withdrawal) == ["PAID", "CAPTURED", "COMPLETED 40"]
    assert takers.purses.has("ann") == [40, 0, 0]
    takers.require_order()


def test_late_proof_after_it_was_given_up_and_spent_is_owed(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    sent(takers, "refused")
    given_up(takers, withdrawal)
    takers.purses.do("spend", "ann", "70")

    hears(takers, withdrawal, shown(takers, withdrawal))

    assert takers.stands(withdrawal) == ["PAID", "RELEASED", "COMPLETED 0"]
    assert takers.purses.has("ann") == [0, 0, 30]
    assert takers.lines("ann") == ["DEPOSIT +100 0 100", "SPEND -70 0 30", "WITHDRAWAL -30 30 0"]
    [line] = takers.purses.wallet("ann").transactions.filter(status="FAILED")
    assert line.metadata == {"withdrawal": str(withdrawal.pk)}
    takers.require_order()


def test_late_proof_where_nothing_is_left_is_all_owed(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    sent(takers, "refused")
    given_up(takers, withdrawal)
    takers.purses.do("spend", "ann", "100")

    hears(takers, withdrawal, shown(takers, withdrawal))

    assert takers.purses.has("ann") == [0, 0, 60]
    assert takers.lines("ann")[-1] == "WITHDRAWAL -0 60 0"
    takers.require_order()


def test_paid_twice_the_second_is_owed(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    sent(takers, "refused")
    takers.house.do("retry_payout", takers.payout(withdrawal), reason="Again")
    TILL.behaves = lambda order: "paid"
    takers.house.send()

    hears(takers, withdrawal, shown(takers, withdrawal))

    assert takers.stands(withdrawal) == ["PAID", "CAPTURED", "COMPLETED 40"]
    assert takers.purses.has("ann") == [0, 0, 20]
    assert takers.lines("ann")[-1] == "WITHDRAWAL -40 20 0"
    assert takers.attempt(withdrawal).trouble == "PAID_TWICE"
    takers.require_order()


def comes_back(takers: Takers, withdrawal: Withdrawal) -> Any:
    attempt = takers.attempt(withdrawal)
    return take_return(attempt, Told(attempt.reference, "", NO), at=timezone.now())


def test_what_comes_back_is_in_the_wallet_and_repays_what_is_owed(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    sent(takers)
    takers.purses.do("charge_back", "ann", "50", rail="shop")
    assert takers.purses.has("ann") == [0, 0, 10]

    comes_back(takers, withdrawal)

    assert takers.stands(withdrawal)[0] == "RETURNED"
    assert takers.purses.has("ann") == [50, 0, 0]
    assert takers.lines("ann")[-2:] == ["RETURN +60 0 60", "REPAYMENT -10 -10 50"]
    assert takers.payout(withdrawal).state == "RETURNED"
    takers.require_order()
    comes_back(takers, withdrawal)
    assert takers.purses.has("ann") == [50, 0, 0]


def test_several_of_one_wallet_paid_at_once_tell_what_each_left(takers: Takers) -> None:
    for amount in ("10", "20", "30"):
        takers.takes("ann", amount)
    takers.takes("ben", "40")
    TILL.behaves = lambda order: "accepted"
    takers.house.started()
    takers.house.send()
    rows = list(Withdrawal.objects.order_by("pk"))

    answers = [(takers.attempt(row).pk, Paid(receipt=f"Q-{row.pk}", amount=row.amount)) for row in rows]
    operations.record_answers(answers, at=timezone.now())

    left = sorted(line.partition(" ")[2] for line in takers.lines("ann")[1:])
    assert len(left) == 3
    assert takers.lines("ann")[-1].endswith(" 40")
    assert takers.lines("ben") == ["DEPOSIT +100 0 100", "WITHDRAWAL -40 0 60"]
    takers.require_order()


def test_a_batch_that_nobody_started_in_time_leaves_it_approved(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    batch = takers.house.started()
    PayoutBatch.objects.filter(pk=batch.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    operations.lapse_batches(at=timezone.now())

    assert takers.house.payouts(batch) == ["ann's 60 EXCLUDED approval_over"]
    assert takers.stands(withdrawal) == ["APPROVED", "OPEN", "PENDING"]
    takers.require_order()
    sent(takers)
    assert takers.stands(withdrawal)[0] == "PAID"


def test_left_out_it_stays_approved_and_can_be_cancelled(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    batch = takers.house.started()
    with pytest.raises(WithdrawalInBatch):
        takers.do("cancel", withdrawal)

    takers.house.do("exclude_payout", takers.payout(withdrawal), reason="Not this week", by=takers.house.maker)

    assert takers.house.payouts(batch) == ["ann's 60 EXCLUDED by_hand"]
    takers.do("cancel", withdrawal)
    assert takers.stands(withdrawal) == ["CANCELLED", "RELEASED", "FAILED"]
    takers.require_order()


@pytest.mark.parametrize("state", ["PENDING_APPROVAL", "APPROVED"])
def test_what_others_look_at_is_stopped_only_once_it_is_taken_back(takers: Takers, state: str) -> None:
    withdrawal = takers.takes("ann", "60")
    batch = takers.house.submitted() if state == "PENDING_APPROVAL" else takers.house.approved()
    refused("withdrawal_in_batch", lambda: takers.do("cancel", withdrawal))
    refused("withdrawal_in_batch", lambda: takers.do("reject", withdrawal, reason="No"))

    takers.house.do("recall_batch", batch, reason="Again", by=takers.house.maker)
    takers.do("cancel", withdrawal)

    assert takers.house.payouts(batch) == ["ann's 60 READY"]
    takers.takes("ben", "30")
    takers.house.do("collect_due", batch, by=takers.house.maker)
    takers.house.do("submit_batch", batch, reason="Now", by=takers.house.maker)
    assert takers.house.payouts(batch) == ["ann's 60 EXCLUDED withdrawal_stopped", "ben's 30 READY"]
    assert takers.stands(withdrawal) == ["CANCELLED", "RELEASED", "FAILED"]


def test_of_a_frozen_wallet_nothing_leaves(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    batch = takers.house.started()
    takers.purses.do("freeze", "ann")

    takers.house.send()

    assert takers.house.payouts(batch) == ["ann's 60 HELD payee_changed"]
    assert TILL.sums() == {}
    assert takers.stands(withdrawal) == ["APPROVED", "OPEN", "PENDING"]
    takers.require_order()
    takers.purses.do("unfreeze", "ann")
    takers.house.do("free_payout", takers.payout(withdrawal), reason="It is open again")
    takers.house.send()
    assert takers.stands(withdrawal)[0] == "PAID"


def test_a_frozen_wallet_is_left_out_with_the_reason(takers: Takers) -> None:
    takers.takes("ann", "60")
    takers.purses.do("freeze", "ann")

    assert takers.house.payouts(takers.house.collected()) == ["ann's 60 EXCLUDED wallet_frozen"]


def test_above_what_goes_at_once_it_is_left_out_whole(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    TILL.most = withdrawal.amount - 1

    assert takers.house.payouts(takers.house.collected()) == ["ann's 60 EXCLUDED above_rail_maximum"]


def test_agreed_to_it_goes_whole_even_where_the_rail_takes_less_by_now(takers: Takers) -> None:
    withdrawal = takers.takes("ann", "60")
    batch = takers.house.approved()
    TILL.most = withdrawal.amount - 10

    takers.house.do("execute_batch", batch, by=takers.house.maker)
    takers.house.send()

    assert takers.payout(withdrawal).parts.count() == 1
    assert takers.stands(withdrawal) == ["PAID", "CAPTURED", "COMPLETED 40"]


TAMPERED = [
    ("UPDATE ledger_hold SET state = 'RELEASED', released = amount", {"withdrawal_hold"}, False),
    ("UPDATE wallets_wallettransaction SET status = 'FAILED' WHERE status = 'PENDING'", {"withdrawal_line"}, False),
    ("UPDATE wallets_withdrawal SET state = 'UNKNOWN', batched_at = now()", set(), True),
    ("UPDATE wallets_withdrawal SET batched_at = NULL", set(), True),
    ("UPDATE payouts_payout SET state = 'EXCLUDED', reason = 'x'", set(), True),
    ("UPDATE payouts_payout SET amount = amount - 1, gross = gross - 1", set(), True),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("change", "in_wallets", "in_payouts"), TAMPERED)
def test_at_night_it_is_found_when_they_part(
    takers: Takers, change: str, in_wallets: set[str], in_payouts: bool
) -> None:
    takers.takes("ann", "60")
    takers.house.started()
    takers.require_order()

    tamper(change.split()[1], change)

    program_id = takers.house.program.pk
    found = verify_wallet_integrity(Scope(program_id=program_id))
    assert {difference.what for difference in found} == in_wallets
    assert bool(checking.withdrawals(program_id)[1]) == in_payouts
