"""Tell a worker that there is something to send."""

from django_q.tasks import async_task


def nudge_sending() -> None:
    """Send a worker to the desks; in a transaction, when that commits. A nudge that is lost is made up by the clock."""
    async_task("payouts.tasks.send", cluster="payouts", save=False)
