"""What stands in the portals' navigation: each context's pages are named here once."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Destination:
    """A place one can go to."""

    label: str
    url: str
    icon: str
    current: bool


# label, URL name, icon, the permission it needs
_PORTAL = (
    ("Overview", "portal:overview", "layout-dashboard", None),
    ("Wallets", "wallets:overview", "wallet", None),
    ("Profile", "portal:profile", "user", None),
    ("API keys", "portal:keys", "key-round", "key.manage"),
    ("Security", "portal:security", "shield-check", None),
    ("Affiliate", "affiliate:overview", "hand-coins", "affiliate_portal.enter"),
    ("Back office", "admin:index", "building-2", "admin.enter"),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Give templates the destinations this person has."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or request.path.startswith("/admin"):
        return {}
    return {
        "navigation": [
            Destination(label, reverse(name), icon, _is_current(request.path, name))
            for label, name, icon, permission in _PORTAL
            if permission is None or user.may(permission)
        ]
    }


def _is_current(path: str, name: str) -> bool:
    """Whether the page is there, or behind it; everything is behind the overview."""
    url = reverse(name)
    return path == url or (name != "portal:overview" and path.startswith(url))
