"""The seal's header, its signature, and the proof that a row is under it: checked with this file and no house at all.

``python -m audit.proofs FILE`` checks a proof on any machine that has Python and the ``cryptography`` package.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.merkle import HASH_BYTES, ROW_FORMAT, canonical, leaf_hash, root_from_path

SEAL_FORMAT: Final = "countinghouse-seal/1"
PROOF_FORMAT: Final = "countinghouse-proof/1"
# What the first seal names as the one before it.
NO_SEAL: Final = "0" * 64
LONGEST_PROOF: Final = 1_000_000
PROVES, FAILS, UNREADABLE = 0, 1, 2

_HEADER_NAMES: Final = frozenset({
    "format", "number", "epoch", "system_identifier", "timeline", "source", "version", "first", "last", "count",
    "root", "previous", "sealed_at", "public_key",
})  # fmt: skip


class BadProof(ValueError):
    """Raised with a sentence that says what in a proof does not hold."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof proves."""

    row: Mapping[str, Any]
    seal: int
    source: str
    sealed_at: str
    public_key: str
    key_is_pinned: bool


def header_bytes(header: Mapping[str, Any]) -> bytes:
    """Return what is hashed and signed of a seal."""
    return canonical(dict(header)).encode()


def seal_hash(header: Mapping[str, Any]) -> str:
    """Return the hash by which the next seal names this one."""
    return hashlib.sha256(header_bytes(header)).hexdigest()


def key_id(public_key: str) -> str:
    """Return the short name of a public key."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:16]


def is_signed(message: bytes, *, signature: str, public_key: str) -> bool:
    """Whether ``signature`` over ``message`` was made with the private half of ``public_key``."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def make_proof(
    *, row: bytes, index: int, path: Sequence[bytes], header: Mapping[str, Any], signature: str
) -> dict[str, Any]:
    """Return the document that proves a row."""
    return {
        "format": PROOF_FORMAT,
        "row": row.decode(),
        "leaf": leaf_hash(row).hex(),
        "index": index,
        "path": [step.hex() for step in path],
        "seal": dict(header),
        "seal_hash": seal_hash(header),
        "signature": signature,
        "key_id": key_id(str(header["public_key"])),
    }


def check_proof(proof: Mapping[str, Any], *, public_key: str | None = None) -> Proven:
    """Follow ``proof`` from the row to the signature, and return what it proves.

    :raises BadProof: with the first step that does not hold.
    """
    try:
        return _check(proof, public_key=public_key)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as wrong:
        if isinstance(wrong, BadProof):
            raise
        raise BadProof("The proof is not of the form that this program knows.") from wrong


def _check(proof: Mapping[str, Any], *, public_key: str | None) -> Proven:
    header = proof["seal"]
    _need(proof["format"] == PROOF_FORMAT and header["format"] == SEAL_FORMAT, "The format is not one known here.")
    _need(set(header) == _HEADER_NAMES, "The seal's header has other fields than a seal.")
    _need(type(proof["index"]) is int and type(header["count"]) is int, "A place in a tree is a whole number.")
    encoded = proof["row"].encode()
    row = json.loads(encoded)
    leaf = _hash(proof["leaf"])
    _need(leaf_hash(encoded) == leaf, "The row is not the one whose hash was sealed.")
    reached = root_from_path(
        leaf, index=proof["index"], count=header["count"], path=[_hash(step) for step in proof["path"]]
    )
    _need(reached == _hash(header["root"]), "The path does not lead from the row to the seal's root.")
    _need(
        (row["format"], row["source"], row["version"]) == (ROW_FORMAT, header["source"], header["version"]),
        "The row and the seal speak of different sources.",
    )
    _need(seal_hash(header) == proof["seal_hash"], "The seal's hash is not that of its header.")
    _need(key_id(header["public_key"]) == proof["key_id"], "The key id is not that of the seal's key.")
    _need(bytes.fromhex(proof["signature"]).hex() == proof["signature"], "A signature has one form, in small letters.")
    signed = is_signed(header_bytes(header), signature=proof["signature"], public_key=header["public_key"])
    _need(signed, "The signature is not the key's.")
    pinned = public_key is not None
    _need(not pinned or header["public_key"] == public_key, "The seal is signed with another key than the one given.")
    datetime.fromisoformat(header["sealed_at"])
    return Proven(
        row=row["columns"],
        seal=header["number"],
        source=header["source"],
        sealed_at=header["sealed_at"],
        public_key=header["public_key"],
        key_is_pinned=pinned,
    )


def _need(holds: bool, otherwise: str) -> None:
    if not holds:
        raise BadProof(otherwise)


def _hash(text: str) -> bytes:
    # `fromhex` takes spaces and capitals: one hash has one form here.
    found = bytes.fromhex(text)
    _need(len(found) == HASH_BYTES and found.hex() == text, "A hash is 64 hexadecimal digits.")
    return found


def read_proof(path: Path) -> dict[str, Any]:
    """Return the proof in a file.

    :raises OSError: if it can't be read.
    :raises ValueError: if it is no JSON object, or too long.
    """
    with path.open("rb") as file:
        text = file.read(LONGEST_PROOF + 1)
    if len(text) > LONGEST_PROOF:
        raise ValueError("longer than any proof")
    proof = json.loads(text)
    if not isinstance(proof, dict):
        raise ValueError("not a JSON object")
    return proof


def in_words(proven: Proven) -> list[str]:
    """Return the lines that tell a person what was proven, and what was not."""
    row = [f"  {name}: {canonical_or_text(value)}" for name, value in proven.row.items()]
    key = f"key {key_id(proven.public_key)}, public half {proven.public_key}"
    if proven.key_is_pinned:
        trust = "That is the key you gave."
    else:
        trust = "That key is the file's own: compare it with one you have from the house, or give --public-key."
    return [
        f"Proven: this row of the {proven.source} stood under seal {proven.seal}, made {proven.sealed_at}.",
        *row,
        f"Signed with {key}.",
        trust,
    ]


def canonical_or_text(value: Any) -> str:
    """Return a value of a row on one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def check_file(path: Path, *, public_key: str | None) -> tuple[int, list[str]]:
    """Check the proof in a file, and return the exit code and what to say."""
    try:
        proof = read_proof(path)
    except (OSError, ValueError, RecursionError) as problem:
        return UNREADABLE, [f"{path} can't be read: {problem}"]
    try:
        proven = check_proof(proof, public_key=public_key)
    except BadProof as wrong:
        return FAILS, [f"Not proven. {wrong}"]
    return PROVES, in_words(proven)


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what checking takes; the command of the house takes the same."""
    parser.add_argument("--check", type=Path, metavar="FILE", help="check a proof, offline")
    parser.add_argument("--public-key", metavar="HEX", help="with --check: the key that must have signed")


def main(arguments: Sequence[str]) -> int:
    """Check a file from the command line, without settings and without a database."""
    parser = argparse.ArgumentParser(prog="audit.proofs", description="Check a proof that a row was sealed.")
    parser.add_argument("file", nargs="?", type=Path)
    add_check_arguments(parser)
    given = parser.parse_args(arguments)
    path = given.check or given.file
    if path is None:
        parser.error("name the file with the proof")
    code, lines = check_file(path, public_key=given.public_key)
    (sys.stdout if code == PROVES else sys.stderr).write("".join(f"{line}\n" for line in lines))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
