"""Tell a worker that a rail has told us something."""

from django_q.tasks import async_task


def nudge_inbox() -> None:
    """Send a worker to the inbox; in a transaction, when that commits. A nudge that is lost is made up by the clock."""
    async_task("wallets.tasks.work_inbox", cluster="settlements", save=False)
