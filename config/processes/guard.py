"""What a forked process must forget, and whom it must not outlive.

The public functions are called from ``AppConfig.ready()``; a second call changes nothing.
"""

import ctypes
import logging
import os
import signal
import sys
import threading
from functools import cache
from typing import Any, cast

from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

PROCESS_VARIABLE = "COUNTINGHOUSE_PROCESS"
WORKER_PREFIX = "worker:"

# How much longer than its longest task a cluster may take to stop.
STOP_SECONDS = 10

# From <linux/prctl.h>.
PR_SET_PDEATHSIG = 1

logger = logging.getLogger("django-q")

_owned_by_parent: list[Any] = []
_forking = threading.local()


@cache
def forget_inherited_connections() -> None:
    """Make every child forked from here on open database connections of its own.

    A child that used the parent's sockets would read the parent's answers: other rows than it asked for.
    """
    os.register_at_fork(after_in_child=_forget_connections)


def _forget_connections() -> None:
    # Django keeps its pools in a private attribute and has no public way to leave one without closing it.
    wrapper_class = cast("Any", DatabaseWrapper)
    wrappers = [wrapper for wrapper in connections.all(initialized_only=True) if wrapper.vendor == "postgresql"]
    # Kept for as long as the child lives: closing one, or letting it be collected, would end the parent's session.
    _owned_by_parent.append((wrapper_class._connection_pools, [wrapper.connection for wrapper in wrappers]))
    wrapper_class._connection_pools = {}
    for wrapper in wrappers:
        wrapper.connection = None
        wrapper.in_atomic_block = False
        wrapper.atomic_blocks = []
        wrapper.savepoint_ids = []
        wrapper.needs_rollback = False
        wrapper.run_on_commit = []


def _is_worker() -> bool:
    return os.environ.get(PROCESS_VARIABLE, "").startswith(WORKER_PREFIX)


@cache
def die_with_parent() -> None:
    """Make the processes of a worker's cluster end when the one that forked them is killed.

    Without this, ``kill -9`` of a cluster leaves its sentinel and workers taking tasks unseen, beside those of the
    cluster that the supervisor starts in its place. Only Linux can promise it; elsewhere the supervisor ends the
    process group.
    """
    if sys.platform != "linux" or not _is_worker():
        return

    # Loaded here: the child of a fork should do as little as it can.
    control_process = ctypes.CDLL(None).prctl

    def note_parent() -> None:
        # The kernel sends the signal when the *thread* that forked ends. A child of any other thread than the main
        # one would die in the middle of its work, so it is left alone. django-q2 forks only from main threads.
        _forking.parent = os.getpid() if threading.current_thread() is threading.main_thread() else None

    def tie_to_parent() -> None:
        if _forking.parent is None:
            return
        control_process(PR_SET_PDEATHSIG, signal.SIGKILL)
        # A parent that died before the line above sends no signal any more.
        if os.getppid() != _forking.parent:
            os.kill(os.getpid(), signal.SIGKILL)

    os.register_at_fork(before=note_parent, after_in_child=tie_to_parent)


@cache
def end_deaf_cluster() -> None:
    """End a worker's cluster whose inner queues are broken, so that the supervisor starts a sound one.

    An idle worker, and the monitor, wait for work while they hold the lock of the queue they read. One that is killed
    there (memory runs out, somebody's ``kill -9``) takes the lock with it. django-q2 starts a successor, which waits
    for the lock for ever: tasks are not run or results not saved, and SIGTERM is not answered. A worker killed in the
    middle of a task holds no lock, and is replaced as usual.
    """
    if not _is_worker():
        return

    # Imported here: other processes have no use for it.
    from django_q.cluster import Cluster, Sentinel
    from django_q.conf import Conf

    stop = Cluster.stop

    def stop_or_end(cluster: Any) -> Any:
        # The lock may be lost and the loss not be noticed yet: the supervisor was killed, say, right after the worker.
        # Whoever works has until the end of its time; then this one ends, and its children with it.
        last_moment = threading.Timer((Conf.TIMEOUT or 0) + STOP_SECONDS, os.kill, (os.getpid(), signal.SIGKILL))
        last_moment.daemon = True
        last_moment.start()
        return stop(cluster)

    Cluster.stop = stop_or_end
    reincarnate = Sentinel.reincarnate

    def reincarnate_or_end(sentinel: Any, process: Any) -> None:
        was_killed = process.exitcode is not None and process.exitcode < 0
        # A worker's timer is negative while it waits.
        was_waiting = process is sentinel.monitor or (process in sentinel.pool and process.timer.value < 0)
        if was_killed and was_waiting:
            logger.critical("%s was killed holding a queue's lock, the cluster ends to be started anew", process.name)
            # An orderly stop would wait for the same lock. What was running is not acknowledged and runs again.
            # Its children go first: only Linux would take them with it.
            for child in [*sentinel.pool, sentinel.monitor, sentinel.pusher]:
                child.kill()
            os.kill(os.getpid(), signal.SIGKILL)
        reincarnate(sentinel, process)

    Sentinel.reincarnate = reincarnate_or_end
