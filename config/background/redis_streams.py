"""The task queues on Redis Streams: at least once, as on the database, for those who move tasks off it.

Each queue is one stream with one consumer group. A message that was handed out stays in the group's pending list
until it is acknowledged, and is handed out again once nobody has acknowledged it for ``retry`` seconds: a worker that
was killed loses nothing, and a failed task (which django-q2 leaves unacknowledged) is tried again. django-q2 counts
attempts when it saves a result and acknowledges the last failure itself; a task that kills its worker never gets that
far, so deliveries are counted here too, and a message delivered ``max_attempts`` times without an end goes to the
dead-letter stream.

Needs Redis 7 with ``appendonly yes``: a queue that Redis forgets in a crash is gone.
"""

import logging
from functools import cache, partial
from time import sleep
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django_q.brokers import Broker
from django_q.conf import Conf
from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

logger = logging.getLogger("django-q")

GROUP = "workers"
# One name for every pusher: a name per process would leave a consumer behind in the group at each restart, and
# messages are handed out once whether the readers share a name or not.
CONSUMER = "pusher"
PAYLOAD = "payload"

FIRST_MESSAGE = "0-0"
# XAUTOCLAIM looks at ten pending entries for each message asked for, and failed tasks waiting for their retry are
# pending too.
CLAIM_PAGES_LIMIT = 100
# The socket gives up after five seconds, so a read may not block for longer whatever ``poll`` says.
BLOCK_SECONDS_LIMIT = 2.0
OUTAGE_PAUSE_SECONDS = 0.5
# A caller may hold row locks while it waits for a Redis that does not answer.
CONNECT_SECONDS_LIMIT = 1
RETRIES_LIMIT = 2
BACKOFF_SECONDS_LIMIT = 0.5


@cache
def connect(url: str) -> Redis:
    """Open one connection pool per address and process: django-q2 makes a broker for every task it sends.

    The pool notices a fork and starts afresh in the child.
    """
    backoff = ExponentialWithJitterBackoff(base=0.05, cap=BACKOFF_SECONDS_LIMIT)
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=CONNECT_SECONDS_LIMIT,
        retry=Retry(backoff, RETRIES_LIMIT),
    )


