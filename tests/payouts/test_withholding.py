"""Tax that is withheld: worked out of what is paid, agreed to with it, booked with each payment and never by itself."""

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from identity.settable import spec_of
from identity.states import Role
from ledger import money
from ledger.models import Transaction
from payouts import operations, rules
from payouts.models import Attempt, Part, Payout
from payouts.operations.take_return import take_return
from payouts.queries import checking
from payouts.queries.batches import items_of
from payouts.queries.proofs import proof_of
from tests.conftest import member
from tests.factories import UserFactory
from tests.payouts.house import House
from tests.payouts.test_doors import Caller
from tests.payouts.test_sending import hears, shown
from tests.payouts.till import TILL
from tests.wallets.purses import Purses
from wallets.models import Outgoing
from wallets.operations import open_wallet
from wallets.rails import Applied
from wallets.rails.sending import Paid, Told

pytestmark = pytest.mark.django_db

AMOUNTS = st.decimals("0", "1000000", places=4)
RATES = st.decimals("0", "1", places=6)
SCALES = st.integers(0, 4)


@pytest.fixture
def house(house_of_two: House) -> House:
    house_of_two.funds("1000")
    house_of_two.withholds("0.05")
    return house_of_two


@given(due=AMOUNTS, rate=RATES, scale=SCALES, coarser=SCALES)
def test_what_is_due_is_sent_withheld_or_carried(due: Decimal, rate: Decimal, scale: int, coarser: int) -> None:
    places = max(scale - coarser, 0)

    split = rules.split(due, rate=rate, places=places, scale=scale)

    with money.exactly():
        assert split.amount + split.withheld + split.carried == due
        assert min(split.amount, split.withheld, split.carried) >= 0
        assert split.amount == split.amount.quantize(Decimal(1).scaleb(-places))
        if rate:
            assert split.base == split.amount + split.withheld
            assert split.exact == split.base * rate
            assert split.withheld == money.round_to(split.exact, scale=scale)


@given(due=AMOUNTS, rate=RATES, scale=SCALES, coarser=SCALES)
def test_no_more_is_carried_than_has_to_be(due: Decimal, rate: Decimal, scale: int, coarser: int) -> None:
    """One unit of the rail more, and what is withheld of that, would be more than is due."""
    places = max(scale - coarser, 0)
    split = rules.split(due, rate=rate, places=places, scale=scale)

    with money.exactly():
        whole, _ = rules.cut_down(due, places=scale)
        left = whole - money.round_to(whole * rate, scale=scale)
        assert split.amount <= left < split.amount + Decimal(1).scaleb(-places) or not rate


@given(weights=st.lists(st.integers(1, 250_000), min_size=1, max_size=100), withheld=st.decimals("0", "9999", places=2))
def test_each_part_has_its_own_of_what_is_withheld(weights: list[int], withheld: Decimal) -> None:
    parts = money.allocate(withheld, weights=[Decimal(weight) for weight in weights], scale=2)

    assert sum(parts, Decimal(0)) == withheld
    assert min(parts) >= 0


def test_it_is_set_by_two_people() -> None:
    spec = spec_of("payouts.withholding_rate")

    assert (spec.needs_two, spec.default) == (True, "0")


def test_what_is_withheld_is_agreed_to_and_booked_with_what_is_paid(house: House) -> None:
    house.earns("ada", "120.55")
    batch = house.submitted()

    payout = house.payout("ada")
    # Of 120 shillings 114 are sent and 6 withheld: no more than 0.55 is left for another time.
    split = (payout.gross, payout.amount, payout.withheld, payout.carried)
    assert split == (Decimal("120.55"), Decimal(114), Decimal(6), Decimal("0.55"))
    how = (payout.withheld_base, payout.withheld_rate, payout.withheld_exact)
    assert how == (Decimal(120), Decimal("0.05"), Decimal(6))
    house.agree(batch)
    assert house.troupe.balance(f"affiliate:{payout.affiliate_id}:reserved") == "120"
    house.do("execute_batch", batch, by=house.maker)
    house.require_order()
    assert house.withheld() == "0"

    house.send()

    assert house.payouts(batch) == ["ada 114 PAID"]
    assert house.withheld() == "6"
    assert house.books() == {"float": "886", "in_flight": "0", "fees": "0"}
    assert house.rows("ada") == ["DIRECT 120.55 PAID", "CARRY -0.55 PAID", "CARRY 0.55 DUE"]
    assert house.troupe.owed("ada") == "0.55"
    paid = Transaction.objects.get(kind="PAYOUT_PAID")
    assert sorted(entry.amount for entry in paid.entries.all()) == [6, 114, 114], "one transaction books both"
    house.require_order()


