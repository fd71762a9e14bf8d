"""Tell a worker that there is something to do."""

from django_q.tasks import async_task


def nudge_intents() -> None:
    """Send a worker to the intents; in a transaction, when that commits. A nudge that is lost is made up by the sweep.

    No result is kept of it: what came of the intents stands on them.
    """
    async_task("ledger.tasks.work_intents", cluster="intents", save=False)
