"""What a rail account may be: checked for a draft, for a proposal, and again when that is carried out."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from identity import vault
from identity.models import Program
from ledger.models import Asset
from ledger.states import AssetKind
from wallets.errors import BadRailAccount
from wallets.models import RailAccount
from wallets.rails import Rail, rail_named

ASSETS_AT_MOST: Final = 20
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def check_name(name: str) -> str:
    """Return the name that the books will have.

    :raises BadRailAccount: if it can't stand in an account's code.
    """
    if not _NAME.fullmatch(name):
        raise BadRailAccount(reason="the name needs 1 to 40 small letters, digits, _ and -, and begins with no - or _")
    return name


def check_assets(codes: Sequence[Any], *, rail: Rail, number: str) -> list[str]:
    """Return the assets that go through the account of this number, each once and in order.

    :raises BadRailAccount: if there are none, or one is unknown, is points, or can't go through it.
    """
    if not 0 < len(codes) <= ASSETS_AT_MOST or not all(isinstance(code, str) and "\0" not in code for code in codes):
        raise BadRailAccount(reason=f"it needs 1 to {ASSETS_AT_MOST} assets")
    wanted = sorted(set(codes))
    money = Asset.objects.filter(code__in=wanted).exclude(kind=AssetKind.POINTS)
    chains = dict(money.values_list("code", "chain_id"))
    for code in wanted:
        if code not in chains:
            raise BadRailAccount(reason=f"{code[:40]} is no money that the house knows")
        if not rail.carries(number, chains[code]):
            raise BadRailAccount(reason=f"{code} is not of the chain that its number names")
    return wanted


def check_secrets(rail: Rail, secrets: Any) -> dict[str, str]:
    """Return the secrets that the rail asks for, all of them and no others.

    :raises BadRailAccount: if one is missing, is too many, or can't be one.
    """
    wanted = {credential.name: credential for credential in rail.credentials}
    given = secrets if isinstance(secrets, Mapping) else {}
    if set(given) != set(wanted) or not all(isinstance(value, str) for value in given.values()):
        raise BadRailAccount(reason=f"its secrets are: {', '.join(wanted) or 'none'}")
    return {name: credential.check(given[name]) for name, credential in wanted.items()}


def packed(secrets: Mapping[str, str]) -> str:
    """Return secrets as they are encrypted."""
    return json.dumps(secrets, sort_keys=True)


def unpacked(text: str) -> dict[str, str]:
    """Return secrets that were packed."""
    opened: dict[str, str] = json.loads(text)
    return opened


def fingerprint_of(secrets: Mapping[str, str], *, program: Program, rail: str) -> str:
    """Return what may be shown of secrets."""
    return vault.fingerprint(packed(secrets), program_id=program.pk, name=f"rail:{rail}")


def digest_of(account: RailAccount) -> str:
    """Return the digest of all that a vote on the account is about."""
    said = [
        str(account.program_id), account.name, account.rail, account.number, sorted(account.assets),
        account.fingerprint, account.version,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def rail_of(account: RailAccount) -> Rail:
    """Return the kind of rail that the account is kept at.

    :raises UnknownRailKind: if the house speaks it no more.
    """
    return rail_named(account.rail)
