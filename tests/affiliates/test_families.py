"""Settlements and what they earn: one family, booked at once, taken back pro rata, and always what the books say."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from affiliates import operations
from affiliates.models import Commission, Settlement
from affiliates.states import AffiliateState
from tests.affiliates.troupe import Troupe, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold(troupe: Troupe) -> Troupe:
    """Bea stands under Ada, and brought Max."""
    troupe.affiliate("ada")
    troupe.affiliate("bea", under="ada")
    troupe.member("max", by="bea")
    return troupe


def test_both_levels_earn_at_once(sold: Troupe) -> None:
    settlement = sold.settle("max", "1000")

    assert sold.rows(settlement) == ["bea DIRECT 100 ACCRUED", "ada OVERRIDE 20 ACCRUED"]
    assert (sold.owed("bea"), sold.owed("ada")) == ("100", "20")
    assert sold.balance("program:acme:revenue") == "1000"
    assert sold.balance("program:acme:expense") == "120"
    assert sold.balance("system:settlements") == "0"
    assert sold.balance("rail:pay:clearing") == "1000"
    sold.require_order()


def test_a_row_says_how_it_came_about(sold: Troupe) -> None:
    row = sold.row(sold.settle("max", "33.3333"))

    assert (row.base, row.rate) == (Decimal("33.3333"), Decimal("0.1"))
    assert (row.exact, row.amount) == (Decimal("3.33333"), Decimal("3.3333"))
    assert row.rate_from == "the program's"


def test_nothing_is_booked_before_it_is_proven(sold: Troupe) -> None:
    sold.expect("max", "1000")

    assert Commission.objects.count() == 0
    assert sold.balance("program:acme:revenue") == "0"


def test_settling_twice_books_once(sold: Troupe) -> None:
    settlement = sold.settle("max", "1000")

    sold.confirm(settlement)

    assert sold.owed("bea") == "100"
    assert len(sold.rows(settlement)) == 2


@pytest.mark.parametrize("parts", [["250"], ["100", "100", "50"], ["0.0001", "249.9999"], ["33.3333"] * 3])
def test_a_refund_claws_back_its_part_of_both(sold: Troupe, parts: list[str]) -> None:
    settlement = sold.settle("max", "1000")

    for part in parts:
        sold.reverse(settlement, part)

    taken = sum(map(Decimal, parts), Decimal(0))
    assert Decimal(sold.owed("bea")) == Decimal(100) - (taken / 10).quantize(Decimal("0.0001"))
    sold.require_order()
    assert sold.balance("program:acme:revenue") == f"{(1000 - taken).normalize():f}"


def test_many_small_refunds_come_to_the_whole(sold: Troupe) -> None:
    settlement = sold.settle("max", "0.01")
    for _ in range(100):
        sold.reverse(settlement, "0.0001")

    settlement.refresh_from_db()
    assert settlement.state == "REVERSED"
    assert (sold.owed("bea"), sold.owed("ada")) == ("0", "0")
    sold.require_order()


def test_no_more_is_taken_back_than_there_is(sold: Troupe) -> None:
    settlement = sold.settle("max", "1000")
    sold.reverse(settlement, "600")

    refused("reversal_too_large", lambda: sold.reverse(settlement, "400.0001"), left="400")
    refused("reversal_too_large", lambda: sold.win(settlement, "600.0001"), left="600")
    refused("bad_amount", lambda: sold.reverse(settlement, "-1"))


def test_what_is_won_is_given_again(sold: Troupe) -> None:
    settlement = sold.settle("max", "1000")
    sold.reverse(settlement, "1000")

    sold.win(settlement, "400")

    assert sold.rows(settlement)[-2:] == ["bea REINSTATEMENT 40 DUE", "ada REINSTATEMENT 8 DUE"]
    settlement.refresh_from_db()
    assert settlement.state == "PARTIALLY_REVERSED"
    sold.win(settlement, "600")
    settlement.refresh_from_db()
    assert settlement.state == "CONFIRMED"
    assert (sold.owed("bea"), sold.owed("ada")) == ("100", "20")
    sold.require_order()


def test_a_reversal_happens_once(sold: Troupe) -> None:
    settlement = sold.settle("max", "1000")
    first = sold.reverse(settlement, "100", key="refund-1")

    assert sold.reverse(settlement, "100", key="refund-1") == first
    refused("reversal_conflict", lambda: sold.reverse(settlement, "200", key="refund-1"), fields="amount")
    assert sold.owed("bea") == "90"


def test_a_refund_waits_for_the_payment(sold: Troupe) -> None:
    settlement = sold.expect("max", "1000")

    refused("settlement_not_proven", lambda: sold.reverse(settlement, "100"))


def test_the_override_is_the_parents_who_stood_there_then(sold: Troupe) -> None:
    before = timezone.now()
    sold.affiliate("cy")
    operations.move_affiliate(
        sold.affiliate("bea").pk, program_id=sold.program.pk, parent_id=sold.affiliate("cy").pk, tier_id=None,
        reason="asked for", at=timezone.now(),
    )  # fmt: skip

    late = sold.settle("max", "100", at=before)
    new = sold.settle("max", "100")

    assert sold.rows(late)[1] == "ada OVERRIDE 2 ACCRUED"
    assert sold.rows(new)[1] == "cy OVERRIDE 2 ACCRUED"
    sold.require_order()


def test_both_together_stay_below_the_cap(sold: Troupe) -> None:
    sold.rate(sold.affiliate("bea"), "0.45", "0")
    sold.rate(sold.affiliate("ada"), "0.1", "0.2")

    settlement = sold.settle("max", "1000", at=timezone.now() + timedelta(minutes=5))

    assert sold.rows(settlement) == ["bea DIRECT 450 ACCRUED", "ada OVERRIDE 50 ACCRUED"]
    assert "cut" in sold.row(settlement, "OVERRIDE").rate_from
    sold.require_order()


def test_who_is_suspended_earns_and_waits(sold: Troupe) -> None:
    bea = sold.affiliate("bea")

    def change(to: AffiliateState) -> None:
        operations.change_affiliate_state(
            bea.pk, program_id=sold.program.pk, to=to, reason="looked into", at=timezone.now()
        )

    change(AffiliateState.SUSPENDED)
    settlement = sold.settle("max", "1000")
    assert sold.rows(settlement) == ["bea DIRECT 100 HELD", "ada OVERRIDE 20 ACCRUED"]

    change(AffiliateState.ACTIVE)

    assert sold.rows(settlement)[0] == "bea DIRECT 100 ACCRUED"
    sold.require_order()


def test_an_affiliate_is_closed_with_nothing_open(sold: Troupe) -> None:
    settlement = sold.settle("max", "1000")

    def close() -> None:
        operations.change_affiliate_state(
            sold.affiliate("bea").pk, program_id=sold.program.pk, to=AffiliateState.CLOSED, reason="ends",
            at=timezone.now(),
        )  # fmt: skip

    refused("still_earning", close, amount="100", asset="KES")
    sold.reverse(settlement, "1000")
    close()

    assert sold.rows(sold.settle("max", "500")) == []
    sold.require_order()


def test_proof_books_in_a_closed_program(sold: Troupe) -> None:
    settlement = sold.expect("max", "1000")
    type(sold.program).objects.filter(pk=sold.program.pk).update(status="CLOSED")

    sold.confirm(settlement)

    assert sold.owed("ada") == "20"


def test_a_receipt_settles_once(sold: Troupe) -> None:
    place = {"chain_id": 1, "tx_hash": "0x" + "ab" * 32}
    sold.confirm(sold.expect("max", "1", asset="USDC", source="CHAIN", **place), position=1)
    again = sold.expect("max", "1", asset="USDC", source="CHAIN", **place)

    refused("receipt_taken", lambda: sold.confirm(again, position=1))
    sold.confirm(again, position=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Settlement.objects.filter(pk=again.pk).update(position=1)


def test_commissions_fall_due_in_their_time(sold: Troupe) -> None:
    settlement = sold.settle("max", "1000")
    held = sold.row(settlement)
    sold.change("hold", held, reason="looks odd")

    assert operations.mature_commissions(at=timezone.now() + timedelta(days=13)) == 0
    assert sold.mature() == 1
    assert sold.rows(settlement) == ["bea DIRECT 100 HELD", "ada OVERRIDE 20 DUE"]

    sold.change("release", held)
    assert sold.rows(settlement)[0] == "bea DIRECT 100 ACCRUED"
    sold.require_order()


def test_voiding_takes_what_clawbacks_left(sold: Troupe) -> None:
    settlement = sold.settle("max", "1000")
    sold.reverse(settlement, "250")

    operations.void_commission(sold.row(settlement).pk, program_id=sold.program.pk, reason="fraud", at=timezone.now())

    assert sold.rows(settlement) == [
        "bea DIRECT 100 VOIDED", "ada OVERRIDE 20 ACCRUED", "bea CLAWBACK -25 VOIDED", "ada CLAWBACK -5 DUE"
    ]  # fmt: skip
    assert (sold.owed("bea"), sold.owed("ada")) == ("0", "15")
    sold.reverse(settlement, "750")
    assert (sold.owed("bea"), sold.owed("ada")) == ("0", "0")
    sold.require_order()
