"""Proof that somebody holds the key of a wallet address: the text they sign (EIP-4361), and whose signature it bears.

Both are pure. The text is ours, so it is read in the one form that we write; what another writer would add is refused.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from identity.errors import AddressMakesNoSense, ProofMakesNoSense, SignatureWrong

LASTS: Final = timedelta(minutes=10)
NONCE_BYTES: Final = 16
LARGEST_CHAIN_ID: Final = 2**53 - 1  # what a browser still counts exactly
STATEMENT: Final = "Prove that this address is yours. Signing moves nothing and costs nothing."

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_SIGNATURE: Final = re.compile(r"0x[0-9a-fA-F]{130}")
_INSTANT: Final = "%Y-%m-%dT%H:%M:%SZ"
_TEXT: Final = re.compile(
    r"(?P<domain>[!-.0->@-~]+) wants you to sign in with your Ethereum account:\n"
    r"(?P<address>0x[0-9a-fA-F]{40})\n"
    r"\n"
    rf"{re.escape(STATEMENT)}\n"
    r"\n"
    r"URI: (?P<uri>[!-~]+)\n"
    r"Version: 1\n"
    r"Chain ID: (?P<chain_id>[1-9][0-9]{0,15})\n"
    r"Nonce: (?P<nonce>[0-9A-Za-z]{8,64})\n"
    r"Issued At: (?P<issued_at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\n"
    r"Expiration Time: (?P<expires_at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)"
)
# The order of secp256k1. Of each signature there is a twin with the other half's s that is as valid, and not ours.
_ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
# Most wallets count from 27, some from 0.
_PARITIES: Final = {27: 0, 28: 1, 0: 0, 1: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What is signed. The address is in lower case, as it is stored."""

    domain: str
    address: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: datetime
    expires_at: datetime


def wording_text(wording: Wording) -> str:
    """Return the text to sign, with the address's checksum."""
    return (
        f"{wording.domain} wants you to sign in with your Ethereum account:\n"
        f"{checksummed(wording.address)}\n"
        "\n"
        f"{STATEMENT}\n"
        "\n"
        f"URI: {wording.uri}\n"
        "Version: 1\n"
        f"Chain ID: {wording.chain_id}\n"
        f"Nonce: {wording.nonce}\n"
        f"Issued At: {wording.issued_at.astimezone(UTC).strftime(_INSTANT)}\n"
        f"Expiration Time: {wording.expires_at.astimezone(UTC).strftime(_INSTANT)}"
    )


def read_wording(text: str) -> Wording:
    """Return what a text says.

    :raises ProofMakesNoSense: if it has another form, names an address with a wrong checksum, or no moment.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ProofMakesNoSense(reason="the text is not one that is signed here, letter by letter")
    if found["address"] != checksummed(found["address"].lower()):
        raise ProofMakesNoSense(reason="the address in the text has a wrong checksum")
    try:
        issued_at, expires_at = (
            datetime.strptime(found[name], _INSTANT).replace(tzinfo=UTC) for name in ("issued_at", "expires_at")
        )
    except ValueError:
        raise ProofMakesNoSense(reason="the text names a moment that no calendar has") from None
    return Wording(
        domain=found["domain"],
        address=found["address"].lower(),
        uri=found["uri"],
        chain_id=int(found["chain_id"]),
        nonce=found["nonce"],
        issued_at=issued_at,
        expires_at=expires_at,
    )


def read_address(sent: str) -> str:
    """Return an address as it is stored. All in one case it has no checksum; in both it must have the right one.

    :raises AddressMakesNoSense: if it is none, or its checksum is wrong.
    """
    if not _ADDRESS.fullmatch(sent):
        raise AddressMakesNoSense(reason="it is 0x and 40 hexadecimal digits")
    digits, lower = sent[2:], sent.lower()
    if digits not in (digits.lower(), digits.upper()) and sent != checksummed(lower):
        raise AddressMakesNoSense(reason="its checksum is wrong, so a letter or a digit is")
    return lower


def checksummed(address: str) -> str:
    """Return an address as it is shown: with the checksum that its capitals are (EIP-55)."""
    # A quarter of a second and 26 MB, which only those processes should pay that are asked.
    from eth_utils.address import to_checksum_address

    return str(to_checksum_address(address))


def check_signature(signature: str, *, text: str, address: str) -> None:
    """Hold that ``address`` has signed ``text`` as wallets sign messages (EIP-191).

    :raises ProofMakesNoSense: if the signature is none of 65 bytes in hexadecimal.
    :raises SignatureWrong: if it was made with another key, or is the twin of one that was made.
    """
    from eth_keys.datatypes import Signature
    from eth_keys.exceptions import BadSignature
    from eth_utils.crypto import keccak

    if not _SIGNATURE.fullmatch(signature):
        raise ProofMakesNoSense(reason="a signature is 0x and 130 hexadecimal digits")
    raw = bytes.fromhex(signature[2:])
    r, s, v = int.from_bytes(raw[:32]), int.from_bytes(raw[32:64]), raw[64]
    signed = text.encode()
    try:
        # The library takes the twin too.
        if not 0 < s <= _ORDER // 2 or v not in _PARITIES:
            raise BadSignature
        digest = keccak(b"\x19Ethereum Signed Message:\n%d%b" % (len(signed), signed))
        key = Signature(vrs=(_PARITIES[v], r, s)).recover_public_key_from_msg_hash(digest)
    except BadSignature:
        raise SignatureWrong(signer=checksummed(address)) from None
    if key.to_address() != address:
        raise SignatureWrong(signer=checksummed(address))
