"""What runs by the clock. The table is data; installing it twice changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django_q.models import Schedule

# Schedules made by hand in the admin stay; ours are told apart by this prefix.
PREFIX = "house:"


@dataclass(frozen=True, slots=True)
class Timetable:
    """A task that runs by the clock in one queue."""

    name: str
    task: str
    queue: str
    cron: str


def timetables() -> list[Timetable]:
    """Return everything that runs by the clock."""
    heartbeats = [
        Timetable(f"heartbeat of {queue}", "config.background.tasks.heartbeat", queue, "* * * * *")
        for queue in settings.Q_CLUSTER["ALT_CLUSTERS"]
    ]
    return [
        *heartbeats,
        Timetable("expire proposals", "identity.tasks.expire_proposals", "reconciler", "* * * * *"),
        Timetable("remove what has expired", "identity.tasks.remove_expired", "reconciler", "29 * * * *"),
        Timetable("nightly reconciliation", "identity.tasks.reconcile_at_night", "reconciler", "0 * * * *"),
        Timetable("expire holds", "wallets.tasks.expire_holds", "reconciler", "* * * * *"),
        # A nudge may be lost with its broker, and a failed notice is tried again; what rails have told is not lost.
        Timetable("work through the rails' inbox", "wallets.tasks.work_inbox", "settlements", "* * * * *"),
        Timetable("look receipts up", "affiliates.tasks.look_up_receipts", "settlements", "* * * * *"),
        # From two to five, a part each time: a chain is asked for every settlement of two weeks once a night.
        Timetable("look at receipts again", "affiliates.tasks.look_again", "settlements", "* 2-4 * * *"),
        Timetable("let commissions fall due", "affiliates.tasks.mature", "reconciler", "* * * * *"),
        Timetable("add tallies up", "affiliates.tasks.fold_tallies", "reconciler", "*/5 * * * *"),
        # A nudge may be lost with its broker; what was agreed to is not.
        Timetable("send payouts", "payouts.tasks.send", "payouts", "* * * * *"),
        Timetable("ask what came of payouts", "payouts.tasks.ask", "payouts", "* * * * *"),
        # From two to five, a part each time; it signs nothing, so it needs no worker that has the key.
        Timetable("look at payments on chains again", "payouts.tasks.look_again", "settlements", "* 2-4 * * *"),
        Timetable("tidy payouts up", "payouts.tasks.tidy", "reconciler", "* * * * *"),
        Timetable("keep milestones", "ledger.tasks.keep_milestones", "reconciler", "7 * * * *"),
        # A nudge may be lost with its broker; intents are not.
        Timetable("carry out intents", "ledger.tasks.work_intents", "intents", "* * * * *"),
        Timetable("retry failed intents", "ledger.tasks.requeue_intents", "intents", "*/5 * * * *"),
        Timetable("reset stuck intents", "ledger.tasks.reset_intents", "intents", "*/15 * * * *"),
        Timetable("end dead runs", "audit.tasks.end_dead_runs", "reconciler", "*/10 * * * *"),
        Timetable("tell people", "notifications.tasks.tell", "notifications", "* * * * *"),
        Timetable("seal the journal", "audit.tasks.seal", "reconciler", "* * * * *"),
        Timetable("remove old results", "config.background.tasks.remove_old_results", "reconciler", "17 * * * *"),
        Timetable(
            "remove expired sessions", "config.background.tasks.remove_expired_sessions", "reconciler", "43 3 * * *"
        ),
    ]


@transaction.atomic
def install_schedules(*, at: datetime) -> None:
    """Make the stored schedules those of the table; what is unchanged keeps its next run."""
    with connection.cursor() as cursor:
        # All clusters start at the same moment, and names are not unique in the queue's own table.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('countinghouse.schedules'))")
    stored = {schedule.name: schedule for schedule in Schedule.objects.filter(name__startswith=PREFIX)}
    for timetable in timetables():
        schedule = stored.pop(PREFIX + timetable.name, None)
        wanted = {
            "func": timetable.task,
            "cluster": timetable.queue,
            "schedule_type": Schedule.CRON,
            "cron": timetable.cron,
            "repeats": -1,
        }
        if schedule is None:
            Schedule.objects.create(name=PREFIX + timetable.name, next_run=at, **wanted)
        elif any(getattr(schedule, field) != value for field, value in wanted.items()):
            Schedule.objects.filter(pk=schedule.pk).update(next_run=at, **wanted)
    Schedule.objects.filter(pk__in=[schedule.pk for schedule in stored.values()]).delete()
