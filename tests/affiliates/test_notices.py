"""What providers tell of charges and settlements: ten times, out of order, with another amount, before and after."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from affiliates.models import Member, Settlement
from affiliates.queries import checking
from ledger.operations import work_intents
from tests.affiliates.test_errands import charging
from tests.affiliates.troupe import Troupe, address, refused
from tests.wallets.notices import notice, send
from wallets.models import RailAccount, RailEvent
from wallets.operations import activate_rail_account, draft_rail_account, replay_event, work_inbox
from wallets.rails import Applied, Delivery, Notice, handler_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def max_(troupe: Troupe) -> Member:
    troupe.affiliate("ada")
    troupe.affiliate("bea", under="ada")
    return troupe.member("max", by="bea", wallet_address=address(1))


@pytest.fixture
def shop(troupe: Troupe, max_: Member) -> RailAccount:
    """A provider of one's own, that signs what it tells."""
    now = timezone.now()
    account = draft_rail_account(
        program=troupe.program, rail="signed", name="shop", number="S-1", assets=["KES"],
        secrets={"secret": "a secret that nobody guesses"}, at=now,
    )  # fmt: skip
    activate_rail_account(account.pk, program_id=troupe.program.pk, version=1, at=now)
    account.refresh_from_db()
    return account


def tell(account: RailAccount, kind: str, *, key: str | None = None, **data: Any) -> RailEvent:
    body = notice(kind, key=key, **{"reference": "order-1", **data})
    assert send(account, body).status_code == 202
    work()
    return RailEvent.objects.latest("received_at", "id")


def work(at: datetime | None = None) -> None:
    work_inbox(seconds_at_most=5)
    work_intents(seconds_at_most=5)


def paid(account: RailAccount, amount: str = "1000", **more: Any) -> RailEvent:
    return tell(account, "settlement.confirmed", **{"member": address(1), "asset": "KES", "amount": amount, **more})


def test_a_signed_event_settles(troupe: Troupe, shop: RailAccount) -> None:
    event = paid(shop)

    settlement = Settlement.objects.get()
    assert (event.state, settlement.state, settlement.rail_event) == ("APPLIED", "CONFIRMED", event.pk)
    assert troupe.rows() == ["bea DIRECT 100 ACCRUED", "ada OVERRIDE 20 ACCRUED"]
    assert troupe.balance("rail:shop:clearing") == "1000"
    troupe.require_order()
    assert list(checking.proofs(troupe.program.pk, at=timezone.now())[1]) == []


def test_told_ten_times_it_settles_once(troupe: Troupe, shop: RailAccount) -> None:
    first = paid(shop, key="e1")
    for number in range(9):
        again = paid(shop, key="e1" if number % 2 else f"other-{number}")
        assert again.state == "IGNORED"

    assert first.pk == Settlement.objects.get().rail_event
    assert troupe.owed("bea") == "100"


def test_told_with_another_amount_it_waits_for_a_person(troupe: Troupe, shop: RailAccount) -> None:
    paid(shop)

    event = paid(shop, "2000")

    assert event.state == "FAILED"
    assert "settlement_taken" in event.verdict
    assert troupe.owed("bea") == "100"


def test_a_refund_that_comes_first_waits_for_the_payment(troupe: Troupe, shop: RailAccount) -> None:
    refund = tell(shop, "settlement.reversed", amount="250", key="r1")
    assert refund.state == "FAILED"
    paid(shop)

    RailEvent.objects.filter(pk=refund.pk).update(due_at=timezone.now())
    work()

    refund.refresh_from_db()
    assert refund.state == "APPLIED"
    assert (troupe.owed("bea"), troupe.owed("ada")) == ("75", "15")
    troupe.require_order()


def test_a_charge_back_that_is_won(troupe: Troupe, shop: RailAccount) -> None:
    paid(shop)
    tell(shop, "settlement.reversed", amount="1000")
    assert troupe.owed("bea") == "0"

    tell(shop, "settlement.won", amount="1000")

    assert troupe.owed("bea") == "100"
    assert Settlement.objects.get().state == "CONFIRMED"
    troupe.require_order()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"amount": 1000}, "bad_notice"),
        ({"amount": "NaN"}, "bad_notice"),
        ({"amount": "0.00001"}, "amount_too_fine"),
        ({"asset": "GOLD"}, "not_this_asset"),
        ({"member": "0x12"}, "address_makes_no_sense"),
        ({"member": address(9)}, "unknown_member"),
        ({"reference": "x" * 200}, "bad_notice"),
    ],
)
def test_what_says_nothing_is_kept_and_fails(
    troupe: Troupe, shop: RailAccount, data: dict[str, Any], code: str
) -> None:
    event = tell(shop, "settlement.confirmed", **{"member": address(1), "asset": "KES", "amount": "1000", **data})

    assert event.state == "FAILED"
    assert f"({code}" in event.verdict
    assert Settlement.objects.count() == 0


