"""From what is due to what is paid, by two people."""

import pytest

from tests.payouts.house import House

pytestmark = pytest.mark.django_db


def test_what_is_due_is_collected_agreed_on_and_paid(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120.55")
    house.earns("bea", "50")
    house.earns("cyd", "4")
    house.earns("dan", "80", method=False)
    house.funds("1000")

    batch = house.collected()

    assert house.payouts(batch) == [
        "ada 120 READY", "bea 50 READY", "cyd 4 EXCLUDED below_minimum", "dan 80 EXCLUDED no_method",
    ]  # fmt: skip
    house.do("submit_batch", batch, reason="The week's payouts", by=house.maker)
    assert house.state(batch) == "PENDING_APPROVAL"
    house.agree(batch)
    assert house.state(batch) == "APPROVED"
    assert house.troupe.owed("ada") == "120.55"
    house.do("execute_batch", batch, by=house.maker)
    house.require_order()

    sent = house.send()

    assert sent.counts == {"paid": 2}
    assert house.state(batch) == "EXECUTED"
    assert house.payouts(batch)[:2] == ["ada 120 PAID", "bea 50 PAID"]
    assert house.rows("ada") == ["DIRECT 120.55 PAID", "CARRY -0.55 PAID", "CARRY 0.55 DUE"]
    assert house.troupe.owed("ada") == "0.55"
    assert house.books() == {"float": "830", "in_flight": "0", "fees": "0"}
    house.require_order()
