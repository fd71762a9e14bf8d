"""Run the workers of one queue."""

import os
import sys
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.utils import timezone
from django_q.tasks import async_task

from config.background.clusters import HEARTBEAT_TASK
from config.background.schedules import install_schedules
from config.processes.guard import PROCESS_VARIABLE, WORKER_PREFIX


class Command(BaseCommand):
    """``manage.py worker payouts``: the cluster of one queue, until it is told to stop.

    SIGTERM to this process lets running tasks finish. It must go to this process alone: sent to the whole group it
    would end the sentinel, and the workers with it.
    """

    help = "Run the workers of one queue."
    # The command that takes over makes the checks.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the queue's name."""
        parser.add_argument("name", help="the queue to work on")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        """Become the cluster of the queue.

        :raises CommandError: if there is no such queue; django-q2 would start one with default settings.
        """
        names = list(cast("dict[str, Any]", settings.Q_CLUSTER["ALT_CLUSTERS"]))
        if name not in names:
            raise CommandError(f"There is no queue {name}. The queues are {', '.join(names[:-1])} and {names[-1]}.")

        manage = str(Path(settings.BASE_DIR) / "manage.py")
        wanted = {
            "Q_CLUSTER_NAME": name,
            PROCESS_VARIABLE: f"{WORKER_PREFIX}{name}",
            # A pool does not survive the forks of a cluster.
            "DB_POOL": "0",
        }
        if any(os.environ.get(variable) != value for variable, value in wanted.items()):
            self.stdout.flush()
            self.stderr.flush()
            # A fresh interpreter, because django-q2 reads the name when it is imported, in the same process, because
            # whoever started it knows it by its id. The supervisor sets these and saves us the detour.
            os.execve(sys.executable, [sys.executable, manage, "worker", name], {**os.environ, **wanted})

        # What runs by the clock is installed here because without workers nothing would run it; the first heartbeat
        # need not wait for the clock.
        install_schedules(at=timezone.now())
        async_task(HEARTBEAT_TASK, cluster=name)
        connections.close_all()
        call_command("qcluster", skip_checks=False)
