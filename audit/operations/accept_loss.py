"""Accept that a restore lost seals that had been anchored."""

import json
import os
from datetime import datetime

from audit import merkle, proofs
from audit.errors import NothingLost
from audit.models import Seal
from audit.operations.anchor import locked_anchors
from audit.operations.record import record
from audit.queries.anchors import LOSS_FORMAT, contradicting
from audit.queries.keys import public_half, signing_key


def accept_loss(*, reason: str, at: datetime) -> list[int]:
    """Write into the anchor file, signed, that the seals it holds and the database lacks are lost, and return them.

    It takes the key and the file, so whoever has only the database can't excuse what he did to it. The lines of the
    lost seals stay.

    :raises NothingLost: if the file and the database agree.
    """
    with locked_anchors() as file:
        lost = contradicting()
        if not lost:
            raise NothingLost

        key = signing_key()
        loss = {
            "format": LOSS_FORMAT,
            "lost": [hash_ for _, hash_ in lost],
            "numbers": [number for number, _ in lost],
            "reason": reason,
            "accepted_at": merkle.instant(at),
            "public_key": public_half(key),
        }
        signature = key.sign(proofs.header_bytes(loss)).hex()
        line = {"format": LOSS_FORMAT, "loss": loss, "signature": signature}
        file.write(json.dumps(line, sort_keys=True, separators=(",", ":")).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())

    head = Seal.objects.head()
    if head is not None:
        record("audit.loss.accepted", subject=head, at=at, payload={"lost": loss["numbers"], "reason": reason})
    return [number for number, _ in lost]
