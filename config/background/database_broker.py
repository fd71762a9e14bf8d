"""The task queues in the database, by the database's clock.

django-q2's own broker asks each worker's clock which tasks are free: one that is an hour slow takes nothing for an
hour, one that is an hour fast takes what others are at work on. Here all ask the database, in one statement.
"""

from time import sleep
from typing import Final

from django.db import connections
from django.db.models.functions import Now
from django_q.brokers.orm import ORM
from django_q.conf import Conf

_TAKE: Final = """
UPDATE django_q_ormq SET lock = clock_timestamp() + make_interval(secs => %s) WHERE id IN (
    SELECT id FROM django_q_ormq WHERE key = %s AND lock < clock_timestamp()
    ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
) RETURNING id, payload
"""


class DatabaseBroker(ORM):
    """A queue of django-q2 in its table ``OrmQ``."""

    def queue_size(self) -> int:
        """Return how many tasks wait."""
        return int(self.get_connection().filter(key=self.list_key, lock__lte=Now()).count())

    def lock_size(self) -> int:
        """Return how many tasks somebody is at work on."""
        return int(self.get_connection().filter(key=self.list_key, lock__gt=Now()).count())

    def enqueue(self, task: str) -> int:
        """Send a task, with the caller's transaction if there is one; return its id."""
        return int(self.get_connection().create(key=self.list_key or Conf.CLUSTER_NAME, payload=task, lock=Now()).pk)

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Take the next tasks that nobody works on, for ``retry`` seconds; ``None``, after a pause, without any."""
        self.get_connection()  # lets go of a connection that has died
        with connections[Conf.ORM].cursor() as cursor:
            cursor.execute(_TAKE, [Conf.RETRY, self.list_key, Conf.BULK])
            taken: list[tuple[int, str]] = sorted(cursor.fetchall())
        if taken:
            return taken
        sleep(Conf.POLL)
        return None
