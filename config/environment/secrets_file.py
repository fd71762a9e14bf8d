"""Secrets of a local installation: made once, kept under ``var/``, so that nothing secret stands in the code."""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def random_text() -> str:
    """Return what can't be guessed."""
    return secrets.token_urlsafe(48)


def random_key() -> str:
    """Return 32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def local_secret(name: str, *, folder: Path, make: Callable[[], str] = random_text) -> str:
    """Return the secret called ``name``, made by ``make`` at its first use."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secrets.json"
    with (folder / "secrets.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # web and workers start at the same moment
        known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        if name not in known:
            known[name] = make()
            _replace(path, json.dumps(known, indent=1))
        return known[name]


def _replace(path: Path, text: str) -> None:
    """Write ``text`` beside ``path`` and put it in its place: a kill in between leaves the old file whole."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
