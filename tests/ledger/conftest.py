"""Books for the ledger's tests."""

from pathlib import Path
from typing import Any

import pytest

from identity.models import Program
from ledger.operations import define_asset
from ledger.states import AssetKind
from tests.ledger.books import Book


@pytest.fixture
def assets(db: None) -> None:
    define_asset("KES", name="Kenyan shilling", kind=AssetKind.FIAT, scale=4, payable_scale=2)
    define_asset("USDC", name="USD Coin", kind=AssetKind.TOKEN, scale=6, chain_id=1)
    define_asset("ETH", name="Ether", kind=AssetKind.TOKEN, scale=18, chain_id=1)
    define_asset("GC", name="Gold Coins", kind=AssetKind.POINTS, scale=0)


@pytest.fixture
def book(assets: None, program: Program, acting: None) -> Book:
    return Book(program)


@pytest.fixture(autouse=True)
def _anchors_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.AUDIT_ANCHOR_FILE = tmp_path / "anchors.jsonl"
