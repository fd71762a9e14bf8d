"""Encrypt a rail account's secrets with the key that encrypts now."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import record
from identity import vault
from wallets.models import RailAccount
from wallets.queries import rail_accounts, rail_wishes


@transaction.atomic
def reencrypt_rail_account(account_id: UUID, at: datetime) -> bool:
    """Encrypt them anew, as the next version, and say whether that was needed. What they are stays.

    :raises SecretUnreadable: if the key that they are encrypted with is gone, or they were tampered with.
    """
    account = RailAccount.objects.locked().get(pk=account_id)
    if vault.has_current_key(account.ciphertext) and vault.has_current_key(account.hook_ciphertext):
        return False
    secrets, token = rail_accounts.secrets_of(account), rail_accounts.hook_token(account)
    account.version, account.hook_version = account.version + 1, account.hook_version + 1
    account.ciphertext = vault.encrypt(rail_wishes.packed(secrets), place=account.place)
    account.hook_ciphertext = vault.encrypt(token, place=account.hook_place)
    # Keyed with the key itself: a proposal names the one that stood there, and has to be proposed anew.
    account.fingerprint = rail_wishes.fingerprint_of(secrets, program=account.program, rail=account.rail)
    account.save(update_fields=("version", "hook_version", "ciphertext", "hook_ciphertext", "fingerprint"))
    record(
        "wallets.rail_account.reencrypted", subject=account, at=at, program_id=account.program_id,
        payload={"version": account.version, "key_id": vault.current_key_id()},
    )  # fmt: skip
    return True
