"""Payouts for the tests: a program with a till that pays, and two people."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from identity.models import User
from identity.states import Role
from tests.affiliates.conftest import assets, other, troupe
from tests.affiliates.troupe import Troupe
from tests.conftest import member
from tests.evm.fixtures import chain, running_chain
from tests.evm.relay import relay
from tests.factories import UserFactory
from tests.payouts import till
from tests.payouts.chain_house import chain_house
from tests.payouts.house import House
from wallets.models import RailAccount
from wallets.operations import activate_rail_account, draft_rail_account

__all__ = ["assets", "chain", "chain_house", "other", "relay", "running_chain", "troupe"]


@pytest.fixture(autouse=True)
def _till() -> Iterator[None]:
    till.register()
    till.TILL.reset()
    yield
    till.TILL.reset()


@pytest.fixture(autouse=True)
def _anchors_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.AUDIT_ANCHOR_FILE = tmp_path / "anchors.jsonl"


@pytest.fixture
def account(troupe: Troupe) -> RailAccount:
    drafted = draft_rail_account(
        program=troupe.program, rail=till.NAME, name="shop", number="1", assets=["KES", "USDC"], secrets={},
        at=timezone.now(),
    )  # fmt: skip
    return activate_rail_account(drafted.pk, program_id=troupe.program.pk, version=1, at=timezone.now())


@pytest.fixture
def house_of_two(troupe: Troupe, account: RailAccount, settings: Any) -> House:
    maker = member(UserFactory(email="mia@example.com", name="Mia"), troupe.program, Role.FINANCE_MAKER)
    approver = member(UserFactory(email="anton@example.com", name="Anton"), troupe.program, Role.FINANCE_APPROVER)
    _let_them_vote(maker, approver)
    return House(troupe, maker, approver, account)


def _let_them_vote(*people: User) -> None:
    """A role is younger than a day when it was just granted."""
    from datetime import timedelta

    from identity.models import Membership

    Membership.objects.filter(user__in=people).update(created_at=timezone.now() - timedelta(days=2))