def test_the_digest_is_of_what_is_withheld_too(house: House) -> None:
    house.earns("ada", "120")
    batch = house.submitted()
    proof = proof_of(batch)

    [item] = items_of(batch)
    document = {name: proof[name] for name in ("asset", "batch", "items", "revision")}
    said = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert hashlib.sha256(said.encode()).hexdigest() == batch.digest
    assert item.withheld == 6
    assert proof["items"][0][-1] == proof["withheld"] == "6"
    assert batch.proposal is not None
    assert batch.proposal.payload["withheld"] == "6"


def test_without_a_rate_a_batch_is_written_down_as_it_always_was(house_of_two: House) -> None:
    house_of_two.earns("ada", "120")

    [item] = items_of(house_of_two.submitted())

    assert len(item.listed()) == 6


def test_the_rail_s_least_is_of_what_is_sent(house: House) -> None:
    house.earns("ada", "10.2")

    assert house.payouts(house.collected()) == ["ada 10.2 EXCLUDED below_rail_minimum"]


def test_what_is_owed_outside_is_owed_in_full(house: House) -> None:
    purses = Purses(house.program)
    payment = purses.of("confirm_payment", purses.direct("ann", "25", rail="shop"), receipt="QX1")
    purses.of("refund", payment, "15", rail="shop")
    Outgoing.objects.update(destination="254712000001")

    batch = house.started()
    house.send()

    assert house.payouts(batch) == ["outgoing 15 PAID"]
    assert house.withheld() == "0"
    house.require_order()


def test_each_part_withholds_its_own(house: House) -> None:
    TILL.most = Decimal(100)
    house.earns("ada", "216")
    TILL.behaves = lambda order: "paid" if order.amount == 100 else "refused"
    batch = house.started()
    house.send()

    parts = Part.objects.filter(payout=house.payout("ada")).order_by("number")
    assert [(part.amount, part.withheld) for part in parts] == [
        (Decimal(100), Decimal("5.26")), (Decimal(95), Decimal("5.00")), (Decimal(10), Decimal("0.53")),
    ]  # fmt: skip
    assert house.payouts(batch) == ["ada 205 FAILED 2040"]
    assert house.withheld() == "5.26"
    assert house.troupe.owed("ada") == "110.74"
    house.require_order()

    house.do("release_payout", house.payout("ada"), reason="Enough")

    assert house.troupe.owed("ada") == "110.74"
    house.require_order()
    assert house.payouts(house.collected()) == ["ada 105 READY"]


def test_late_proof_withholds_too(house: House) -> None:
    house.sends("ada", "120", till="refused")
    house.require_order()

    hears(house, "ada", shown(house, "ada"))

    assert (house.withheld(), house.troupe.owed("ada")) == ("6", "0")
    assert house.books() == {"float": "886", "in_flight": "0", "fees": "0"}
    house.require_order()


def test_late_proof_of_what_was_given_up_withholds_from_what_is_owed(house: House) -> None:
    house.sends("ada", "120", till="refused")
    house.do("release_payout", house.payout("ada"), reason="They closed their phone")
    assert house.withheld() == "0"

    hears(house, "ada", shown(house, "ada"))

    assert house.rows("ada") == ["DIRECT 120 DUE", "ADJUSTMENT -120 DUE"]
    assert (house.withheld(), house.troupe.owed("ada")) == ("6", "0")
    house.require_order()


def test_a_second_payment_withholds_a_second_time(house: House) -> None:
    """What is due next is less by both, so that in the end tax was withheld from all that was paid, once."""
    house.sends("ada", "120", till="refused")
    TILL.behaves = lambda order: "paid"
    house.do("retry_payout", house.payout("ada"), reason="Again")
    house.send()

    hears(house, "ada", shown(house, "ada"))

    assert (house.withheld(), house.troupe.owed("ada")) == ("12", "-120")
    house.require_order()
    house.earns("ada", "320")
    batch = house.started()
    house.send()
    assert house.payouts(batch) == ["ada 190 PAID"]
    assert house.withheld() == "22", "a twentieth of 440"
    house.require_order()


