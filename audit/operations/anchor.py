"""Write seals into the anchor file."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from audit.models import Seal
from audit.queries.anchors import anchor_line, anchor_path, last_shared


def anchor() -> int:
    """Append the line of every seal that the anchor file lacks, have the disk hold them, and return how many.

    Called after a seal is committed: a line must never speak of a seal that was rolled back. What a crash left out is
    written by the next call.

    :raises OSError: if the file can't be written; the seals stay, and the next call tries again.
    """
    written = 0
    with locked_anchors() as file:
        lacking = Seal.objects.filter(number__gt=last_shared(anchor_path())).order_by("number")
        for seal in lacking.iterator(chunk_size=500):
            file.write(anchor_line(seal).encode() + b"\n")
            written += 1
        if written:
            file.flush()
            os.fsync(file.fileno())
    return written


@contextmanager
def locked_anchors() -> Iterator[IO[bytes]]:
    """Open the anchor file to append whole lines, and keep everybody else from doing so meanwhile."""
    path = anchor_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # or two jobs would write the same lines
        if _is_torn(file.fileno()):
            file.write(b"\n")
        yield file
    if is_new:
        _keep_name(path.parent)


def _is_torn(descriptor: int) -> bool:
    """Whether a crash cut the last line short."""
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _keep_name(folder: os.PathLike[str]) -> None:
    # A new file is safe once its folder is, too.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
