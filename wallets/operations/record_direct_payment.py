"""Record a payment that goes directly through a rail."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from identity.models import Party
from ledger.errors import UnknownAsset
from ledger.models import Asset
from wallets.errors import UnknownParty
from wallets.models import PaymentRecord
from wallets.operations.find_payee import find_payee
from wallets.operations.open_payment import open_payment
from wallets.queries.accounts import clearing_of


@transaction.atomic
def record_direct_payment(
    party_id: UUID, *, program_id: UUID, asset_code: str, amount: Decimal, rail: str, payee: str = "", key: str,
    description: str = "", metadata: Mapping[str, Any] | None = None, at: datetime,
) -> PaymentRecord:  # fmt: skip
    """Record that somebody pays ``amount`` through ``rail``. Nothing is booked until that is proven.

    :raises UnknownParty: if the program has no such party.
    :raises UnknownAsset: if there is no such asset.
    :raises WalletRefused: if there is no such rail, or nobody can be paid there.
    :raises PostingRefused: if the amount is none, or the key was used for another payment.
    """
    party = Party.objects.filter(pk=party_id, program=program_id).select_related("program").first()
    if party is None:
        raise UnknownParty(party=party_id)
    asset = Asset.objects.filter(code=asset_code.replace("\0", "\N{REPLACEMENT CHARACTER}")).first()
    if asset is None:
        raise UnknownAsset(asset=asset_code[:40].replace("\0", ""))
    clearing_of(party.program, asset, rail)
    target = find_payee(payee, program=party.program, asset=asset, at=at)

    payment, _ = open_payment(
        program_id=program_id, key=key, party_id=party.pk, asset=asset, amount=amount, payee=target, rail=rail,
        description=description, metadata=metadata, at=at,
    )  # fmt: skip
    return payment
