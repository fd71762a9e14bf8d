"""Two looks at the books at the same time, the second on a connection of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from queue import Full, Queue
from threading import Event, Thread
from typing import Final, TypeVar

from django.db import connection, connections

Found = TypeVar("Found")

_WAITING_AT_MOST: Final = 1_000
_PATIENCE_SECONDS: Final = 0.2


@contextmanager
def beside(look: Callable[[], Iterator[Found]]) -> Iterator[Callable[[], Iterator[Found]]]:
    """Let ``look`` go on while the block runs; what is yielded gives what it finds, once, and waits for its end.

    In a transaction, whose rows no other connection sees, it looks when it is asked.
    """
    if connection.in_atomic_block:
        yield look
        return
    found: Queue[Found | _End] = Queue(maxsize=_WAITING_AT_MOST)
    end, is_left = _End(), Event()

    def tell(each: Found | _End) -> None:
        while not is_left.is_set():
            with suppress(Full):
                found.put(each, timeout=_PATIENCE_SECONDS)
                break

    def run() -> None:
        try:
            for each in look():
                tell(each)
                if is_left.is_set():
                    return
        except BaseException as fault:  # noqa: BLE001  (raised again by who asks)
            end.fault = fault
        finally:
            connections.close_all()
            tell(end)

    def all_of_it() -> Iterator[Found]:
        while not isinstance(each := found.get(), _End):
            yield each
        if each.fault is not None:
            raise each.fault

    thread = Thread(target=copy_context().run, args=(run,), name="beside")
    thread.start()
    try:
        yield all_of_it
    finally:
        is_left.set()
        thread.join()


class _End:
    """Nothing more comes; perhaps because something went wrong."""

    fault: BaseException | None = None
