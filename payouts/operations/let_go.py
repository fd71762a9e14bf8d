"""Let attempts go: the last look before a rail is called."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from identity.rules import HOUSE_SLUG
from payouts.operations.require_running import require_running

# Everything that is sent waits for this, so it is one statement. What is locked is read as it is by then; the desk's
# line asks for the brakes first, which are always locked before it.
_LET_GO: Final = """
WITH brakes AS MATERIALIZED (
    SELECT brake.is_on FROM payouts_brake AS brake JOIN identity_program AS program ON program.id = brake.program_id
    WHERE brake.program_id = %(program)s OR program.slug = %(house)s ORDER BY brake.program_id FOR SHARE OF brake
), desk AS MATERIALIZED (
    SELECT rail_account_id FROM payouts_desk
    WHERE rail_account_id = %(account)s AND NOT EXISTS (SELECT FROM brakes WHERE is_on)
      AND leased_by = %(holder)s AND leased_until > %(at)s
    FOR NO KEY UPDATE
)
UPDATE payouts_attempt SET called_at = %(at)s
WHERE id = ANY(%(attempts)s) AND state = 'STORED' AND called_at IS NULL AND EXISTS (SELECT FROM desk)
RETURNING id
"""


def let_go(
    attempts: Sequence[UUID], *, program_id: UUID, account_id: UUID, holder: str, at: datetime
) -> set[UUID]:  # fmt: skip
    """Note that the rail is called now for those that are returned. The others must not be: they were called before, or
    somebody else sends here.

    They have to be called at once. Once this is committed the rail may have heard of them, whatever becomes of us.

    :raises Stopped: if everything is stopped.
    """
    said: dict[str, UUID | str | datetime | list[UUID]] = {
        "attempts": list(attempts), "program": program_id, "house": HOUSE_SLUG, "account": account_id,
        "holder": holder, "at": at,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LET_GO, said)
        going = {row[0] for row in cursor.fetchall()}
    if not going:
        require_running(program_id)
    return going
