"""Reading the anchor file: one line for each seal, kept where whoever changes the database can't reach."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from audit import proofs
from audit.models import Seal
from audit.queries.keys import believed_keys

ANCHOR_FORMAT: Final = "countinghouse-anchor/1"
LOSS_FORMAT: Final = "countinghouse-loss/1"
_BLOCK: Final = 65_536


def anchor_path() -> Path:
    """Return where the anchor file is."""
    return Path(settings.AUDIT_ANCHOR_FILE)


def anchor_line(seal: Seal) -> str:
    """Return the line that anchors ``seal``."""
    line = {"format": ANCHOR_FORMAT, "seal": seal.header, "hash": seal.hash, "signature": seal.signature}
    return json.dumps(line, sort_keys=True, separators=(",", ":"))


def read_line(line: bytes) -> dict[str, Any] | None:
    """Return what a line says, or None where it is torn, foreign or not signed by the key that it names."""
    try:
        said = json.loads(line)
        if said["format"] == ANCHOR_FORMAT:
            signed, key = said["seal"], said["seal"]["public_key"]
            if said["hash"] != proofs.seal_hash(signed):
                return None
        elif said["format"] == LOSS_FORMAT:
            signed, key = said["loss"], said["loss"]["public_key"]
        else:
            return None
        genuine = proofs.is_signed(proofs.header_bytes(signed), signature=said["signature"], public_key=key)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return dict(said) if genuine else None


def lines_from_the_end(path: Path) -> Iterator[bytes]:
    """Yield the file's lines, the last first, without reading what nobody asks for."""
    with path.open("rb") as file:
        place = file.seek(0, os.SEEK_END)
        rest = b""
        while place > 0:
            step = min(_BLOCK, place)
            place -= step
            file.seek(place)
            rest, *whole = (file.read(step) + rest).split(b"\n")
            yield from (line for line in reversed(whole) if line)
        if rest:
            yield rest


def contradicting() -> list[tuple[int, str]]:
    """Return number and hash of every anchored seal that the database does not hold, and nobody has excused."""
    lost: dict[str, int] = {}
    with anchor_path().open("rb") as file:
        for line in file:
            said = read_line(line)
            if said and said["format"] == LOSS_FORMAT and said["loss"]["public_key"] in believed_keys():
                for hash_ in said["loss"]["lost"]:
                    lost.pop(hash_, None)
            elif said and said["format"] == ANCHOR_FORMAT:
                number = int(said["seal"]["number"])
                if not Seal.objects.filter(number=number, hash=said["hash"]).exists():
                    lost[said["hash"]] = number
    return [(number, hash_) for hash_, number in lost.items()]


def last_shared(path: Path) -> int:
    """Return the number of the last seal that the file and the database have in common."""
    if not path.exists():
        return 0
    for line in lines_from_the_end(path):
        said = read_line(line)
        if said and said["format"] == ANCHOR_FORMAT:
            number = int(said["seal"]["number"])
            if Seal.objects.filter(number=number, hash=said["hash"]).exists():
                return number
    return 0
