"""Which addresses are the public internet, and which only lead back to where we are."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_NAT64: Final = IPv6Network("64:ff9b::/96")
# All that was ever given out for public use; everything else has a meaning of its own.
_GIVEN_OUT: Final = IPv6Network("2000::/3")
# Inside of it, and no public hosts either: special purposes, 6to4, documentation.
_NOT_HOSTS: Final = (IPv6Network("2001::/23"), IPv6Network("2002::/16"), IPv6Network("3fff::/20"))
_NOT_HOSTS_4: Final = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
_OF_PROVIDERS: Final = IPv4Network("100.64.0.0/10")  # shared behind their translators


def is_public(text: str) -> bool:
    """Whether the address is one of a public host, also one that carries an IPv4 address inside."""
    address = _meant(text)
    if isinstance(address, IPv4Address):
        return (
            address.is_global
            and not address.is_multicast
            and not address.is_reserved
            and not any(address in network for network in _NOT_HOSTS_4)
        )
    return (
        isinstance(address, IPv6Address)
        and address.is_global
        and address in _GIVEN_OUT
        and not any(address in network for network in _NOT_HOSTS)
    )


def is_private(text: str) -> bool:
    """Whether the address is a host of ours: what configuration may open, link-local and the like it may not."""
    address = _meant(text)
    if address is None or address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if isinstance(address, IPv4Address):
        ours = address.is_private and not address.is_reserved and int(address) >> 24 != 0
        return ours or address in _OF_PROVIDERS
    return address.is_loopback or address in IPv6Network("fc00::/7")


def _meant(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id:
            return None
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
