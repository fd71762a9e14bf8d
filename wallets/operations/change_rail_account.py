"""Change what a rail account is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.operations import record
from identity import vault
from wallets.errors import RailNeedsTwo
from wallets.models import RailAccount
from wallets.operations.draft_rail_account import taken_by_another
from wallets.operations.lock_rail_account import lock_rail_account
from wallets.operations.open_rail_books import open_rail_books
from wallets.queries import rail_accounts, rail_wishes
from wallets.states import RailAccountState


@transaction.atomic
def change_rail_account(
    account_id: UUID, *, program_id: UUID, version: int, number: str, assets: Sequence[str],
    secrets: Mapping[str, str | None] | None = None, by_two: bool = False, at: datetime,
) -> RailAccount:  # fmt: skip
    """Write the account's next version; of its secrets those change that are named, and what is null goes.

    :raises UnknownRailAccount: if the program has no such account.
    :raises RailNeedsTwo: if it is no draft, and one person wants it changed.
    :raises RailAccountChanged: if it has another version than the caller has seen.
    :raises BadRailAccount: if something of it can't be so, or it is closed.
    :raises RailAccountTaken: if the number at that rail is another's.
    :raises SecretUnreadable: if secrets of its own are to stay, and don't open.
    """
    account = lock_rail_account(account_id, program_id=program_id, version=version)
    if account.state != RailAccountState.DRAFT and not by_two:
        raise RailNeedsTwo
    rail = rail_wishes.rail_of(account)
    known = rail_accounts.secrets_of(account) if secrets is None else rail_accounts.secrets_after(account, secrets)
    before = {"number": account.number, "assets": account.assets, "fingerprint": account.fingerprint}

    account.number = rail.check_number(number)
    account.assets = rail_wishes.check_assets(assets, rail=rail, number=account.number)
    account.fingerprint = rail_wishes.fingerprint_of(known, program=account.program, rail=rail.name)
    account.version, account.changed_at = account.version + 1, at
    account.ciphertext = vault.encrypt(rail_wishes.packed(known), place=account.place)
    try:
        with transaction.atomic():
            account.save(update_fields=("number", "assets", "fingerprint", "version", "ciphertext", "changed_at"))
    except IntegrityError as taken:
        raise taken_by_another(taken) from taken
    if account.state != RailAccountState.DRAFT:
        open_rail_books(account, at=at)

    after = {"number": account.number, "assets": account.assets, "fingerprint": account.fingerprint}
    changed = {field: after[field] for field in after if after[field] != before[field]}
    record(
        "wallets.rail_account.changed", subject=account, at=at, program_id=program_id,
        payload={"version": account.version, "before": {field: before[field] for field in changed}, "after": changed},
    )  # fmt: skip
    return account
