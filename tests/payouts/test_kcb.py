"""The whole way to bank accounts: a batch, KCB on this machine, and HTTP, with all that goes wrong between."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from audit.egress import Limits
from config.simulators.kcb import SCENARIOS, Kcb
from identity.models import Membership
from identity.states import Role
from payouts.models import Attempt
from payouts.operations import record_answers
from payouts.queries.accounts import desk_of
from payouts.queries.sendable import order_of
from tests.affiliates.troupe import Troupe
from tests.conftest import member
from tests.factories import UserFactory
from tests.payouts.house import House
from tests.wallets.kcb import secrets
from wallets.models import RailAccount
from wallets.operations import activate_rail_account, draft_rail_account
from wallets.rails.kcb.buni import BUNI
from wallets.rails.kcb.payer import TRANSFERS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kcb(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kcb]:
    served = Kcb(0, slow_seconds=3)
    thread = threading.Thread(target=served.serve)
    thread.start()
    settings.KCB_URL = served.url
    settings.EGRESS_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    monkeypatch.setattr(BUNI, "limits", Limits(seconds=2))
    BUNI.forget()
    yield served
    served.close()
    thread.join()


@pytest.fixture
def account(troupe: Troupe, kcb: Kcb) -> RailAccount:
    drafted = draft_rail_account(
        program=troupe.program, rail="kcb", name="shop", number="37890012", assets=["KES"], secrets=secrets(),
        at=timezone.now(),
    )  # fmt: skip
    return activate_rail_account(drafted.pk, program_id=troupe.program.pk, version=1, at=timezone.now())


@pytest.fixture
def house(house_of_two: House) -> House:
    house_of_two.funds("5000000")
    return house_of_two


def earns(house: House, name: str, amount: str = "120.5", *, bank: str = "68141", digits: str = "0001") -> None:
    house.earns(name, amount, kind="BANK", destination=f"{bank}:0123456{digits}", holder=f"{name.title()} Doe")


def agrees(house: House, kcb: Kcb) -> None:
    """Hold that nobody was paid twice, and that rows, payouts and books agree."""
    assert max(Counter(transfer.account for transfer in kcb.paid).values(), default=0) <= 1
    house.require_order()


# What the house makes of each scenario at once; after it has asked twice; and after it has asked for days.
FOUND = {
    "0001": ("ACCEPTED", "PAID", "PAID"),
    "9901": ("FAILED", "FAILED", "FAILED"),
    "9902": ("FAILED", "FAILED", "FAILED"),
    "9903": ("FAILED", "FAILED", "FAILED"),
    "9904": ("UNKNOWN", "FAILED", "FAILED"),
    "9905": ("UNKNOWN", "PAID", "PAID"),
    "9910": ("UNKNOWN", "PAID", "PAID"),
    "9911": ("ACCEPTED", "ACCEPTED", "PAID"),
    "9912": ("ACCEPTED", "ACCEPTED", "PAID"),
    "9913": ("ACCEPTED", "UNKNOWN", "UNKNOWN"),
    "9914": ("FAILED", "FAILED", "FAILED"),  # KCB said so, and it was not true: below
    "9915": ("ACCEPTED", "FAILED", "FAILED"),
    "9916": ("ACCEPTED", "ACCEPTED", "UNKNOWN"),
    "9917": ("UNKNOWN", "PAID", "PAID"),
    "9918": ("UNKNOWN", "PAID", "PAID"),
    "9919": ("UNKNOWN", "PAID", "PAID"),
    "9920": ("UNKNOWN", "UNKNOWN", "UNKNOWN"),
    "9921": ("FAILED", "FAILED", "FAILED"),
    "9922": ("ACCEPTED", "UNKNOWN", "UNKNOWN"),
    "9923": ("FAILED", "FAILED", "FAILED"),
    "9924": ("UNKNOWN", "UNKNOWN", "UNKNOWN"),
}


def test_all_that_goes_wrong_and_nobody_is_paid_twice_or_forgotten(house: House, kcb: Kcb) -> None:
    assert set(FOUND) == {"0001", *SCENARIOS}
    for digits in FOUND:
        earns(house, f"p{digits}", digits=digits)
    batch = house.started()

    def found() -> dict[str, str]:
        agrees(house, kcb)
        return {digits: house.payout(f"p{digits}").state for digits in FOUND}

    house.send()
    assert found() == {digits: at_once for digits, (at_once, _, _) in FOUND.items()}
    for minutes in (6, 40):
        house.ask(after=timedelta(minutes=minutes))
        house.send()
    assert found() == {digits: twice for digits, (_, twice, _) in FOUND.items()}
    for day in range(1, 9):
        house.ask(after=timedelta(days=day))
        house.send()

    states = found()
    assert states == {digits: in_the_end for digits, (_, _, in_the_end) in FOUND.items()}
    # Whoever is taken as paid was; whom KCB has paid is paid, or nobody takes them as not paid but where KCB lied.
    paid = {transfer.scenario for transfer in kcb.paid}
    assert {digits for digits, state in states.items() if state == "PAID"} <= paid
    assert {digits for digits in paid if states[digits] not in ("PAID", "UNKNOWN", "ACCEPTED")} == {"9914"}
    in_flight = sum(state in ("UNKNOWN", "ACCEPTED") for state in states.values())
    left = list(states.values()).count("PAID")
    assert house.books() == {
        "float": f"{(5_000_000 - Decimal('120.5') * (in_flight + left)).normalize():f}",
        "in_flight": f"{(Decimal('120.5') * in_flight).normalize():f}", "fees": "0",
    }  # fmt: skip
    assert Attempt.objects.filter(payout__batch=batch).count() == len(FOUND)
    assert house.attempts("p9913") == ["120.5 UNKNOWN OTHER_AMOUNT"]
    shown = set(Attempt.objects.exclude(receipt="").values_list("receipt", flat=True))
    assert shown <= {transfer.receipt for transfer in kcb.paid}


def test_a_refusal_that_was_none_is_found_out_by_asking(house: House, kcb: Kcb) -> None:
    earns(house, "ada", digits="9914")
    house.started()
    house.send()
    assert (house.attempts("ada"), len(kcb.paid)) == (["120.5 REFUSED"], 1)

    attempt = Attempt.objects.select_related("payout__asset", "payout__batch", "rail_account__program").get()
    order = order_of(attempt.payout, amount=attempt.amount, reference=attempt.reference)
    said = TRANSFERS.query(desk_of(attempt.rail_account), order, attempt.wire)
    record_answers([(attempt.pk, said)], at=timezone.now())  # type: ignore[list-item]

    assert house.attempts("ada") == ["120.5 CONFIRMED PAID_LATE"]
    assert house.payout("ada").state == "PAID"
    agrees(house, kcb)


def test_each_takes_the_way_that_its_bank_and_amount_ask_for(house: House, kcb: Kcb) -> None:
    earns(house, "ada", "120", bank="KCBLKENX", digits="0001")
    earns(house, "bea", "999999", bank="68141", digits="0002")
    earns(house, "cyd", "999999.5", bank="02000", digits="0003")
    earns(house, "dan", "1000000", bank="EQBLKENA", digits="0004")
    second = member(UserFactory(), house.program, Role.FINANCE_APPROVER)
    Membership.objects.filter(user=second).update(created_at=timezone.now() - timedelta(days=2))
    batch = house.agree(house.agree(house.submitted()), by=second)
    house.do("execute_batch", batch, by=house.maker)

    house.send()
    house.ask(after=timedelta(minutes=2))

    assert house.state(batch) == "EXECUTED"
    assert {transfer.account[-1]: transfer.kind for transfer in kcb.paid} == {
        "1": "IF", "2": "PL", "3": "EF", "4": "RT",
    }  # fmt: skip
    assert sum(transfer.amount for transfer in kcb.paid) == Decimal("2000118.5") + 1_000_000
    agrees(house, kcb)


def test_a_bank_of_which_nobody_is_sure_is_held_before_anything_is_tried(house: House, kcb: Kcb) -> None:
    earns(house, "ada", bank="DEUTDEFF")
    earns(house, "bea", digits="0002")
    batch = house.started()

    house.send()
    house.ask(after=timedelta(minutes=2))

    assert house.payouts(batch) == ["ada 120.5 HELD no_bank", "bea 120.5 PAID"]
    agrees(house, kcb)


def test_while_kcb_is_away_nothing_is_tried(house: House, kcb: Kcb, settings: Any) -> None:
    earns(house, "ada")
    batch = house.started()
    settings.KCB_URL = "http://127.0.0.1:1"

    sent = house.send()

    assert "KCB does not answer" in sent.waits_for
    assert not Attempt.objects.exists()
    settings.KCB_URL = kcb.url
    house.send()
    house.ask(after=timedelta(minutes=2))
    assert house.state(batch) == "EXECUTED"
    agrees(house, kcb)


def test_what_it_has_accepted_is_asked_about_soon(house: House, kcb: Kcb) -> None:
    earns(house, "ada", digits="9912")
    house.started()
    house.send()

    asked = [house.ask(after=timedelta(seconds=seconds))["asked"] for seconds in (50, 70, 70, 310, 310, 1900)]

    assert asked == [0, 1, 0, 1, 0, 1]
    assert house.payout("ada").state == "PAID"
