"""When a notice is applied again, and what gas may cost: arithmetic only."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

# What comes out of order waits for what comes before it; after half a day a person looks.
ATTEMPTS_AT_MOST: Final = 12
# Whoever received it proves it at once; a worker does when that one is gone.
PROVEN_WITHIN: Final = timedelta(seconds=15)
# In gwei, on chains of which nobody has said more or less.
GAS_PRICE_AT_MOST: Final = 200

_FIRST_WAIT: Final = timedelta(seconds=30)
_LONGEST_WAIT: Final = timedelta(hours=2)


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts: twice as long each time, two hours at most."""
    doubled: timedelta = _FIRST_WAIT * 2 ** min(attempts - 1, 10)
    return min(doubled, _LONGEST_WAIT)


def uncovered(
    begins_at: datetime, ends_at: datetime, covered: Iterable[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """Return the stretches of a time that none of ``covered`` speaks of; those are apart, and in order."""
    found = []
    for begun, ended in covered:
        if begun > begins_at:
            found.append((begins_at, begun))
        begins_at = max(begins_at, ended)
    return [*found, (begins_at, ends_at)] if begins_at < ends_at else found
