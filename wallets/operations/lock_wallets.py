"""Take the locks of wallets."""

from uuid import UUID

from django.db import transaction

from wallets.errors import UnknownWallet
from wallets.models import Wallet


@transaction.atomic(savepoint=False)  # it writes nothing that would have to be undone
def lock_wallets(*wallet_ids: UUID, program_id: UUID) -> list[Wallet]:
    """Return the wallets in the order they were asked for, locked in the order of the house.

    Whoever changes what a wallet holds has its lock: so its transactions follow each other, and their numbers too.

    :raises UnknownWallet: if the program has not all of them.
    """
    asked = Wallet.objects.locked().filter(pk__in=wallet_ids, program=program_id)
    locked = {wallet.pk: wallet for wallet in asked.select_related("program", "asset")}
    for wallet_id in wallet_ids:
        if wallet_id not in locked:
            raise UnknownWallet(wallet=wallet_id)
    return [locked[wallet_id] for wallet_id in wallet_ids]
