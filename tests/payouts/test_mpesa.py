"""The whole way to phones: a batch, M-Pesa on this machine, and HTTP both ways, with all that goes wrong between."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.egress import Limits
from config.simulators.mpesa import Mpesa
from payouts.models import Attempt
from payouts.queries.accounts import desk_of
from payouts.queries.sendable import order_of
from tests.affiliates.troupe import Troupe
from tests.payouts.house import House
from tests.wallets.mpesa import secrets
from wallets.models import RailAccount, RailEvent
from wallets.operations import activate_rail_account, draft_rail_account, work_inbox
from wallets.rails.mpesa.daraja import DARAJA
from wallets.rails.mpesa.payer import B2C

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mpesa(settings: Any, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mpesa]:
    served = Mpesa(0, seconds=0.02, slow_seconds=3)
    thread = threading.Thread(target=served.serve)
    thread.start()
    settings.MPESA_URL, settings.PUBLIC_URL = served.url, live_server.url
    settings.EGRESS_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    monkeypatch.setattr(DARAJA, "limits", Limits(seconds=2))
    yield served
    served.close()
    thread.join()


@pytest.fixture
def account(troupe: Troupe, mpesa: Mpesa) -> RailAccount:
    drafted = draft_rail_account(
        program=troupe.program, rail="mpesa", name="shop", number="600992", assets=["KES"], secrets=secrets(),
        at=timezone.now(),
    )  # fmt: skip
    return activate_rail_account(drafted.pk, program_id=troupe.program.pk, version=1, at=timezone.now())


@pytest.fixture
def house(house_of_two: House) -> House:
    house_of_two.funds("100000")
    return house_of_two


def listen(mpesa: Mpesa) -> None:
    """Wait until M-Pesa has told all that it has to tell, and take it in."""
    until = time.monotonic() + 20
    while mpesa.open and time.monotonic() < until:
        time.sleep(0.02)
    assert (mpesa.open, mpesa.untold) == (0, [])
    work_inbox(seconds_at_most=20)


def agrees(house: House, mpesa: Mpesa) -> None:
    """Hold that nobody was paid twice, and that the books hold less by no more than what has left."""
    assert max(Counter(payment.phone for payment in mpesa.paid).values(), default=0) <= 1
    house.require_order()
    assert not RailEvent.objects.filter(state__in=("FAILED", "RECEIVED", "VERIFIED")).exists()


# What the house makes of each scenario at once; and once it has asked.
SCENARIOS = {
    "0001": ("PAID", "PAID"),
    "9901": ("FAILED", "FAILED"),
    "9902": ("FAILED", "FAILED"),
    "9908": ("FAILED", "FAILED"),
    "9940": ("FAILED", "FAILED"),
    "9903": ("FAILED", "FAILED"),
    "9910": ("ACCEPTED", "PAID"),
    "9911": ("PAID", "PAID"),
    "9912": ("PAID", "PAID"),
    "9914": ("UNKNOWN", "PAID"),
    "9915": ("PAID", "PAID"),
    "9916": ("UNKNOWN", "PAID"),
    "9917": ("PAID", "PAID"),  # told before the answer that nobody waited for
    "9918": ("UNKNOWN", "PAID"),
    "9919": ("UNKNOWN", "PAID"),
    "9920": ("UNKNOWN", "UNKNOWN"),
    "9921": ("FAILED", "FAILED"),
    "9922": ("UNKNOWN", "PAID"),
    "9923": ("FAILED", "FAILED"),
    "9924": ("UNKNOWN", "UNKNOWN"),
}


def test_all_that_goes_wrong_and_nobody_is_paid_twice_or_forgotten(house: House, mpesa: Mpesa) -> None:
    for digits in SCENARIOS:
        house.earns(f"p{digits}", "120", destination=f"25471200{digits}")
    batch = house.started()

    house.send()
    listen(mpesa)

    assert {digits: house.payout(f"p{digits}").state for digits in SCENARIOS} == {
        digits: at_once for digits, (at_once, _) in SCENARIOS.items()
    }
    agrees(house, mpesa)

    for _ in range(2):
        house.ask(after=timedelta(days=1))
        listen(mpesa)
        house.send()
        agrees(house, mpesa)

    found = {digits: house.payout(f"p{digits}").state for digits in SCENARIOS}
    assert found == {digits: asked for digits, (_, asked) in SCENARIOS.items()}
    # Whom it has paid is who the house says is paid, whatever was said between.
    paid = {payment.phone[-4:] for payment in mpesa.paid}
    assert paid == {digits for digits, state in found.items() if state == "PAID"}
    in_flight = 120 * list(found.values()).count("UNKNOWN")
    assert house.books() == {
        "float": str(100_000 - 120 * len(paid) - in_flight),
        "in_flight": str(in_flight),
        "fees": "0",
    }
    # What is unknown was asked about, and nothing was sent a second time.
    assert Attempt.objects.filter(payout__batch=batch).count() == len(SCENARIOS)
    receipts = {payment.receipt for payment in mpesa.paid}
    assert set(Attempt.objects.exclude(receipt="").values_list("receipt", flat=True)) == receipts


def test_a_refusal_that_was_none_is_found_out_by_asking(house: House, mpesa: Mpesa) -> None:
    house.earns("ada", "120", destination="254712009913")
    house.started()
    house.send()
    listen(mpesa)
    assert (house.attempts("ada"), len(mpesa.paid)) == (["120 REFUSED"], 1)

    attempt = Attempt.objects.select_related("payout__asset", "payout__batch", "rail_account__program").get()
    order = order_of(attempt.payout, amount=attempt.amount, reference=attempt.reference)
    B2C.query(desk_of(attempt.rail_account), order, attempt.wire)
    listen(mpesa)

    assert house.attempts("ada") == ["120 CONFIRMED PAID_LATE"]
    assert house.payout("ada").state == "PAID"
    assert house.books() == {"float": "99880", "in_flight": "0", "fees": "0"}
    agrees(house, mpesa)


def test_while_m_pesa_is_away_nothing_is_tried(house: House, mpesa: Mpesa, settings: Any) -> None:
    house.earns("ada", "120", destination="254712000001")
    batch = house.started()
    settings.MPESA_URL = "http://127.0.0.1:1"

    sent = house.send()

    assert "M-Pesa does not answer" in sent.waits_for
    assert not Attempt.objects.exists()
    settings.MPESA_URL = mpesa.url
    house.send()
    listen(mpesa)
    assert house.state(batch) == "EXECUTED"
    agrees(house, mpesa)
