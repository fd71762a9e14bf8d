"""Book money that a rail has received and that nobody can be found for."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from identity.models import Program
from ledger.models import Asset
from ledger.movements import Movement, Posting
from ledger.operations import open_account, post
from wallets.queries import checking
from wallets.queries.accounts import clearing_of


@transaction.atomic
def put_in_suspense(
    program: Program, asset: Asset, *, rail: str, amount: Decimal, key: str, description: str = "",
    metadata: Mapping[str, Any] | None = None, at: datetime,
) -> UUID:  # fmt: skip
    """Book what came to the rail's suspense, where a person finds it, and return the transaction's id.

    :raises UnknownRail: if the program keeps no account there in the asset.
    :raises PostingRefused: if it can't be booked, or the key was used for something else.
    """
    source = clearing_of(program, asset, rail)
    suspense = open_account(f"rail:{rail}:suspense", program=program, asset_code=asset.code, at=at)
    posting = Posting(
        program_id=program.pk, key=checking.house_key(key), kind="SUSPENSE", memo=description, metadata=metadata,
        movements=(Movement(source.pk, suspense.pk, amount),),
    )  # fmt: skip
    return post(posting).id
