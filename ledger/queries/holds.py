"""Reserved accounts, and the open holds that explain them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection

_RESERVED: Final = """
SELECT a.id, a.program_id, a.code, sum(b.amount), coalesce(
    (SELECT sum(h.amount - h.captured - h.released) FROM ledger_hold h
     WHERE h.reserved_id = a.id AND h.state = 'OPEN'), 0)
FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
WHERE a.role = 'WALLET_RESERVED' AND (%(program)s::uuid IS NULL OR a.program_id = %(program)s)
GROUP BY a.id
"""


@dataclass(frozen=True, slots=True)
class Reserved:
    """A reserved account: what it holds, and what its open holds come to."""

    account_id: int
    program_id: UUID
    code: str
    amount: Decimal
    held: Decimal


def reserved_and_held(*, program_id: UUID | None) -> list[Reserved]:
    """Return every reserved account, of one program or of all."""
    with connection.cursor() as cursor:
        cursor.execute(_RESERVED, {"program": program_id})
        return [Reserved(*row) for row in cursor.fetchall()]
