"""How often one caller, and one network address, may ask."""

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle, SimpleRateThrottle


class AddressThrottle(SimpleRateThrottle):
    """Limits an address, whoever is signed in: many accounts on one machine share it."""

    scope = "address"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return self.cache_format % {"scope": self.scope, "ident": request.META.get("REMOTE_ADDR", "")}


class CallerThrottle(SimpleRateThrottle):
    """Limits a signed-in caller, wherever they call from."""

    scope = "caller"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if not request.user.is_authenticated:
            return None
        return self.cache_format % {"scope": self.scope, "ident": request.user.pk}


class ScopeThrottle(ScopedRateThrottle):
    """Limits an address on routes that name a scope of their own, as those do where passwords and codes are tried."""

    def get_cache_key(self, request: Request, view: Any) -> str:
        return self.cache_format % {"scope": self.scope, "ident": request.META.get("REMOTE_ADDR", "")}
