"""Remove what nobody can use any more."""

from typing import Any, Final

from django.db import models, transaction

BATCH_ROWS: Final = 1_000
# Half a million rows a time; what is left is the next hour's.
BATCHES_AT_MOST: Final = 500


def sweep(rows: models.QuerySet[Any]) -> int:
    """Remove ``rows`` and return how many there were: in batches, each in a transaction of its own.

    So a million rows hold no lock for long, and what somebody holds is passed over and not waited for. No line of the
    journal: nothing changes by it for anybody.
    """
    removed = 0
    for _ in range(BATCHES_AT_MOST):
        with transaction.atomic():
            free = rows.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True)
            batch = list(free[:BATCH_ROWS])
            rows.model._default_manager.filter(pk__in=batch).delete()
        removed += len(batch)
        if len(batch) < BATCH_ROWS:
            break
    return removed
