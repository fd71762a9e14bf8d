"""The one way out: every call over HTTP that the house makes goes through here.

Where a call comes in, ``audit.middleware`` gives it a correlation id; where one goes out, this sends the id along,
writes a line about it, and keeps it from the places that only we can reach.
"""

from audit.egress.addresses import is_private, is_public
from audit.egress.calls import Egress, Limits, Reply, call
from audit.egress.connections import CallFailed, NoAnswer, NotReached, TooSlow

__all__ = (
    "CallFailed",
    "Egress",
    "Limits",
    "NoAnswer",
    "NotReached",
    "Reply",
    "TooSlow",
    "call",
    "is_private",
    "is_public",
)