class RedisStreamBroker(Broker):
    """A queue of django-q2 on a Redis stream; ``list_key`` is the cluster's name, a task id here a message's id."""

    connection: Redis
    list_key: str
    # Scanning goes on where it stopped, else failed tasks waiting at the front would hide an abandoned one behind them.
    claim_cursor = FIRST_MESSAGE

    @staticmethod
    def get_connection(list_key: str | None = None) -> Redis:
        """Connect to the address in ``Q_CLUSTER["redis"]``.

        :raises ImproperlyConfigured: if that is not a URL.
        """
        if not isinstance(Conf.REDIS, str):
            raise ImproperlyConfigured('Q_CLUSTER["redis"] must be a URL such as redis://127.0.0.1:6379/0.')
        return connect(Conf.REDIS)

    @property
    def stream_key(self) -> str:
        """The stream of waiting and running tasks."""
        return f"{Conf.PREFIX}:queue:{self.list_key}"

    @property
    def dead_key(self) -> str:
        """The stream of tasks that were given up without a result."""
        return f"{self.stream_key}:dead"

    def enqueue(self, task: str) -> str | None:
        """Send a task, once the caller's transaction commits if there is one; one rolled back sends nothing.

        Returns the message's id, or ``None`` while the task waits for the commit.

        :raises redis.exceptions.ConnectionError: if Redis is away, so that the caller's transaction fails as it would
            on the database broker. Should Redis go away between here and the commit, the error rises from the
            caller's ``atomic`` block although its rows are saved.
        """
        # Not on_commit for both: without a transaction it would open a database connection merely to find that out.
        if connection.in_atomic_block:
            # Without this, a schedule that falls due while Redis is away would send nothing and move on to its
            # next time.
            self.ping()
            transaction.on_commit(partial(self._append, task))
            return None
        return self._append(task)

    def _append(self, task: str) -> str:
        return str(self.connection.xadd(self.stream_key, {PAYLOAD: task}))

    def dequeue(self) -> list[tuple[str, str]] | None:
        """Take abandoned messages, else new ones, waiting up to ``poll`` seconds; ``None`` if there are none."""
        try:
            return self._claim_abandoned() or self._read_new()
        except (RedisConnectionError, RedisTimeoutError) as error:
            # Left to rise, it would cost the pusher its life and the queue ten seconds, which django-q2 sleeps
            # before it gives up.
            logger.warning("Redis is away, %s waits: %s", self.stream_key, error)
            sleep(OUTAGE_PAUSE_SECONDS)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            # A queue never read before, or a Redis that lost its data.
            self._create_group()
        return None

    def _claim_abandoned(self) -> list[tuple[str, str]]:
        for _ in range(CLAIM_PAGES_LIMIT):
            page: Any = self.connection.xautoclaim(
                self.stream_key, GROUP, CONSUMER, int(Conf.RETRY * 1000), start_id=self.claim_cursor, count=Conf.BULK
            )
            self.claim_cursor, messages = page[0], page[1]
            claimed = [
                (identifier, fields[PAYLOAD])
                for identifier, fields in messages
                if not self._given_up(identifier, fields)
            ]
            if claimed or self.claim_cursor == FIRST_MESSAGE:
                return claimed
        return []

    def _given_up(self, identifier: str, fields: dict[str, str]) -> bool:
        """Move a message that was delivered too often to the dead letters, and tell whether it was."""
        if Conf.MAX_ATTEMPTS <= 0:
            return False
        pending: Any = self.connection.xpending_range(self.stream_key, GROUP, identifier, identifier, 1)
        # The claim that brought the message here is counted, and it has not run for that one.
        deliveries = pending[0]["times_delivered"] - 1 if pending else 0
        if deliveries < Conf.MAX_ATTEMPTS:
            return False
        self._bury(identifier, fields, reason=f"delivered {deliveries} times, never finished")
        return True

    def _bury(self, identifier: str, fields: dict[str, str], *, reason: str) -> None:
        with self.connection.pipeline(transaction=True) as pipeline:
            pipeline.xadd(self.dead_key, {PAYLOAD: fields[PAYLOAD], "message": identifier, "reason": reason})
            pipeline.xack(self.stream_key, GROUP, identifier)
            pipeline.xdel(self.stream_key, identifier)
            pipeline.execute()
        logger.error("Message %s of %s moved to %s: %s", identifier, self.stream_key, self.dead_key, reason)

    def _read_new(self) -> list[tuple[str, str]] | None:
        # Zero would block for ever, and the pusher would never see that it should stop.
        block_milliseconds = max(1, int(min(Conf.POLL, BLOCK_SECONDS_LIMIT) * 1000))
        streams: Any = self.connection.xreadgroup(
            GROUP, CONSUMER, {self.stream_key: ">"}, count=Conf.BULK, block=block_milliseconds
        )
        if not streams:
            return None
        [(_, messages)] = streams
        return [(identifier, fields[PAYLOAD]) for identifier, fields in messages]

    def _create_group(self) -> None:
        try:
            self.connection.xgroup_create(self.stream_key, GROUP, id=FIRST_MESSAGE, mkstream=True)
        except ResponseError as error:
            # Another pusher was faster.
            if not str(error).startswith("BUSYGROUP"):
                raise

    def acknowledge(self, task_id: str) -> None:
        """Remove a message whose task has ended."""
        with self.connection.pipeline(transaction=True) as pipeline:
            pipeline.xack(self.stream_key, GROUP, task_id)
            pipeline.xdel(self.stream_key, task_id)
            pipeline.execute()

    def delete(self, task_id: str) -> None:
        """Remove a message, waiting or running."""
        self.acknowledge(task_id)

    def fail(self, task_id: str) -> None:
        """Set aside a message that cannot be read: its signature is wrong, so running it again will not help."""
        messages: Any = self.connection.xrange(self.stream_key, task_id, task_id)
        for identifier, fields in messages:
            self._bury(identifier, fields, reason="unreadable")

    def queue_size(self) -> int:
        """Count the messages that wait for their first delivery."""
        return max(0, int(self.connection.xlen(self.stream_key)) - self.lock_size())

    def lock_size(self) -> int:
        """Count the messages handed out and not acknowledged: running, failed and waiting for retry, or abandoned."""
        try:
            pending: Any = self.connection.xpending(self.stream_key, GROUP)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            return 0
        return int(pending["pending"])

    def dead_size(self) -> int:
        """Count the dead letters."""
        return int(self.connection.xlen(self.dead_key))

    def purge_queue(self) -> None:
        """Remove every message, waiting or running; the dead letters stay, somebody has yet to read them."""
        # The group goes with its stream and comes back with the next read.
        self.connection.delete(self.stream_key)

    def delete_queue(self) -> None:
        """Remove the queue and its dead letters."""
        self.connection.delete(self.stream_key, self.dead_key)

    def ping(self) -> bool:
        """Tell whether Redis answers.

        :raises redis.exceptions.ConnectionError: if it does not; the cluster then refuses to start.
        """
        return bool(self.connection.ping())

    def info(self) -> str:
        """Name the broker and the server's version."""
        server: Any = self.connection.info("server")
        return f"Redis Streams {server['redis_version']}"
