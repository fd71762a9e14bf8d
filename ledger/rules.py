"""When an intent is tried again: arithmetic only."""

from datetime import timedelta
from typing import Final

# Claimed by one worker at a time; each further attempt claims half as many, so that what kills its worker is alone
# before the attempts are used up, and takes no neighbour along.
BATCH: Final = 1_000
ATTEMPTS_AT_MOST: Final = 10
# How long a claim stands. Whoever is at work also holds the rows' locks, so a slow worker loses nothing by it.
LEASE: Final = timedelta(minutes=10)

_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=1)


def wait_before(attempt: int, *, chance: float) -> timedelta:
    """Return how long to wait after the failed ``attempt``, counted from 1: twice as long each time, an hour at most.

    ``chance``, from 0 to 1, takes away up to half of it, so that what failed together does not come back together.
    """
    doubled: timedelta = _FIRST_WAIT * 2 ** min(attempt - 1, 10)
    return min(doubled, _LONGEST_WAIT) * (1 - chance / 2)
