"""What is known of rail accounts: their secrets, for who talks to the rail, and whose address something came to."""

import hashlib
import secrets as chance
from collections.abc import Iterator, Mapping
from typing import Any, Final

from identity import vault
from wallets.errors import SecretUnreadable, UnknownHook
from wallets.models import RailAccount
from wallets.queries.rail_wishes import check_secrets, unpacked
from wallets.rails import WORDS_RAILS_REFUSE, rail_named
from wallets.states import RailAccountState

LONGEST_TOKEN: Final = 64
# The books' accounts of a rail, beside which nothing of it is kept.
PARTS: Final = ("float", "clearing", "in_flight", "suspense", "fees")


def digest_of(token: str) -> bytes:
    """Return what finds an account by the token in its address; the token has 192 bits of chance."""
    return hashlib.sha256(token.encode()).digest()


def new_token() -> str:
    """Return a token for an account's address, in which no rail finds a word that it refuses."""
    while True:
        token = chance.token_urlsafe(24)
        if not any(word in token.lower() for word in WORDS_RAILS_REFUSE):
            return token


def account_of_hook(code: str, token: str) -> RailAccount:
    """Return the account whose address ends so. One that is closed still listens: what a rail says is a fact.

    :raises UnknownHook: if there is none, or it is a draft.
    """
    found = None
    if len(token) <= LONGEST_TOKEN and token.isascii():
        listening = RailAccount.objects.exclude(state=RailAccountState.DRAFT).select_related("program")
        found = listening.filter(hook_sha256=digest_of(token)).first()
    if found is None or not code or rail_named(found.rail).hook_code != code:
        raise UnknownHook
    return found


def secrets_of(account: RailAccount) -> Mapping[str, str]:
    """Return the account's secrets, by name.

    :raises SecretUnreadable: if the key that they are encrypted with is gone, or they were tampered with.
    """
    try:
        return unpacked(vault.decrypt(account.ciphertext, place=account.place))
    except vault.Unreadable as unreadable:
        raise SecretUnreadable(account=account.name, reason=str(unreadable)) from None


def secrets_after(account: RailAccount, secrets: Any) -> dict[str, str]:
    """Return what the account's secrets become: one that isn't named stays, and one that is null is gone.

    :raises BadRailAccount: if they can't be so.
    :raises SecretUnreadable: if one would stay, and those that it has don't open.
    """
    rail = rail_named(account.rail)
    known = {credential.name for credential in rail.credentials}
    given = dict(secrets) if isinstance(secrets, Mapping) else {}
    # Nothing is opened when nothing stays: a lost key is mended by naming all of them anew.
    stays = {} if not given or known <= set(given) else secrets_of(account)
    gone = {name for name in known if name in given and given[name] is None}
    return check_secrets(rail, {name: value for name, value in {**stays, **given}.items() if name not in gone})


def hook_token(account: RailAccount) -> str:
    """Return what the rail's address ends in.

    :raises SecretUnreadable: if the key that it is encrypted with is gone, or it was tampered with.
    """
    try:
        return vault.decrypt(account.hook_ciphertext, place=account.hook_place)
    except vault.Unreadable as unreadable:
        raise SecretUnreadable(account=account.name, reason=str(unreadable)) from None


def hook_path(account: RailAccount) -> str:
    """Return the path that the rail calls, none if it never does. Who knows it can fill the inbox, and no more.

    :raises SecretUnreadable: if its token can't be read.
    """
    code = rail_named(account.rail).hook_code
    return f"/api/v2/hooks/{code}/{hook_token(account)}" if code else ""


def kept_secrets() -> Iterator[vault.Kept]:
    """Return what every rail account keeps, and whether it opens."""
    for account in RailAccount.objects.select_related("program").order_by("pk"):
        problem = ""
        try:
            secrets_of(account)
            hook_token(account)
        except SecretUnreadable as unreadable:
            problem = str(unreadable.params["reason"])
        yield vault.Kept(
            account.pk, f"rail account {account.name}", account.program.slug,
            (account.ciphertext, account.hook_ciphertext), problem,
        )  # fmt: skip


def account_codes(account: RailAccount) -> list[str]:
    """Return the codes of the books' accounts that are this rail account's."""
    return [f"rail:{account.name}:{part}" for part in PARTS]
