"""Read on in the journal and plan what is to be told."""

from datetime import datetime
from typing import Final

from django.db import transaction

from audit.models import Entry
from audit.queries.journal_tail import BEGINNING, read_on
from audit.queries.tailing import this_database
from notifications import rules
from notifications.messages import messages_about, told_actions
from notifications.models import Delivery, TailPosition

READER: Final = "deliveries"
PAGE_ROWS: Final = 500


def plan_deliveries(*, at: datetime) -> int:
    """Plan what the journal gives cause for since the last time, and return how many deliveries are new.

    Position and deliveries commit together, page by page, so nothing is left out and, by the deliveries' keys, nothing
    is told twice. Of two readers at once the second has nothing to do.
    """
    planned = 0
    while (page := _plan_page(at=at)) is not None:
        planned += page
    return planned


@transaction.atomic
def _plan_page(*, at: datetime) -> int | None:
    """Plan one page; None when the end was reached or somebody else is reading."""
    database = this_database().system_identifier
    first = {"system_identifier": database, "transaction_id": 0, "entry_id": BEGINNING[1], "moved_at": at}
    TailPosition.objects.get_or_create(reader=READER, defaults=first)
    here = TailPosition.objects.select_for_update(skip_locked=True).filter(reader=READER).first()
    if here is None:
        return None

    # Another database counts its transactions anew: everything is read again, and what was told is known by its key.
    moved = here.system_identifier != database
    page = read_on(
        after=BEGINNING if moved else here.position, actions=told_actions(), limit=PAGE_ROWS, left_behind=moved
    )
    planned = sum(_plan_entry(entry, at=at) for entry in page.entries)

    here.system_identifier = database
    here.transaction_id, here.entry_id = page.position
    here.moved_at = at
    here.save()
    return planned if page.entries else None


def _plan_entry(entry: Entry, *, at: datetime) -> int:
    deliveries = []
    for message in messages_about(entry.action):
        planned = message.plan(entry, at)
        if planned is None:
            continue
        deliveries += [
            Delivery(
                key=f"{planned.key}:{recipient}",
                program_id=planned.program_id,
                recipient_id=recipient,
                message=message.name,
                heading=rules.one_line(planned.heading, at_most=200),
                subject_type=entry.subject_type,
                subject_id=entry.subject_id,
                entry_id=entry.pk,
                due_at=at,
                created_at=at,
            )
            for recipient in sorted(planned.recipients)
        ]
    before = Delivery.objects.filter(key__in=[delivery.key for delivery in deliveries]).count()
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    return len(deliveries) - before
