"""Affiliates for the tests: a program with rates, and a rail where members pay."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from identity.models import Program
from identity.operations import record_terms
from ledger.operations import define_asset, open_account
from ledger.states import AssetKind
from tests.affiliates.troupe import RAIL, Troupe
from tests.evm.fixtures import chain, running_chain, usdc
from tests.evm.relay import relay
from tests.factories import ProgramFactory

__all__ = ["chain", "relay", "running_chain", "usdc"]


@pytest.fixture
def assets(db: None) -> None:
    define_asset("KES", name="Kenyan shilling", kind=AssetKind.FIAT, scale=4, payable_scale=2)
    define_asset("USDC", name="USD Coin", kind=AssetKind.TOKEN, scale=6, chain_id=1)
    define_asset("GOLD", name="Gold Coins", kind=AssetKind.POINTS, scale=0)


def troupe_of(program: Program) -> Troupe:
    Program.objects.filter(pk=program.pk).update(default_asset_code="KES")
    program.refresh_from_db()
    record_terms(
        program=program, base_commission_rate=Decimal("0.1"), override_commission_rate=Decimal("0.02"),
        valid_from=program.created_at, reason="to begin with", at=timezone.now(),
    )  # fmt: skip
    for asset in ("KES", "USDC"):
        for part in ("clearing", "float"):
            open_account(f"rail:{RAIL}:{part}", program=program, asset_code=asset, at=timezone.now())
    return Troupe(program)


@pytest.fixture
def troupe(assets: None, program: Program, acting: None) -> Troupe:
    return troupe_of(program)


@pytest.fixture
def other(troupe: Troupe) -> Troupe:
    """Another program's."""
    return troupe_of(ProgramFactory())


@pytest.fixture(autouse=True)
def _anchors_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.AUDIT_ANCHOR_FILE = tmp_path / "anchors.jsonl"
