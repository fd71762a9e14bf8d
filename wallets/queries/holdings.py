"""What a wallet holds, and whose it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from ledger.models import Balance, Entry, Transaction
from ledger.money import ZERO, exactly
from wallets.errors import NoWallet
from wallets.models import Wallet, WalletQuerySet

Moved = tuple[int, int, Decimal]  # debit, credit and amount

# Whose it is stands on the party's row alone: an alternative across two tables would be looked for in all of them.
_NAMED: Final = """
SELECT wallet.id, party.user_id
FROM identity_party AS party
JOIN wallets_wallet AS wallet ON wallet.party_id = party.id
JOIN ledger_asset AS asset ON asset.id = wallet.asset_id
WHERE party.program_id = %s AND (party.id = %s OR party.user_id = %s) AND asset.code = %s
"""
_MOVED_AND_LEFT: Final = """
SELECT id, debit_account_id, credit_account_id, amount FROM ledger_entry WHERE transaction_id = %s
UNION ALL
SELECT 0, account_id, NULL, amount FROM ledger_balance WHERE account_id = ANY(%s)
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a wallet's owner can spend, what of it is held, and what he owes."""

    available: Decimal
    reserved: Decimal
    owed: Decimal

    @property
    def total(self) -> Decimal:
        """What is there, held or not."""
        return self.available + self.reserved


def with_holdings(wallets: WalletQuerySet) -> Any:
    """Let each of ``wallets`` bring along what it holds now, as ``available_amount`` and so on."""

    def amount(of: str) -> Coalesce:
        # A balance with a floor is one row. Were it missing, `wallets_verify` says so: lists are read all the same.
        held = Balance.objects.filter(account=OuterRef(of)).values("amount")[:1]
        return Coalesce(Subquery(held), ZERO)

    return wallets.annotate(
        available_amount=amount("account_id"), reserved_amount=amount("reserved_id"), owed_amount=amount("owed_id")
    )


def holdings(wallets: Iterable[Wallet]) -> dict[UUID, Holding]:
    """Return what each of ``wallets`` holds now, in one read."""
    asked = list(wallets)
    accounts = [account for wallet in asked for account in (wallet.account_id, wallet.reserved_id, wallet.owed_id)]
    amounts = dict(Balance.objects.filter(account__in=accounts).values_list("account_id", "amount"))
    return {
        wallet.pk: Holding(amounts[wallet.account_id], amounts[wallet.reserved_id], amounts[wallet.owed_id])
        for wallet in asked
    }


def moved_and_left(booked_id: UUID, wallets: Iterable[Wallet]) -> tuple[list[Moved], dict[UUID, Holding]]:
    """Return what a transaction of the books moved, in its order, and what each of ``wallets`` holds behind it."""
    asked = list(wallets)
    accounts = [account for wallet in asked for account in (wallet.account_id, wallet.reserved_id, wallet.owed_id)]
    with connection.cursor() as cursor:
        cursor.execute(_MOVED_AND_LEFT, [booked_id, accounts])  # in one statement: every booking asks both
        rows = cursor.fetchall()
    amounts = {account_id: amount for _, account_id, credit_id, amount in rows if credit_id is None}
    left = {
        wallet.pk: Holding(amounts[wallet.account_id], amounts[wallet.reserved_id], amounts[wallet.owed_id])
        for wallet in asked
    }
    return [(debit_id, credit_id, amount) for _, debit_id, credit_id, amount in rows if credit_id is not None], left


def changes_of(booked_ids: Iterable[UUID], wallets: Iterable[Wallet]) -> dict[tuple[UUID, UUID], Decimal]:
    """Return by how much transactions of the books changed what each of ``wallets`` holds, held or not."""
    own = {account: wallet.pk for wallet in wallets for account in (wallet.account_id, wallet.reserved_id)}
    entries: Iterable[tuple[Any, ...]] = Entry.objects.filter(transaction__in=list(booked_ids)).values_list(
        "transaction", "debit_account", "credit_account", "amount"
    )
    found: dict[tuple[UUID, UUID], Decimal] = {}
    with exactly():
        for booked_id, debit_id, credit_id, amount in entries:
            for account_id, change in ((debit_id, -amount), (credit_id, amount)):
                if account_id in own:
                    key = (booked_id, own[account_id])
                    found[key] = found.get(key, ZERO) + change
    return found


def holding(wallet: Wallet) -> Holding:
    """Return what ``wallet`` holds now."""
    return holdings([wallet])[wallet.pk]


def wallet_named(owner_id: UUID, *, program_id: UUID, asset_code: str) -> tuple[UUID, UUID | None] | None:
    """Return the wallet's id and its owner's, of whom a party's id means or that of the user who signs in for it."""
    if "\0" in asset_code:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, [program_id, owner_id, owner_id, asset_code])
        return cursor.fetchone()  # type: ignore[no-any-return]


def wallet_of(party_id: UUID, *, program_id: UUID, asset_code: str) -> Wallet:
    """Return somebody's wallet of an asset.

    :raises NoWallet: if there is none.
    """
    found = None
    if "\0" not in asset_code:
        found = Wallet.objects.filter(party=party_id, program=program_id, asset__code=asset_code).first()
    if found is None:
        raise NoWallet(asset=asset_code[:20].replace("\0", ""))
    return found


def wallets_behind(code: str, *, program_id: UUID) -> WalletQuerySet:
    """Return the wallets that an account of this code is the account of: one at most in each asset, and mostly none."""
    behind: WalletQuerySet = Wallet.objects.filter(account__code=code.replace("\0", ""), program=program_id)
    return behind


def is_booked(program_id: UUID, key: str) -> bool:
    """Whether something was booked under this key of the books: a caller who asks again is answered from there."""
    return bool(Transaction.objects.under_key(program_id, key).exists())
