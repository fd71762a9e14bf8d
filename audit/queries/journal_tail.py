"""Reading on in the journal, for those who act on what happened."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from audit.models import Entry

Position = tuple[int, UUID]

_NOTHING: Final = UUID(int=0)
BEGINNING: Final[Position] = (0, _NOTHING)


@dataclass(frozen=True, slots=True)
class Page:
    """Lines of the journal, and where to read on."""

    entries: list[Entry]
    position: Position


def read_on(*, after: Position, actions: Collection[str], limit: int, left_behind: bool = False) -> Page:
    """Return up to ``limit`` lines with one of ``actions`` behind ``after``.

    Only lines of transactions below the oldest one still running are read, so that nothing that commits late is passed
    by. ``left_behind`` adds those of transactions that this database has not begun: they came with a restore.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(now_)::text::bigint, pg_snapshot_xmax(now_)::text::bigint "
            "FROM pg_current_snapshot() AS now_"
        )
        oldest_running, not_begun = cursor.fetchone()
    transaction_id, entry_id = after
    behind = Q(transaction_id__gt=transaction_id) | Q(transaction_id=transaction_id, id__gt=entry_id)
    told = Entry.objects.filter(action__in=actions)
    entries = list(
        told.filter(behind, transaction_id__gte=transaction_id, transaction_id__lt=oldest_running).order_by(
            "transaction_id", "id"
        )[:limit]
    )
    is_end = len(entries) < limit
    position = (oldest_running, _NOTHING) if is_end else (entries[-1].transaction_id, entries[-1].pk)
    if left_behind:
        entries += told.filter(transaction_id__gte=not_begun).order_by("transaction_id", "id")
    return Page(entries, position)
