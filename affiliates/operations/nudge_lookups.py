"""Tell a worker that there are receipts to look up."""

from django_q.tasks import async_task


def nudge_lookups() -> None:
    """Send a worker to look receipts up; in a transaction, when that commits. The clock makes up for a lost nudge."""
    async_task("affiliates.tasks.look_up_receipts", cluster="settlements", save=False)
