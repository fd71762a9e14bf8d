"""When to try again, and when to give up."""

import hashlib
from datetime import timedelta
from random import Random
from typing import Final

# Somebody sends it just now. A worker that dies leaves it to the next after this long.
LEASE: Final = timedelta(minutes=5)
ATTEMPTS_AT_MOST: Final = 10
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_JITTER_PERCENT: Final = 20


def pause_after(attempts: int, *, chance: Random) -> timedelta:
    """Return how long to wait after so many failures: twice as long each time, and not all at the same moment."""
    doublings = min(max(attempts, 1) - 1, 20)
    pause = min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)
    return pause * (100 + chance.randint(-_JITTER_PERCENT, _JITTER_PERCENT)) / 100


def message_id(key: str, *, domain: str) -> str:
    """Return the ``Message-ID`` of a delivery: the same at every attempt, even after a restore, so that a mail that
    did leave before its worker died is known again by those who receive it.
    """
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def one_line(text: str, *, at_most: int) -> str:
    """Return ``text`` fit for a mail's subject."""
    flat = " ".join(text.split())
    return flat if len(flat) <= at_most else f"{flat[: at_most - 1]}…"
