"""Which rail accounts money can be sent from, and where what is sent stands in the books."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from identity.models import Program
from ledger.models import Account, Asset
from ledger.queries.balances import balance_now
from payouts import models as desks
from wallets.models import RailAccount
from wallets.queries import chains
from wallets.queries.rail_accounts import hook_path, secrets_of
from wallets.rails import rail_named
from wallets.rails.evm import EVM
from wallets.rails.sending import Desk, Payer

PAYOUTS = "system:payouts"


def withholding_of(program: Program) -> str:
    """Return what the account of withheld tax is called."""
    return f"program:{program.slug}:withholding"


def payer_of(account: RailAccount) -> Payer:
    """Return what sends from an account that can send."""
    payer = rail_named(account.rail).payer
    assert payer is not None, f"nothing can be sent through {account.rail}"
    return payer


def desk_of(account: RailAccount) -> Desk:
    """Return all that a payer has to know of an account.

    :raises SecretUnreadable: if its secrets can't be read.
    :raises SettingUnreadable: if a setting that says how to send can't be read.
    """
    path = hook_path(account)
    return Desk(
        account_id=account.pk, number=account.number, secrets=secrets_of(account),
        hook_url=f"{settings.PUBLIC_URL}{path}" if path else "", facts=_facts_of(account),
    )  # fmt: skip


def _facts_of(account: RailAccount) -> dict[str, Any]:
    """Return what a chain's payer has to know of us: it sees no database."""
    if account.rail != EVM.name:
        return {}
    number = desks.Desk.objects.filter(pk=account.pk).values_list("next_number", flat=True).first()
    return {**chains.facts_of(account), "next_number": number}


@dataclass(frozen=True, slots=True)
class RailBooks:
    """The accounts of a rail account in the books, of one asset."""

    float_id: int
    in_flight_id: int
    fees_id: int
    clearing_id: int
    suspense_id: int


def books_of(account: RailAccount, asset_id: int) -> RailBooks:
    """Return where a rail account stands in the books; it was opened with the account."""
    codes = {f"rail:{account.name}:{part}": part for part in ("float", "in_flight", "fees", "clearing", "suspense")}
    rows = Account.objects.filter(program=account.program_id, asset=asset_id, code__in=codes).values_list("code", "pk")
    found = {f"{codes[code]}_id": pk for code, pk in rows}
    return RailBooks(**found)


def float_at(account: RailAccount, asset_id: int) -> Decimal:
    """Return how much the books say there is to send."""
    return balance_now(Account.objects.get(pk=books_of(account, asset_id).float_id))


def accounts_by_id(ids: Collection[UUID]) -> dict[UUID, RailAccount]:
    """Return rail accounts by their ids."""
    return {account.pk: account for account in RailAccount.objects.filter(pk__in=ids).select_related("program")}


def coin_of(account: RailAccount, asset: Asset) -> Asset | None:
    """Return the coin in which a chain takes its gas, where the books know it."""
    return Asset.objects.filter(chain_id=asset.chain_id, contract="").first() if asset.chain_id else None
