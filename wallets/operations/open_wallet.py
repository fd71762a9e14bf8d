"""Open a wallet, or find the one that is there."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from audit.operations import record
from identity.models import Party
from identity.states import PartyStatus
from ledger.operations import open_account
from wallets.errors import PartyIsClosed, UnknownParty
from wallets.models import Wallet
from wallets.queries import checking


@transaction.atomic
def open_wallet(party_id: UUID, *, program_id: UUID, asset_code: str, at: datetime) -> Wallet:
    """Return the party's wallet of the asset, as it stands; open it if there is none. Of many at once, one opens it.

    :raises UnknownParty: if the program has no such party.
    :raises PartyIsClosed: if it is closed, and has none.
    :raises UnknownAsset: if there is no such asset.
    """
    asked = asset_code.replace("\0", "\N{REPLACEMENT CHARACTER}")
    # The party's lock: who asks at the same moment waits here, and then finds the wallet.
    party = Party.objects.locked().filter(pk=party_id, program=program_id).first()
    if party is None:
        raise UnknownParty(party=party_id)
    known = Wallet.objects.filter(party=party, asset__code=asked).first()
    if known is not None:
        return known
    if party.status == PartyStatus.CLOSED:
        raise PartyIsClosed(party=party_id)

    identifier, program = uuid7(), party.program
    account = open_account(checking.account_code(identifier), program=program, asset_code=asked, at=at)
    assert account.owed is not None, "a wallet is opened with what its owner may come to owe"
    reserved = open_account(f"{account.code}:reserved", program=program, asset_code=asked, at=at)
    wallet = Wallet.objects.create(
        id=identifier, program=program, party=party, asset=account.asset, account=account, reserved=reserved,
        owed=account.owed, opened_at=at,
    )  # fmt: skip
    record(
        "wallets.wallet.opened", subject=wallet, at=at, program_id=program.pk,
        payload={"party": str(party.pk), "asset": account.asset.code},
    )  # fmt: skip
    return wallet
