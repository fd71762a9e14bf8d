"""Which role may do what: the one table every door asks."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

# The program whose staff look after all others.
HOUSE_SLUG: Final = "house"

STAFF_ROLES: Final = frozenset({"OWNER", "FINANCE_MAKER", "FINANCE_APPROVER", "SUPPORT", "AUDITOR"})

_READING: Final = frozenset({"admin.enter", "program.read", "membership.read", "user.read", "proposal.read"})

ROLE_PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    "OWNER": _READING
    | {
        "journal.read",
        "operations.read",
        "program.change",
        "membership.grant",
        "membership.propose",
        "policy.propose",
        "seal.read",
    },
    "FINANCE_MAKER": _READING,
    "FINANCE_APPROVER": _READING,
    "SUPPORT": _READING,
    "AUDITOR": _READING | {"journal.read", "operations.read", "seal.read"},
    "MERCHANT": frozenset({"program.read"}),
    "AFFILIATE": frozenset({"program.read", "affiliate_portal.enter"}),
    "CUSTOMER": frozenset({"program.read"}),
}

# The machinery serves every program and a seal covers all of them, so both are shown to the house's own staff only.
HOUSE_ONLY: Final = frozenset({"operations.read", "seal.read"})


def roles_with(permission: str) -> frozenset[str]:
    """Return the roles that carry ``permission``."""
    return frozenset(role for role, granted in ROLE_PERMISSIONS.items() if permission in granted)


def grants(roles: Iterable[str], permission: str) -> bool:
    """Whether any of ``roles`` carries ``permission``."""
    return any(permission in ROLE_PERMISSIONS.get(role, frozenset()) for role in roles)


def greeting(hour: int) -> str:
    """Return how to greet somebody at ``hour``."""
    if hour < 5:
        return "Good night"
    if hour < 12:
        return "Good morning"
    return "Good afternoon" if hour < 18 else "Good evening"


# Four eyes

MONEY_ROLES: Final = frozenset({"OWNER", "FINANCE_MAKER", "FINANCE_APPROVER"})
COOLING: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Band:
    """From an amount on: how many votes, and of which roles."""

    above: Decimal
    votes: int
    roles: frozenset[str]


def band_for(bands: Iterable[Band], amount: Decimal | None) -> Band:
    """Return the band that ``amount`` falls into; what has no amount falls into the highest, never into the easiest."""
    rising = sorted(bands, key=lambda band: band.above)
    if amount is None:
        return rising[-1]
    return [band for band in rising if band.above <= amount][-1]


def digest(*, kind: str, program: str, subject: str, revision: int, payload: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what is voted on, in a form that two programs write alike: sorted keys, no spaces."""
    document = {"kind": kind, "payload": payload, "program": program, "revision": revision, "subject": subject}
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def has_cooled(*, since: datetime, at: datetime) -> bool:
    """Whether a role is held long enough to vote: nobody is made an approver for the one vote that is needed."""
    return at - since >= COOLING


def read_bands(stored: Iterable[Mapping[str, Any]]) -> tuple[Band, ...]:
    """Return the bands of a stored policy."""
    return tuple(Band(Decimal(band["above"]), int(band["votes"]), frozenset(band["roles"])) for band in stored)
