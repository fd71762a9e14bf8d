"""What an account at M-Pesa is known by, and how its password is hidden on the way."""

import re
from base64 import b64encode
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from wallets.errors import BadRailAccount

_NAME: Final = re.compile(r"[!-~]{1,60}")
_SHORTCODE: Final = re.compile(r"[0-9]{5,7}")
_PEM: Final = re.compile(r"\s*-----BEGIN (CERTIFICATE|PUBLIC KEY)-----([A-Za-z0-9+/=\s]{1,8000})-----END \1-----\s*")
_CALLERS_AT_MOST: Final = 50
_SMALLEST_KEY_BITS: Final = 2048


def check_shortcode(number: str) -> str:
    """Return the shortcode.

    :raises BadRailAccount: if it is none.
    """
    if not _SHORTCODE.fullmatch(number):
        raise BadRailAccount(reason="the number is a shortcode of 5 to 7 digits")
    return number


def check_name(name: str) -> str:
    """Return the initiator's name.

    :raises BadRailAccount: if it can't be one.
    """
    if not _NAME.fullmatch(name):
        raise BadRailAccount(reason="the initiator's name has 1 to 60 printable ASCII characters and no space")
    return name


def check_password(password: str) -> str:
    """Return the initiator's password.

    :raises BadRailAccount: if it can't be one; what is longer does not fit into what RSA hides.
    """
    if not (1 <= len(password) <= 100 and password.isascii() and password.isprintable()):
        raise BadRailAccount(reason="the initiator's password has 1 to 100 printable ASCII characters")
    return password


def check_certificate(pem: str) -> str:
    """Return the certificate or public key as it is kept; line breaks that a form has taken away come back.

    :raises BadRailAccount: if it is none of RSA with 2048 bits or more.
    """
    found = _PEM.fullmatch(pem)
    if not found:
        raise BadRailAccount(reason="the certificate is PEM: BEGIN CERTIFICATE or BEGIN PUBLIC KEY, and its END")
    body = "".join(found[2].split())
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    kept = "\n".join((f"-----BEGIN {found[1]}-----", *lines, f"-----END {found[1]}-----", ""))
    try:
        key = _key_in(kept)
    except (ValueError, TypeError):
        raise BadRailAccount(reason="the certificate can't be read") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_KEY_BITS:
        raise BadRailAccount(reason=f"the certificate holds no RSA key of {_SMALLEST_KEY_BITS} bits or more")
    return kept


def check_callers(callers: str) -> str:
    """Return the networks that M-Pesa calls from.

    :raises BadRailAccount: if one is no network, or there are too many.
    """
    each = callers.split()
    try:
        networks = [str(ip_network(one)) for one in each]
    except ValueError:
        networks = []
    if not 0 < len(networks) <= _CALLERS_AT_MOST:
        raise BadRailAccount(
            reason=f"callers are 1 to {_CALLERS_AT_MOST} networks, such as 192.0.2.0/24, with a space between"
        )
    return " ".join(networks)


def may_call(address: str | None, secrets: Mapping[str, str]) -> bool:
    """Whether M-Pesa calls from there, as far as the account says."""
    callers = secrets.get("callers", "").split()
    if not callers:
        return True
    if address is None:
        return False
    came = ip_address(address)
    return any(came in ip_network(network) for network in callers)


def security_credential(secrets: Mapping[str, str]) -> str:
    """Return the initiator's password as only M-Pesa can read it: the password alone, without a time."""
    key = _key_in(secrets["certificate"])
    assert isinstance(key, RSAPublicKey)
    return b64encode(key.encrypt(secrets["initiator_password"].encode(), PKCS1v15())).decode()


def _key_in(pem: str) -> object:
    if "BEGIN CERTIFICATE" in pem:
        return load_pem_x509_certificate(pem.encode()).public_key()
    return load_pem_public_key(pem.encode())
