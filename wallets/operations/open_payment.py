"""Begin a payment."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.operations import record
from ledger.errors import IdempotencyConflict
from ledger.models import Account, Asset
from ledger.money import plain
from ledger.movements import Movement, Posting, examine
from wallets.models import PaymentRecord, Wallet
from wallets.queries import checking
from wallets.states import PaymentMethod

_ASKED: Final = (
    "method", "party_id", "wallet_id", "asset_id", "amount", "payee_id", "rail", "description", "metadata",
)  # fmt: skip


@transaction.atomic
def open_payment(
    *, program_id: UUID, key: str, party_id: UUID, wallet: Wallet | None = None, asset: Asset, amount: Decimal,
    payee: Account, rail: str = "", description: str = "", metadata: Mapping[str, Any] | None = None, at: datetime,
) -> tuple[PaymentRecord, bool]:  # fmt: skip
    """Return a new payment that is pending, or the one that was asked for under ``key``, and whether it is new.

    :raises IdempotencyConflict: if the key was used for another payment.
    :raises PostingRefused: if amount, description or metadata are none.
    """
    checking.require_key(key)
    checking.require_amount(amount, asset=asset.code, scale=asset.scale)
    # The books would refuse these too, but only once the record is written that can't hold them.
    examine(
        Posting(
            program_id=program_id, key=key, kind="PAYMENT", movements=(Movement(0, 1, amount),), memo=description,
            metadata=metadata,
        )
    )  # fmt: skip
    wanted = PaymentRecord(
        program_id=program_id, key=key, method=PaymentMethod.WALLET if wallet else PaymentMethod.DIRECT,
        party_id=party_id, wallet=wallet, asset=asset, amount=amount, payee=payee, rail=rail,
        description=description, metadata=dict(metadata or {}), created_at=at,
    )  # fmt: skip
    known = PaymentRecord.objects.filter(program=program_id, key=key).first()
    if known is None:
        try:
            with transaction.atomic():
                wanted.save(force_insert=True)
        except IntegrityError:
            known = PaymentRecord.objects.filter(program=program_id, key=key).first()  # asked at the same moment
            if known is None:
                raise
    if known is not None:
        differing = [field for field in _ASKED if getattr(known, field) != getattr(wanted, field)]
        if differing:
            raise IdempotencyConflict(key=key, fields=", ".join(field.removesuffix("_id") for field in differing))
        return known, False

    record(
        "wallets.payment.recorded", subject=wanted, at=at, program_id=program_id,
        payload={"method": wanted.method, "amount": plain(amount), "asset": asset.code, "payee": payee.code},
    )  # fmt: skip
    return wanted, True
