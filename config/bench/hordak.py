"""The other Django ledger: django-hordak's own transfer, in a process and a database of its own.

A process, because it wants to be installed as an app and the house has no use for it. It is spoken to in lines: a
number goes in, that many transfers are made, `done` comes back. So it is timed like everybody else, without its start.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection


@contextmanager
def hordak() -> Iterator["Hordak"]:
    """Have it ready, on the server that the house is measured on."""
    at = connection.settings_dict
    told = [str(at[word]) for word in ("HOST", "PORT", "USER", "PASSWORD")] + [f"{at['NAME']}_hordak"]
    command = [sys.executable, "-P", str(Path(__file__).with_name("hordak_process.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        other = Hordak(process)
        other.say(json.dumps(told))
        yield other


class Hordak:
    """The process, and how it is spoken to."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def transfer(self, count: int) -> None:
        """Make ``count`` transfers, one after the other."""
        self.say(str(count))

    def say(self, line: str) -> None:
        """Send a line, and wait until it has done what it says."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if answer != "done\n":
            raise RuntimeError("django-hordak did not do what it was asked for; its words stand above.")
