"""Take back from a wallet what a rail has taken back from us."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from ledger.movements import Movement, Posting
from ledger.operations import open_account
from wallets.operations.book import Written, book
from wallets.operations.lock_wallets import lock_wallets
from wallets.queries import checking
from wallets.queries.accounts import float_of
from wallets.states import TransactionType


@transaction.atomic
def charge_back(
    wallet_id: UUID, *, program_id: UUID, amount: Decimal, rail: str, key: str, reason: str, at: datetime
) -> Written:
    """Book a fact: what is available is taken, the rest is owed and repaid by every credit to come. Frozen or not.

    What meets a closed wallet books to the rail's suspense, and writes no line.

    :raises UnknownWallet: if the program has no such wallet.
    :raises UnknownRail: if the program keeps no account there.
    :raises PostingRefused: if the amount is none, or the key was used for something else.
    """
    house_key, reason = checking.house_key(key), checking.require_reason(reason)
    (wallet,) = lock_wallets(wallet_id, program_id=program_id)
    held_at_rail = float_of(wallet.program, wallet.asset, rail)
    if wallet.is_closed:
        open_account(f"rail:{rail}:suspense", program=wallet.program, asset_code=wallet.asset.code, at=at)

    posting = Posting(
        program_id=program_id, key=house_key, kind="CHARGEBACK", memo=reason,
        movements=(Movement(wallet.account_id, held_at_rail.pk, amount),),
    )  # fmt: skip
    return book(posting, wallets=[wallet], kind=TransactionType.CHARGEBACK, at=at)
