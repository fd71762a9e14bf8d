"""Give a rail account another address to be called at."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import record
from identity import vault
from wallets.errors import BadRailAccount
from wallets.models import RailAccount
from wallets.operations.lock_rail_account import lock_rail_account
from wallets.queries import checking, rail_accounts, rail_wishes


@transaction.atomic
def renew_hook(account_id: UUID, *, program_id: UUID, reason: str, at: datetime) -> RailAccount:
    """Make the account's address known to nobody. Until the rail is told, nothing of it arrives.

    :raises UnknownRailAccount: if the program has no such account.
    :raises BadRailAccount: if it is closed, or its rail never calls.
    """
    reason = checking.require_reason(reason)
    account = lock_rail_account(account_id, program_id=program_id)
    if not rail_wishes.rail_of(account).hook_code:
        raise BadRailAccount(reason="it has no address: its rail never calls")
    token = rail_accounts.new_token()
    account.hook_version += 1
    account.hook_sha256 = rail_accounts.digest_of(token)
    account.hook_ciphertext = vault.encrypt(token, place=account.hook_place)
    account.save(update_fields=("hook_version", "hook_sha256", "hook_ciphertext"))
    record(
        "wallets.rail_account.hook_renewed", subject=account, at=at, program_id=program_id,
        payload={"reason": reason, "hook_version": account.hook_version},
    )  # fmt: skip
    return account
