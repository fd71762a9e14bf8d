"""What a seal is made of: one way to write a row as bytes, and the hash tree of RFC 6962 over many of them.

Nothing here knows Django, a clock or a database, so that whoever holds a proof can recompute it anywhere.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

ROW_FORMAT: Final = "countinghouse-row/1"
HASH_BYTES: Final = 32
# A leaf can't be passed off as a node, nor a node as a leaf.
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
# One for all: `json.dumps` makes another for every text.
_quoted: Final = json.JSONEncoder(ensure_ascii=False).encode


class StoredJson(str):
    """JSON as the database wrote it down: its numbers keep every digit."""

    __slots__ = ()


def canonical(value: Any) -> str:
    """Return ``value`` as JSON that two programs write alike: sorted names, no spaces, numbers with all their digits.

    :raises TypeError: if there is a value without one exact form, a float for one.
    """
    if isinstance(value, str):
        return _quoted(value)
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        pairs = [f"{_quoted(name)}:{canonical(value[name])}" for name in sorted(value)]
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join([canonical(inner) for inner in value])}]"
    raise TypeError(f"{type(value).__name__} has no exact form")


def encode_row(source: str, version: int, columns: Mapping[str, Any]) -> bytes:
    """Return the bytes whose hash is the row's leaf: every column under its name, in version ``version`` of the source.

    :raises TypeError: if a column holds what has no one exact form.
    """
    plain = {name: _plain(value) for name, value in columns.items()}
    return canonical({"columns": plain, "format": ROW_FORMAT, "source": source, "version": version}).encode()


def _plain(value: Any) -> Any:
    if type(value) is str or value is None:
        return value
    if isinstance(value, StoredJson):
        return json.loads(value, parse_float=Decimal, parse_int=Decimal)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")  # a text: readers of JSON make a float of a number
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def instant(at: datetime) -> str:
    """Return a time in its one form: UTC, with microseconds."""
    assert at.tzinfo is not None, "a time without a zone is no instant"
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def leaf_hash(encoded: bytes) -> bytes:
    """Return the leaf of an encoded row."""
    return hashlib.sha256(_LEAF + encoded).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the node above two others."""
    return hashlib.sha256(_NODE + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over ``leaves``, keeping no more than one node for each height."""
    peaks: list[tuple[int, bytes]] = []
    for leaf in leaves:
        height, node = 0, leaf
        while peaks and peaks[-1][0] == height:
            node = node_hash(peaks.pop()[1], node)
            height += 1
        peaks.append((height, node))
    if not peaks:
        return hashlib.sha256().digest()
    node = peaks.pop()[1]
    while peaks:
        node = node_hash(peaks.pop()[1], node)
    return node


def audit_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes that lead from leaf ``index`` to the root, the lowest first."""
    assert 0 <= index < len(leaves)
    if len(leaves) == 1:
        return []
    # The largest power of two below the number of leaves.
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < split:
        return [*audit_path(leaves[:split], index), root(leaves[split:])]
    return [*audit_path(leaves[split:], index - split), root(leaves[:split])]


def root_from_path(leaf: bytes, *, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that ``path`` leads to (RFC 9162, 2.1.3.2), or None where no such tree has such a path."""
    if not 0 <= index < count:
        return None
    place, last, node = index, count - 1, leaf
    for beside in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            node = node_hash(beside, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, beside)
        place, last = place >> 1, last >> 1
    return node if last == 0 else None