# Charges of Coinbase's, by what its adapter reads out of them


def charge(troupe: Troupe, kind: str, code: str = "XA6G6ZFR", **data: Any) -> Any:
    handler = handler_of("coinbase", kind)
    assert handler is not None
    told = {"charge": code, "charge_id": None, "api": "commerce", **data}
    delivery = Delivery(uuid4(), troupe.program.pk, "pay", Notice(uuid4().hex, kind, timezone.now(), told))
    done = handler(delivery, timezone.now())
    work_intents(seconds_at_most=5)
    return done


def payment(amount: str = "25", currency: str = "USDC", tx_hash: str = "0x" + "cd" * 32) -> dict[str, Any]:
    return {"amount": amount, "currency": currency, "network": "base", "tx_hash": tx_hash, "log_index": None}


@pytest.mark.usefixtures("max_")
@pytest.mark.parametrize("kind", ["charge.confirmed", "charge.delayed", "charge.resolved"])
def test_a_charge_that_was_expected_settles(troupe: Troupe, kind: str) -> None:
    charging(troupe)

    assert isinstance(charge(troupe, kind, paid=[payment()]), Applied)

    assert troupe.owed("bea", asset="USDC") == "2.5"
    assert not isinstance(charge(troupe, kind, paid=[payment()]), Applied)
    troupe.require_order()


@pytest.mark.usefixtures("max_")
@pytest.mark.parametrize(
    ("payments", "code"),
    [
        ([payment("24.99")], "proof_differs"),
        ([payment("25.01")], "proof_differs"),
        ([payment(currency="ETH")], "proof_differs"),
        ([payment("5"), payment("5", "ETH")], "bad_notice"),
        ([], "bad_notice"),
        ([payment("1e400")], "bad_notice"),
    ],
)
def test_a_charge_that_was_paid_otherwise_waits(troupe: Troupe, payments: list[Any], code: str) -> None:
    charging(troupe)

    refused(code, lambda: charge(troupe, "charge.confirmed", paid=payments))
    assert Settlement.objects.get().state == "PENDING"


@pytest.mark.usefixtures("max_")
def test_two_payments_together_make_a_charge(troupe: Troupe) -> None:
    charging(troupe)

    charge(troupe, "charge.confirmed", paid=[payment("10"), payment("15")])

    assert Settlement.objects.get().state == "CONFIRMED"


@pytest.mark.usefixtures("max_")
def test_failed_and_then_paid_is_paid(troupe: Troupe) -> None:
    charging(troupe)
    charge(troupe, "charge.failed")
    assert Settlement.objects.get().state == "FAILED"

    charge(troupe, "charge.resolved", paid=[payment()])
    charge(troupe, "charge.failed")

    assert Settlement.objects.get().state == "CONFIRMED"


@pytest.mark.usefixtures("max_")
def test_a_refund_of_a_charge_goes_back_through_its_rail(troupe: Troupe) -> None:
    charging(troupe)
    charge(troupe, "charge.confirmed", paid=[payment()])

    charge(troupe, "refund.confirmed", refunded={"amount": "10", "currency": "USDC"})

    assert troupe.owed("bea", asset="USDC") == "1.5"
    assert troupe.balance("rail:pay:float", asset="USDC") == "-10"
    assert troupe.balance("system:settlements", asset="USDC") == "0"
    troupe.require_order()


def test_replay_applies_what_could_not_be(troupe: Troupe, shop: RailAccount) -> None:
    event = paid(shop, member=address(9))
    troupe.member("new", wallet_address=address(9))

    replay_event(event.pk, program_id=troupe.program.pk, reason="they came", at=timezone.now())
    work()

    event.refresh_from_db()
    assert event.state == "APPLIED"
