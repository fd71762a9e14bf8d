"""Processes that post at once, forked from the test so that they begin quickly; each has a connection of its own."""

import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections

from audit.context import acting_as
from audit.errors import DomainError

PATIENCE_SECONDS = 60


class Poster:
    """A child that does one thing and says what came of it; it can be killed meanwhile."""

    def __init__(self, act: Callable[[], Any]) -> None:
        # What a child inherits of a connection it would share with its parent.
        connections.close_all()
        self.reading, writing = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(self.reading)
            _live(act, writing)
        os.close(writing)

    def outcome(self) -> Any:
        """Wait for its end, and return what it said."""
        with os.fdopen(self.reading) as said:
            text = said.read()
        _, status = os.waitpid(self.pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0, text
        return json.loads(text)

    def kill(self) -> int:
        """Kill it as the kernel does, and return how it ended."""
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.reading)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def _live(act: Callable[[], Any], writing: int) -> None:
    """Do it and end, with nothing of the test's own clean-up."""
    code = 1
    try:
        signal.alarm(PATIENCE_SECONDS)
        with acting_as("test", str(os.getpid())):
            try:
                outcome = act()
            except DomainError as refusal:
                outcome = refusal.code
        os.write(writing, json.dumps(outcome).encode())
        code = 0
    except BaseException as problem:  # noqa: BLE001  (the parent is told, whatever it is)
        os.write(writing, repr(problem).encode())
    finally:
        connections.close_all()
        os._exit(code)


def in_processes(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do each in a process of its own, all at once, and return what came of each."""
    gate, opening = os.pipe()

    def behind_the_gate(act: Callable[[], Any]) -> Callable[[], Any]:
        def wait_and_act() -> Any:
            os.close(opening)
            connection.ensure_connection()
            os.read(gate, 1)
            return act()

        return wait_and_act

    posters = [Poster(behind_the_gate(act)) for act in acts]
    os.close(gate)
    os.close(opening)  # the last one who could write: everybody's reading ends
    return [poster.outcome() for poster in posters]


@contextmanager
def stopping_after(statements: int, says: int) -> Iterator[None]:
    """Have this process say so and stand still once it has executed so many statements."""
    executed = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal executed
        result = execute(sql, params, many, context)
        executed += 1
        if executed == statements:
            os.write(says, b"!")
            signal.pause()
        return result

    with connection.execute_wrapper(count):
        yield
