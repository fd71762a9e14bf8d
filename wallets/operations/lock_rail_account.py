"""Lock a rail account."""

from uuid import UUID

from wallets.errors import BadRailAccount, RailAccountChanged, UnknownRailAccount
from wallets.models import RailAccount
from wallets.states import RailAccountState


def lock_rail_account(account_id: UUID, *, program_id: UUID, version: int | None = None) -> RailAccount:
    """Return the account, locked, as the caller has seen it. Closed is for good.

    :raises UnknownRailAccount: if the program has no such account.
    :raises BadRailAccount: if it is closed.
    :raises RailAccountChanged: if it has another version than the caller has seen.
    """
    found = RailAccount.objects.locked().select_related("program").filter(pk=account_id, program=program_id).first()
    if found is None:
        raise UnknownRailAccount(account=account_id)
    if found.state == RailAccountState.CLOSED:
        raise BadRailAccount(reason="it is closed")
    if version is not None and version != found.version:
        raise RailAccountChanged(version=found.version, seen=version)
    return found