def test_what_comes_back_brings_back_what_was_withheld(house: House) -> None:
    house.sends("ada", "120")
    attempt = Attempt.objects.get()

    for _ in range(2):
        with transaction.atomic():
            take_return(attempt, Told(attempt.reference, "", shown(house, "ada")), at=timezone.now())

    assert (house.withheld(), house.troupe.owed("ada")) == ("0", "120")
    assert house.rows("ada") == ["DIRECT 120 PAID", "REINSTATEMENT 120 DUE"]
    house.require_order()


def test_each_part_that_comes_back_is_owed_again(house: House) -> None:
    TILL.most = Decimal(100)
    house.sends("ada", "216")

    for attempt in Attempt.objects.order_by("part__number"):
        said = Paid(receipt=attempt.receipt, amount=attempt.amount)
        with transaction.atomic():
            assert isinstance(take_return(attempt, Told(attempt.reference, "", said), at=timezone.now()), Applied)

    assert house.payout("ada").state == "RETURNED"
    assert (house.withheld(), house.troupe.owed("ada")) == ("0", "216")
    assert house.troupe.balance("rail:shop:clearing") == "205"
    house.require_order()


def test_into_a_wallet_here_the_rest_goes(house: House) -> None:
    house.earns("ada", "120.55", method=False)
    affiliate = house.troupe.affiliates["ada"]
    wallet = open_wallet(affiliate.party_id, program_id=house.program.pk, asset_code="KES", at=timezone.now())
    house.earns("ada", "0.1", kind="WALLET", destination=str(wallet.pk))

    batch = house.started()
    operations.pay_wallets(house.program.pk, at=timezone.now())

    assert house.payouts(batch) == ["ada 114.62 PAID"]
    assert (house.withheld(), house.troupe.owed("ada")) == ("6.03", "0")
    house.require_order()


def test_the_database_holds_it(house: House) -> None:
    house.earns("ada", "120")
    draft = house.collected()
    payout = house.payout("ada")

    for values in (
        {"gross": 121},
        {"withheld": 5},
        {"withheld_base": 100},
        {"withheld_rate": 0},
        {"withheld_exact": 5},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            Payout.objects.filter(pk=payout.pk).update(**values)
    house.do("submit_batch", draft, reason="Now", by=house.maker)
    everything: dict[str, Any] = {
        "withheld": 0, "withheld_base": 0, "withheld_rate": 0, "withheld_exact": 0, "gross": payout.amount,
    }  # fmt: skip
    with pytest.raises(DatabaseError, match="stays what was agreed on"), transaction.atomic():
        Payout.objects.filter(pk=payout.pk).update(**everything)
    house.agree(draft)
    house.do("execute_batch", draft, by=house.maker)
    with pytest.raises(DatabaseError, match="stays what was agreed on"), transaction.atomic():
        Part.objects.update(withheld=0)


def test_what_the_books_have_not_is_found(house: House) -> None:
    house.sends("ada", "120")
    house.earns("bea", "50")
    house.started()
    Part.objects.filter(payout=house.payout("bea")).update(paid_at=timezone.now())

    [found] = checking.withheld(house.program.pk)[1]

    assert (found.rows, found.books) == ("8.47", "6")


def test_whoever_looks_sees_what_was_withheld(house: House) -> None:
    person = member(UserFactory(email="ada@example.com"), house.program, Role.AFFILIATE)
    house.troupe.affiliate("ada", user=person)
    house.earns("ada", "120.55")
    batch = house.started()
    house.send()
    ada, anton = Caller(house, person), Caller(house, house.approver)

    shown_to = ada.get(f"/{house.payout('ada').pk}").json()
    portal = ada.client.get(f"/affiliate/in/{house.program.slug}/payouts/").content.decode()
    batch_page = anton.client.get(f"/admin/payouts/payoutbatch/{batch.pk}/change/").content.decode()
    page = anton.client.get(f"/admin/payouts/payout/{house.payout('ada').pk}/change/").content.decode()
    ballot = anton.client.get(f"/admin/identity/proposal/{batch.proposal_id}/change/").content.decode()

    told = {name: shown_to[name] for name in ("gross", "amount", "withheld", "withheld_rate", "carried")}
    assert told == {
        "gross": "120.55", "amount": "114", "withheld": "6", "withheld_rate": "0.05", "carried": "0.55",
    }  # fmt: skip
    assert "Of 120.00 KES, 6.00 KES (5 %) was withheld as tax." in portal
    assert "Withheld, as tax" in batch_page
    assert "6.00 KES: 5 % of 120.00 KES" in page
    assert "Withheld beside it, as tax" in ballot
