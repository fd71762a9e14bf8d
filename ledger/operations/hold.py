"""Set an amount aside in a wallet."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from ledger.errors import IdempotencyConflict, NotAWallet, UnknownAccount
from ledger.models import Account, Hold
from ledger.movements import Movement, Posting
from ledger.operations.open_account import open_account
from ledger.operations.post import post


@transaction.atomic
def hold(
    wallet_id: int, *, program_id: UUID, amount: Decimal, key: str, expires_at: datetime | None = None, at: datetime
) -> Hold:
    """Move ``amount`` from the wallet to its reserved account, where only this hold gives it out again.

    :raises UnknownAccount: if the program has no such account.
    :raises NotAWallet: if it is no wallet.
    :raises IdempotencyConflict: if another hold was made under the key.
    :raises PostingRefused: if it can't be booked: too little there, frozen, closed, no amount.
    """
    wallet = Account.objects.filter(pk=wallet_id, program=program_id).select_related("program", "asset").first()
    if wallet is None:
        raise UnknownAccount(account=wallet_id)
    if wallet.role != "WALLET":
        raise NotAWallet(account=wallet.code)
    reserved = open_account(f"{wallet.code}:reserved", program=wallet.program, asset_code=wallet.asset.code, at=at)

    # The key stands alone in the books, so one that holds and one that pays never meet.
    movement = Movement(wallet.pk, reserved.pk, amount)
    booked = post(Posting(program_id=program_id, key=f"hold:{key}", kind="HOLD", movements=(movement,)))
    if not booked.is_replay:
        return Hold.objects.create(
            program_id=program_id,
            key=key,
            wallet=wallet,
            reserved=reserved,
            amount=amount,
            expires_at=expires_at,
            held_at=at,
        )

    made = Hold.objects.get(program_id=program_id, key=key)
    if made.expires_at != expires_at:
        raise IdempotencyConflict(key=key, fields="expires_at")
    return made
