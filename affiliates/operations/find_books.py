"""Find the program's accounts that settlements and commissions book to."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db.models import Q

from identity.models import Program
from ledger.models import Account, Asset
from ledger.operations import open_account

SETTLEMENTS: Final = "system:settlements"
REVENUE: Final = "revenue"
EXPENSE: Final = "expense"

Books = dict[tuple[object, int, str], int]  # program, asset, and what it is called here


def find_books(pairs: Collection[tuple[Program, Asset]], *, at: datetime) -> Books:
    """Return the ids of the accounts, by program, asset and name; those opened that were not there."""
    wanted = {
        (program.pk, asset.pk, name): (code, program, asset)
        for program, asset in pairs
        for name, code in (
            (SETTLEMENTS, SETTLEMENTS),
            (REVENUE, f"program:{program.slug}:revenue"),
            (EXPENSE, f"program:{program.slug}:expense"),
        )
    }
    asked = Q()
    for (program_id, asset_id, _), (code, _, _) in wanted.items():
        asked |= Q(program=program_id, asset=asset_id, code=code)
    rows = Account.objects.filter(asked).order_by().values_list("program", "asset", "code", "pk")
    known = {(program_id, asset_id, code): pk for program_id, asset_id, code, pk in rows}
    return {
        (program_id, asset_id, name): known.get((program_id, asset_id, code))
        or open_account(code, program=program, asset_code=asset.code, at=at).pk
        for (program_id, asset_id, name), (code, program, asset) in wanted.items()
    }
