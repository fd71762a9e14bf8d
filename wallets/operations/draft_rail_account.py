"""Draft an account at a rail."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from uuid_utils.compat import uuid7

from audit.operations import record
from identity import vault
from identity.models import Program
from wallets.errors import RailAccountTaken
from wallets.models import RailAccount
from wallets.queries import rail_accounts, rail_wishes
from wallets.rails import rail_named


@transaction.atomic
def draft_rail_account(
    *, program: Program, rail: str, name: str, number: str, assets: Sequence[str], secrets: Mapping[str, str],
    at: datetime,
) -> RailAccount:  # fmt: skip
    """Write down an account that the program has at a rail. Nobody listens to it before two people say so.

    :raises UnknownRailKind: if the house speaks no such rail.
    :raises BadRailAccount: if something of it can't be so.
    :raises RailAccountTaken: if the name, or the number at that rail, is another's.
    """
    kind = rail_named(rail)
    known = rail_wishes.check_secrets(kind, secrets)
    token = rail_accounts.new_token()
    number = kind.check_number(number)
    account = RailAccount(
        id=uuid7(), program=program, name=rail_wishes.check_name(name), rail=kind.name,
        number=number, assets=rail_wishes.check_assets(assets, rail=kind, number=number),
        fingerprint=rail_wishes.fingerprint_of(known, program=program, rail=kind.name),
        hook_sha256=rail_accounts.digest_of(token), created_at=at, changed_at=at,
    )  # fmt: skip
    account.ciphertext = vault.encrypt(rail_wishes.packed(known), place=account.place)
    account.hook_ciphertext = vault.encrypt(token, place=account.hook_place)
    insert(account)
    record(
        "wallets.rail_account.drafted", subject=account, at=at, program_id=program.pk,
        payload={"name": account.name, "rail": account.rail, "number": account.number, "assets": account.assets},
    )  # fmt: skip
    return account


def insert(account: RailAccount) -> None:
    """Write a new account.

    :raises RailAccountTaken: if the name, or the number at that rail, is another's.
    """
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as taken:
        raise taken_by_another(taken) from taken


def taken_by_another(taken: IntegrityError) -> Exception:
    """Return the refusal that a violated constraint stands for, or the violation itself."""
    for constraint, what in (("name_once", "name"), ("number_once", "number")):
        if f"wallets_railaccount_{constraint}" in str(taken):
            return RailAccountTaken(what=what)
    return taken
