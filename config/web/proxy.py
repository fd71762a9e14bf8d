"""Whose address a request comes from."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

# Set on a request that came through a proxy we were not told to trust.
UNTRUSTED_PROXY = "countinghouse.untrusted_proxy"


class TrustedProxyMiddleware:
    """Let REMOTE_ADDR be the client's address, believing only the proxies that were named.

    Throttles, lock-outs and the loopback rule of /metrics all look at REMOTE_ADDR; a header that anybody can send
    must not decide them.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.trusted = [ip_network(network) for network in settings.TRUSTED_PROXIES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        peer = request.META.get("REMOTE_ADDR", "")
        if self._is_trusted(peer):
            request.META["REMOTE_ADDR"] = self._client(request.META.get("HTTP_X_FORWARDED_FOR", ""), peer)
        else:
            for header in ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED"):
                if request.META.pop(header, None) is not None:
                    request.META[UNTRUSTED_PROXY] = True
        return self.get_response(request)

    def _client(self, forwarded_for: str, peer: str) -> str:
        """Return the last address in the chain that none of our proxies has."""
        for hop in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
            try:
                ip_address(hop)
            except ValueError:
                return peer
            if not self._is_trusted(hop):
                return hop
            peer = hop
        return peer

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.trusted)


def is_loopback(request: HttpRequest) -> bool:
    """Whether the caller sits on this machine, and not behind a proxy that does."""
    try:
        on_this_machine = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    return on_this_machine and UNTRUSTED_PROXY not in request.META
