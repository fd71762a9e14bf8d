"""Change the state of a wallet, and of what it is made of in the books."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from ledger.models import Account
from ledger.operations import change_account_status
from ledger.states import AccountStatus
from wallets.models import Wallet
from wallets.operations.lock_wallets import lock_wallets
from wallets.queries import checking
from wallets.states import WALLET_TRANSITIONS, WalletState


@transaction.atomic
def change_state(
    wallet_id: UUID, *, program_id: UUID, to: WalletState, accounts_to: AccountStatus, reason: str,
    version: int | None, at: datetime,
) -> Wallet:  # fmt: skip
    """Follow the wallet's state with its account; one that is closed closes all three.

    :raises UnknownWallet: if the program has no such wallet.
    :raises WalletChanged: if it has changed since the caller saw it.
    :raises WrongState: if it can't be changed so from where it is.
    """
    reason = checking.require_reason(reason)
    (wallet,) = lock_wallets(wallet_id, program_id=program_id)
    checking.require_usable(is_closed=False, version=wallet.version, seen=version)

    follow(WALLET_TRANSITIONS, wallet, to=to, at=at, program_id=program_id, payload={"reason": reason})
    ids = [wallet.account_id]
    if to == WalletState.CLOSED:
        ids += [wallet.reserved_id, wallet.owed_id]
    # Who looks after the books may have frozen an account there already.
    for account in Account.objects.filter(pk__in=ids).exclude(status=accounts_to).order_by("pk"):
        change_account_status(account.pk, program_id=program_id, to=accounts_to, reason=reason, at=at)
    wallet.version += 1
    Wallet.objects.filter(pk=wallet.pk).update(version=wallet.version)
    return wallet
