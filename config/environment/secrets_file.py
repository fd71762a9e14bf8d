"""Secrets of a local installation: made once, kept under ``var/``, so that nothing secret stands in the code."""

import fcntl
import json
import secrets
from pathlib import Path


def local_secret(name: str, *, folder: Path) -> str:
    """Return the secret called ``name``, made at its first use."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secrets.json"
    path.touch(mode=0o600)
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # web and workers start at the same moment
        known: dict[str, str] = json.loads(file.read() or "{}")
        if name not in known:
            known[name] = secrets.token_urlsafe(48)
            file.seek(0)
            file.truncate()
            json.dump(known, file, indent=1)
        return known[name]
