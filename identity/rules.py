"""Which role may do what: the one table every door asks."""

from collections.abc import Iterable
from typing import Final

# The program whose staff look after all others.
HOUSE_SLUG: Final = "house"

STAFF_ROLES: Final = frozenset({"OWNER", "FINANCE_MAKER", "FINANCE_APPROVER", "SUPPORT", "AUDITOR"})

_READING: Final = frozenset({"admin.enter", "program.read", "membership.read", "user.read"})

ROLE_PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    "OWNER": _READING | {"journal.read", "operations.read"},
    "FINANCE_MAKER": _READING,
    "FINANCE_APPROVER": _READING,
    "SUPPORT": _READING,
    "AUDITOR": _READING | {"journal.read", "operations.read"},
    "MERCHANT": frozenset({"program.read"}),
    "AFFILIATE": frozenset({"program.read", "affiliate_portal.enter"}),
    "CUSTOMER": frozenset({"program.read"}),
}

# The machinery serves every program, so its state is shown to the house's own staff only.
HOUSE_ONLY: Final = frozenset({"operations.read"})


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
