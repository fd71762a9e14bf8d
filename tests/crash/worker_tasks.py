"""Tasks that write down that they ran, where no broker and no database can lose it."""

import os
import signal
import time
from pathlib import Path

from django.db import connection

GATE_SECONDS_LIMIT = 20


def _note(journal: str, line: str) -> None:
    with Path(journal).open("a") as file:
        file.write(f"{line}\n")


def record(journal: str) -> dict[str, object]:
    """Say who ran it."""
    _note(journal, str(os.getpid()))
    return {"pid": os.getpid(), "queue": os.environ["Q_CLUSTER_NAME"]}


def wait_at_gate(journal: str, gate: str) -> int:
    """Run until the gate is there."""
    _note(journal, str(os.getpid()))
    deadline = time.monotonic() + GATE_SECONDS_LIMIT
    while not Path(gate).exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    _note(journal, "done")
    return os.getpid()


def break_down(journal: str) -> None:
    """Fail, whenever it is tried."""
    _note(journal, str(os.getpid()))
    raise RuntimeError("the world is failing")


def kill_worker(journal: str) -> None:
    """Kill whoever runs it."""
    _note(journal, str(os.getpid()))
    os.kill(os.getpid(), signal.SIGKILL)


def query(journal: str) -> int:
    """Ask the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 42")
        answer = int(cursor.fetchone()[0])
    _note(journal, str(answer))
    return answer


def write(journal: str, word: str) -> None:
    """Write the word down, taking the time in which somebody may be killed."""
    time.sleep(0.05)
    _note(journal, word)
