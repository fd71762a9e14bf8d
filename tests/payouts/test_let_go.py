"""The last look before a rail is called."""

import sys
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from identity.models import Program
from identity.rules import HOUSE_SLUG
from payouts import operations, rules
from payouts.errors import Stopped
from payouts.models import Attempt
from payouts.operations.lease_desk import lease_desk
from payouts.operations.let_go import let_go
from tests.factories import ProgramFactory
from tests.payouts.house import HOLDER, House
from tests.payouts.till import TILL

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored(house_of_two: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """Somebody's payout is stored, and was not called yet; the desk is leased."""
    ProgramFactory(slug=HOUSE_SLUG)
    house_of_two.funds("1000")
    house_of_two.earns("ada", "50")
    house_of_two.started()
    monkeypatch.setattr(sys.modules["payouts.operations.send_due"], "let_go", lambda *_, **__: set())
    house_of_two.send()
    assert TILL.calls == []
    assert lease_desk(house_of_two.account.pk, holder=HOLDER, at=timezone.now())
    return house_of_two


def go(house: House, **instead: Any) -> bool:
    said = {"account_id": house.account.pk, "holder": HOLDER, "at": timezone.now(), **instead}
    return bool(let_go([Attempt.objects.get().pk], program_id=house.program.pk, **said))


def test_it_goes_once(stored: House) -> None:
    now = timezone.now()

    assert [go(stored, at=now), go(stored, at=now + timedelta(seconds=1))] == [True, False]

    assert Attempt.objects.get().called_at == now


@pytest.mark.parametrize("whose", ["the program's", "the house's"])
def test_it_does_not_go_while_it_is_stopped(stored: House, whose: str) -> None:
    program = stored.program if whose == "the program's" else Program.objects.get(slug=HOUSE_SLUG)
    operations.pull_brake(program, reason="Something is wrong", at=timezone.now())

    with pytest.raises(Stopped):
        go(stored)

    assert Attempt.objects.get().called_at is None


def test_it_does_not_go_from_somebody_elses_desk(stored: House) -> None:
    over = timezone.now() + rules.LEASE + timedelta(seconds=5)

    for instead in ({"holder": "somebody else"}, {"at": over}, {"holder": "somebody else", "at": over}):
        assert go(stored, **instead) is False

    assert Attempt.objects.get().called_at is None
    assert go(stored)
