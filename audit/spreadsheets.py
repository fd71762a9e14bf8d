"""Text in the cells of a CSV: what a spreadsheet would run as a formula is sent with an apostrophe before it.

``unguarded`` gives back exactly what ``guarded`` was given, so that what is exported can be imported again.
"""

import re
from typing import Final

# Apostrophes that stand before such a character already get one more, or the way back would take one that was ours.
_RUNS: Final = re.compile(r"'*[=+\-@\t\r\n]")


def guarded(text: str) -> str:
    """Return ``text`` as it may stand in a cell."""
    return f"'{text}" if _RUNS.match(text) else text


def unguarded(cell: str) -> str:
    """Return what was guarded."""
    return cell[1:] if cell.startswith("'") and _RUNS.match(cell) else cell
