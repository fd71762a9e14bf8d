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
    """Return the secrets that the rail asks for, no others, and of those that may be left out one at least.

    :raises BadRailAccount: if one is missing, is too many, or can't be one.
    """
    known = {credential.name: credential for credential in rail.credentials}
    needed = {name for name, credential in known.items() if not credential.is_optional}
    given = secrets if isinstance(secrets, Mapping) else {}
    some_needed = bool(known) and not given
    texts = all(isinstance(each, str) for each in given.values())
    if some_needed or not needed <= set(given) <= set(known) or not texts:
        optional = " (one of them at least)" if known and not needed else ""
        raise BadRailAccount(reason=f"its secrets are: {', '.join(known) or 'none'}{optional}")
    return {name: known[name].check(value) for name, value in given.items()}


def packed(secrets: Mapping[str, Any]) -> str:
    """Return secrets as they are encrypted."""
    return json.dumps(secrets, sort_keys=True)


def unpacked(text: str) -> dict[str, Any]:
    """Return secrets that were packed."""
    opened: dict[str, Any] = json.loads(text)
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
