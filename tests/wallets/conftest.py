"""Wallets for the tests: a cast of two, two rails, and assets of every kind."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from identity.models import Membership, Program, User
from identity.states import Role
from ledger.operations import define_asset, open_account
from ledger.states import AssetKind
from tests.evm.fixtures import chain, running_chain, usdc
from tests.factories import MembershipFactory, ProgramFactory, UserFactory
from tests.wallets.owners import ann, ben
from tests.wallets.purses import RAIL, Purses

__all__ = ["ann", "ben", "chain", "running_chain", "usdc"]


@pytest.fixture
def assets(db: None) -> None:
    define_asset("KES", name="Kenyan shilling", kind=AssetKind.FIAT, scale=4, payable_scale=2)
    define_asset("USDC", name="USD Coin", kind=AssetKind.TOKEN, scale=6, chain_id=1)
    define_asset("GOLD", name="Gold Coins", kind=AssetKind.POINTS, scale=0)


@pytest.fixture
def purses(assets: None, program: Program, acting: None) -> Purses:
    Program.objects.filter(pk=program.pk).update(default_asset_code="KES")
    program.refresh_from_db()
    for asset in ("KES", "USDC"):
        for part in ("clearing", "float"):
            open_account(f"rail:{RAIL}:{part}", program=program, asset_code=asset, at=timezone.now())
    return Purses(program)


@pytest.fixture
def other(purses: Purses) -> Purses:
    """Another program's."""
    return Purses(ProgramFactory())


@pytest.fixture
def mia(purses: Purses) -> User:
    """One of two people who look after money; the other is Anton."""
    for email, role in (("mia@example.com", Role.FINANCE_MAKER), ("anton@example.com", Role.FINANCE_APPROVER)):
        MembershipFactory(user=UserFactory(email=email), program=purses.program, role=role)
    Membership.objects.update(created_at=timezone.now() - timedelta(days=9))
    found: User = User.objects.get(email="mia@example.com")
    return found


@pytest.fixture(autouse=True)
def _anchors_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.AUDIT_ANCHOR_FILE = tmp_path / "anchors.jsonl"
