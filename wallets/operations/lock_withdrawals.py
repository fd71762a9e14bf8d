"""Take the locks of withdrawals, and of all that is booked with them."""

from collections.abc import Iterable
from uuid import UUID

from ledger.models import Hold
from wallets.models import Wallet, Withdrawal


def lock_withdrawals(ids: Iterable[UUID | None]) -> dict[UUID | None, Withdrawal]:
    """Return withdrawals by their ids, locked with their wallets and holds: before anything of them is booked.

    The caller is in a transaction, and holds the locks of what pays them.
    """
    named = {pk for pk in ids if pk is not None}
    if not named:
        return {}
    rows = Withdrawal.objects.locked().filter(pk__in=named).select_related("wallet_transaction")
    found: dict[UUID | None, Withdrawal] = {row.pk: row for row in rows}
    wallets = Wallet.objects.locked().filter(pk__in={row.wallet_id for row in found.values()})
    by_id = {wallet.pk: wallet for wallet in wallets.select_related("program", "asset")}
    holds = {held.pk: held for held in Hold.objects.locked().filter(pk__in={row.hold_id for row in found.values()})}
    for row in found.values():
        row.wallet, row.hold = by_id[row.wallet_id], holds[row.hold_id]
    return found
