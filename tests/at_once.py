"""Several acts at the same moment, each on a connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections

from audit.context import acting_as
from audit.errors import DomainError


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Return what came of each: its result, or the type of its refusal."""
    outcomes: list[Any] = []
    start = threading.Barrier(len(acts))

    def one(act: Callable[[], Any]) -> None:
        try:
            start.wait(timeout=60)
            with acting_as("test", "race"):
                outcomes.append(act())
        except DomainError as refusal:
            outcomes.append(type(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(outcomes) == len(acts), "somebody did not come back"
    return outcomes
