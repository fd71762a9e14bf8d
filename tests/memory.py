"""Where the databases of the tests lie: in memory, where the machine has room for them.

A test that commits throws its database away and copies it anew, which is a thousand small files: 40 ms in memory, more
than half a second on some disks. Nothing here outlives the machine's power anyway; what is killed are processes.
"""

import hashlib
import os
import shutil
from pathlib import Path

MEMORY, DISK = Path("/dev/shm"), Path("/var/tmp")
ROOM_BYTES = 4 * 2**30  # several times what has been seen there: a server that runs out of room fails in odd places


def spacious() -> Path:
    """Return where folders of the tests may be made: everybody can enter it, as PostgreSQL's account must."""
    has_room = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM_BYTES
    return MEMORY if has_room else DISK


def folder_in_memory() -> Path | None:
    """Return the folder in memory that is this project's and this account's alone, if there can be one."""
    project = hashlib.sha256(str(Path(__file__).resolve().parent).encode()).hexdigest()[:12]
    place = MEMORY / f"countinghouse-{os.geteuid()}-{project}"
    if spacious() != MEMORY:
        return None
    place.mkdir(exist_ok=True)
    # Anybody may make a folder there, also one of this name.
    return place if place.lstat().st_uid == os.geteuid() and not place.is_symlink() else None
