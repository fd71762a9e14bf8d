"""What tests of seals ask for: an anchor file of their own, and rows that can be sealed."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def anchors(settings: Any, tmp_path: Path) -> Path:
    """Give each test an anchor file that is not there yet."""
    path = tmp_path / "anchors" / "anchors.jsonl"
    settings.AUDIT_ANCHOR_FILE = path
    return path
