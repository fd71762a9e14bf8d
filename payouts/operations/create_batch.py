"""Begin a batch."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from audit.operations import record
from identity.models import Program, User
from ledger.models import Asset
from ledger.movements import is_storable
from ledger.states import AssetKind
from payouts.errors import BadBatch, BatchConflict
from payouts.models import PayoutBatch
from payouts.operations.note_makers import note_makers
from payouts.operations.take_numbers import take_numbers
from payouts.states import Role
from wallets.models import RailAccount
from wallets.queries.checking import require_key


@transaction.atomic
def create_batch(
    *, program: Program, asset_code: str, key: str, note: str = "", accounts: Sequence[str] = (),
    until: datetime | None = None, by: User, at: datetime,
) -> PayoutBatch:  # fmt: skip
    """Begin a batch of an asset. Asked again under its key, it is found.

    :raises BadBatch: if nothing can be paid in the asset, or an account is named that the program does not have.
    :raises BatchConflict: if the key was used for another batch.
    """
    require_key(key)
    asset = Asset.objects.filter(code=asset_code.replace("\0", "")).exclude(kind=AssetKind.POINTS).first()
    if asset is None:
        raise BadBatch(reason=f"nothing can be paid in {asset_code[:40]}")
    if len(note) > 200 or not is_storable(note):
        raise BadBatch(reason="a note has at most 200 characters")
    named = sorted(set(accounts))
    known = set(
        RailAccount.objects.filter(program=program, assets__contains=[asset.code]).values_list("name", flat=True)
    )
    unknown = [name for name in named if name not in known]
    if unknown:
        raise BadBatch(reason=f"the program has no account of {asset.code} called {unknown[0][:40]}")

    (number,) = take_numbers("batch_number", count=1)
    batch, is_new = PayoutBatch.objects.get_or_create(
        program=program, key=key,
        defaults={
            "number": number, "asset": asset, "note": note, "accounts": named, "until": until, "created_at": at,
        },
    )  # fmt: skip
    if not is_new:
        asked = {"asset": asset.pk, "note": note, "accounts": named, "until": until}
        stands = {"asset": batch.asset_id, "note": batch.note, "accounts": batch.accounts, "until": batch.until}
        differing = [name for name, value in asked.items() if stands[name] != value]
        if differing:
            raise BatchConflict(key=key, fields=", ".join(differing))
        return batch
    note_makers(batch, [(by.pk, Role.CREATED)], at=at)

    record(
        "payouts.batch.created", subject=batch, at=at, program_id=program.pk,
        payload={"number": number, "asset": asset.code, "until": until and until.isoformat()},
    )  # fmt: skip
    return batch
