"""What rails tell of payouts, many at once: all of it is taken in, each for itself, by as few statements as for one."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from payouts.models import Attempt, Brake
from tests.factories import RailEventFactory
from tests.payouts.house import House
from tests.payouts.till import TILL
from wallets.models import RailEvent
from wallets.operations import work_inbox
from wallets.rails.sending import CONFIRMED, UNCLEAR, Outcome, Paid, Unclear, data_of

pytestmark = pytest.mark.django_db

NAMES = ("ada", "bea", "cleo", "dora", "edda", "fay", "gila", "hope")


@pytest.fixture
def house(house_of_two: House) -> House:
    house_of_two.funds("1000")
    TILL.behaves = lambda order: "accepted"
    return house_of_two


def accepted(house: House, *names: str) -> None:
    for name in names:
        house.earns(name, "50")
    house.started()
    house.send()


def shown(attempt: Attempt) -> Paid:
    return Paid(receipt=f"R-{attempt.reference}", amount=Decimal(50))


def tells(house: House, name: str, outcome: Outcome | None = None, **instead: str) -> RailEvent:
    """Have a proven notice wait in the inbox: that it is paid, or what is given."""
    attempt = Attempt.objects.get(payout=house.payout(name))
    said = outcome or shown(attempt)
    kind = UNCLEAR if isinstance(said, Unclear) else CONFIRMED
    data = {**data_of(attempt.reference, said), **instead}
    now = timezone.now()
    event: RailEvent = RailEventFactory(
        account=house.account, state="VERIFIED", due_at=now, received_at=now, kind=kind, data=data
    )
    return event


def worked() -> dict[str, int]:
    return dict(work_inbox(seconds_at_most=30))


def test_many_are_taken_in_by_as_many_statements_as_few(house: House) -> None:
    accepted(house, *NAMES)
    worked_with = []
    for names in (NAMES[:2], NAMES[2:]):
        for name in names:
            tells(house, name)
        with CaptureQueriesContext(connection) as asked:
            assert worked() == {"APPLIED": len(names)}
        worked_with.append(len(asked))

    # The last batch is said to be through when the last one is paid: that takes a few more.
    assert worked_with[1] <= worked_with[0] + 6
    assert all(house.attempts(name) == ["50 CONFIRMED"] for name in NAMES)
    house.require_order()


def test_one_that_makes_no_sense_keeps_nobody_else_from_being_paid(house: House) -> None:
    accepted(house, *NAMES[:3])
    tells(house, "ada")
    broken = tells(house, "bea", amount="much")
    tells(house, "cleo")

    assert worked() == {"APPLIED": 2, "FAILED": 1}

    assert [house.attempts(name) for name in NAMES[:3]] == [["50 CONFIRMED"], ["50 SENT"], ["50 CONFIRMED"]]
    broken.refresh_from_db()
    assert (broken.state, broken.attempts) == ("FAILED", 1)
    assert broken.fault
    house.require_order()


def test_several_about_one_payout_are_taken_in_one_after_the_other(house: House) -> None:
    accepted(house, "ada", "bea")
    for _ in range(2):
        tells(house, "ada")
    tells(house, "bea", Unclear(reason="The queue timed out."))
    tells(house, "bea")
    twin = RailEvent.objects.filter(data__reference=Attempt.objects.get(payout=house.payout("ada")).reference)

    assert worked() == {"APPLIED": 4}

    assert [house.attempts(name) for name in ("ada", "bea")] == [["50 CONFIRMED"], ["50 CONFIRMED"]]
    assert {event.result["state"] for event in twin if event.result} == {"CONFIRMED"}
    assert house.books() == {"float": "900", "in_flight": "0", "fees": "0"}
    house.require_order()


def test_of_two_that_contradict_each_other_the_second_is_found(house: House) -> None:
    accepted(house, "ada", "bea")
    tells(house, "ada")
    tells(house, "ada", Paid(receipt="R-other", amount=Decimal(50)))

    assert worked() == {"APPLIED": 2}

    assert house.attempts("ada") == ["50 CONFIRMED OTHER_RECEIPT"]
    house.require_order()


def test_there_is_a_brake_to_wait_for_before_anything_is_sent(house: House) -> None:
    house.earns("ada", "50")
    assert not Brake.objects.exists()

    house.started()

    programs = set(Brake.objects.values_list("program__slug", flat=True))
    assert house.program.slug in programs
    assert not Brake.objects.filter(is_on=True).exists()
