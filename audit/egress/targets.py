"""What is called: an address as somebody wrote it, taken apart and refused where it could mean two things."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from audit.errors import CredentialsInUrl, UrlUnusable

LONGEST_URL: Final = 4_096
_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?", re.IGNORECASE)
_IPV6: Final = re.compile(r"[0-9a-f:.]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes."""

    scheme: str
    host: str
    port: int
    path: str  # with the query, as it is sent

    @property
    def place(self) -> str:
        """Host and port, as configuration names them."""
        return f"{self.host}:{self.port}"

    @property
    def host_header(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == _PORTS[self.scheme] else f"{shown}:{self.port}"

    def is_named_in(self, hosts: frozenset[str]) -> bool:
        """Whether the list names this host, or this host with this port."""
        return self.host in hosts or self.place in hosts


def read_target(url: str) -> Target:
    """Take an address apart.

    :raises CredentialsInUrl: if it holds a name or a password.
    :raises UrlUnusable: if it is no address of a web server.
    """
    if len(url) > LONGEST_URL:
        raise UrlUnusable(reason=f"it is longer than {LONGEST_URL} characters")
    # Programs read these differently, and so would whoever checks and whoever connects.
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise UrlUnusable(reason="it holds a space, a backslash or a control character")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UrlUnusable(reason="it is no address") from None
    if parts.scheme not in _PORTS:
        raise UrlUnusable(reason="it does not begin with https://")
    if "@" in parts.netloc:
        raise CredentialsInUrl
    host = (parts.hostname or "").lower()
    if not host.isascii():
        raise UrlUnusable(reason="its host is not in ASCII; write it as xn--...")
    if not (_IPV6 if parts.netloc.startswith("[") else _HOST).fullmatch(host) or port == 0 or len(host) > 253:
        raise UrlUnusable(reason="it names no host")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], f"{path}?{query}" if query else path)


def next_url(url: str, location: str) -> str:
    """Return where a redirect leads."""
    try:
        return urljoin(url, location)
    except ValueError:
        raise UrlUnusable(reason="it redirects to no address") from None
