"""Most postings are one movement and nothing speaks against them: one call (migrations/0046, 0048) books those.

What is refused, and in which words, only ``ledger.applying`` knows: whatever this call does not book goes there.
"""

from functools import cache
from typing import Final
from uuid import UUID

from django.db import connection
from uuid_utils.compat import uuid7

from ledger import figures, rows
from ledger.errors import PostingRefused
from ledger.models.fields import packed
from ledger.movements import Posting, examine, whoever_acts
from ledger.postings import AS_GIVEN, RULES, TAKES_MORE_THAN_THERE_IS, WITHHOLDS

_POST: Final = f"SELECT ledger_post_as_usual({', '.join(['%s'] * 15)})"
_MORE_THAN_ONE_MOVEMENT_TELLS: Final = TAKES_MORE_THAN_THERE_IS | WITHHOLDS


def book(posting: Posting) -> UUID | None:
    """Book ``posting`` and return the transaction's id; or None, with nothing done, if it is not as usual."""
    if not _could_be(posting):
        return None
    try:
        asked = examine(posting)
    except PostingRefused:
        return None
    asker = posting.asker or whoever_acts()
    identifier = uuid7()
    debit, credit, amount = posting.movements[0]
    with connection.cursor() as cursor:
        cursor.execute(_POST, [
            identifier.hex, posting.program_id.hex, posting.key, asked.fingerprint, posting.kind, _legal(posting.kind),
            posting.memo, asked.metadata, asker.actor_type, packed(asker.actor_id), packed(asker.correlation_id),
            debit, credit, amount, rows.chance(),
        ])  # fmt: skip
        waited = cursor.fetchone()[0]
    if waited is None:
        return None
    figures.LOCKING.observe(waited)
    return identifier


def _could_be(posting: Posting) -> bool:
    return (
        len(posting.movements) == 1
        and posting.effective_at is None
        and posting.reverses is None
        and posting.corrects is None
        and posting.kind not in _MORE_THAN_ONE_MOVEMENT_TELLS
    )


@cache
def _legal(kind: str) -> str | None:
    """Return the pairs of roles between which ``kind`` books unless something speaks against it; None is any."""
    if kind in AS_GIVEN:
        return None
    pairs = [f"{debit}>{credit}" for (debit, credit), rule in RULES[kind].items() if not rule.keeps_float]
    return f"{{{','.join(pairs)}}}"
