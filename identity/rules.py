"""Which role may do what: the one table every door asks."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

# The program whose staff look after all others.
HOUSE_SLUG: Final = "house"

STAFF_ROLES: Final = frozenset({"OWNER", "FINANCE_MAKER", "FINANCE_APPROVER", "SUPPORT", "AUDITOR"})

_READING: Final = frozenset({
    "admin.enter", "membership.read", "party.read", "program.read", "proposal.read", "setting.read", "terms.read",
    "user.read",
})  # fmt: skip

_WORKING_ON_FINDINGS: Final = frozenset({"reconciliation.read", "reconciliation.run", "reconciliation.work"})

_WORKING_ON_WALLETS: Final = frozenset({
    "payment.refund", "wallet.adjust", "wallet.credit", "wallet.freeze", "wallet.hold", "wallet.open", "wallet.read",
    "withdrawal.decide",
})  # fmt: skip

_WATCHING_AFFILIATES: Final = frozenset({
    "affiliate.read", "claim.read", "commission.read", "member.read", "settlement.read",
})  # fmt: skip
_WORKING_ON_AFFILIATES: Final = _WATCHING_AFFILIATES | {
    "affiliate.manage", "charge.expect", "claim.decide", "commission.adjust", "commission.hold", "commission.report",
    "commission.void", "member.manage", "member.register", "method.manage", "settlement.reverse",
}  # fmt: skip

_WORKING_ON_PAYOUTS: Final = frozenset({
    "payout.execute", "payout.manage", "payout.prepare", "payout.read", "payout.resolve", "payout.restart",
    "payout.stop",
})  # fmt: skip

ROLE_PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    "OWNER": _READING
    | _WORKING_ON_FINDINGS
    | {"journal.read", "operations.read", "membership.grant", "membership.propose", "policy.propose"}
    | {"program.create", "program.change", "program.change_status", "key.read", "key.manage", "seal.read"}
    | {"setting.change", "setting.propose", "terms.propose", "party.manage", "second_factor.propose"}
    | {"notification.read", "notification.retry", "ledger.read", "ledger.propose", "ledger.close", "account.freeze"}
    | {"statement.issue", "intent.read", "intent.retry", "rail.read", "rail.propose", "rail.operate"}
    | _WORKING_ON_WALLETS
    | _WORKING_ON_AFFILIATES
    | _WORKING_ON_PAYOUTS,
    "FINANCE_MAKER": _READING
    | _WORKING_ON_FINDINGS
    | {"ledger.read", "ledger.propose", "ledger.close", "account.freeze", "party.manage", "terms.propose"}
    | {"statement.issue", "intent.read", "intent.retry", "rail.read", "rail.propose", "rail.operate"}
    | _WORKING_ON_WALLETS
    | _WORKING_ON_AFFILIATES
    | _WORKING_ON_PAYOUTS,
    "FINANCE_APPROVER": _READING
    | _WORKING_ON_FINDINGS
    | {"ledger.read", "account.freeze", "statement.issue", "intent.read"}
    | {"wallet.freeze", "wallet.read", "rail.read", "rail.operate", "commission.hold"}
    | {"payout.execute", "payout.read", "payout.resolve", "payout.restart", "payout.stop"}
    | _WATCHING_AFFILIATES,
    "SUPPORT": _READING
    | {"party.manage", "notification.read", "notification.retry", "intent.read", "intent.retry"}
    | {"wallet.open", "wallet.read", "rail.read", "affiliate.manage", "claim.decide", "member.manage"}
    | {"member.register", "method.manage", "payout.read", "payout.stop"}
    | _WATCHING_AFFILIATES,
    "AUDITOR": _READING
    | {"journal.read", "operations.read", "key.read", "reconciliation.read", "seal.read", "notification.read"}
    | {"ledger.read", "intent.read", "wallet.read", "rail.read", "payout.read"}
    | _WATCHING_AFFILIATES,
    "MERCHANT": frozenset({"program.read"}),
    "AFFILIATE": frozenset({"program.read", "affiliate_portal.enter"}),
    "CUSTOMER": frozenset({"program.read"}),
}

_WITH_ONES_WALLET: Final = frozenset({"payment.make", "wallet.read", "wallet.spend", "withdrawal.make"})

# A member is somebody's customer; an affiliate sees what they earn, and says where it is paid to.
_WITH_ONES_CLAIMS: Final = frozenset({"claim.make", "claim.read", "member.read", "member.register"})
_WITH_ONES_EARNINGS: Final = frozenset({"affiliate.read", "commission.read", "method.manage", "payout.read"})

# What a role may do with what is its holder's own, and with nobody else's. It is a table of its own, so that whoever
# asks for a permission and has not thought of owners lets none of them in.
OWN_PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    "MERCHANT": _WITH_ONES_WALLET,
    "AFFILIATE": _WITH_ONES_WALLET | _WITH_ONES_CLAIMS | _WITH_ONES_EARNINGS,
    "CUSTOMER": _WITH_ONES_WALLET | _WITH_ONES_CLAIMS,
}

# The machinery serves every program and a seal covers all of them, so both are shown to the house's own staff only.
HOUSE_ONLY: Final = frozenset({"operations.read", "program.create", "seal.read"})


def roles_with(permission: str) -> frozenset[str]:
    """Return the roles that carry ``permission``."""
    return frozenset(role for role, granted in ROLE_PERMISSIONS.items() if permission in granted)


def roles_with_own(permission: str) -> frozenset[str]:
    """Return the roles that carry ``permission`` over what is their holder's own."""
    return frozenset(role for role, granted in OWN_PERMISSIONS.items() if permission in granted)


def permissions_of(role: str, *, in_house: bool) -> frozenset[str]:
    """Return what ``role`` carries, held in the house or in another program."""
    carried = ROLE_PERMISSIONS.get(role, frozenset())
    return carried if in_house and role in STAFF_ROLES else carried - HOUSE_ONLY


def grants(roles: Iterable[str], permission: str) -> bool:
    """Whether any of ``roles`` carries ``permission``."""
    return any(permission in ROLE_PERMISSIONS.get(role, frozenset()) for role in roles)


def greeting(hour: int) -> str:
    """Return how to greet somebody at ``hour``."""
    if hour < 5:
        return "Good night"
    if hour < 12:
        return "Good morning"
    return "Good afternoon" if hour < 18 else "Good evening"


# Four eyes

MONEY_ROLES: Final = frozenset({"OWNER", "FINANCE_MAKER", "FINANCE_APPROVER"})
# Made by hand at the beginning: one proposes, the other votes.
BOOTSTRAP_OWNERS: Final = 2


@dataclass(frozen=True, slots=True)
class Band:
    """From an amount on: how many votes, and of which roles. Without an asset it is of the program's own currency."""

    above: Decimal
    votes: int
    roles: frozenset[str]
    asset: str = ""


def band_for(bands: Iterable[Band], amount: Decimal | None, *, asset: str = "", own_asset: str = "") -> Band:
    """Return the band that ``amount`` falls into.

    What has no amount falls into the highest, never into the easiest; and so does an amount of an asset of which the
    bands say nothing: a number of one thing is not a number of another.
    """
    rising = sorted(bands, key=lambda band: band.above)
    of_asset = [band for band in rising if band.asset == asset and asset]
    general = [band for band in rising if not band.asset]
    if of_asset:
        rising = of_asset
    elif asset and asset != own_asset:
        return general[-1]
    else:
        rising = general
    if amount is None:
        return rising[-1]
    return [band for band in rising if band.above <= amount][-1]


def digest(*, kind: str, program: str, subject: str, revision: int, payload: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what is voted on, in a form that two programs write alike: sorted keys, no spaces."""
    document = {"kind": kind, "payload": payload, "program": program, "revision": revision, "subject": subject}
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_bands(stored: Iterable[Mapping[str, Any]]) -> tuple[Band, ...]:
    """Return the bands of a stored policy."""
    return tuple(
        Band(Decimal(band["above"]), int(band["votes"]), frozenset(band["roles"]), str(band.get("asset", "")))
        for band in stored
    )


# Programs that call: API keys and the service key

# Whoever holds one of these can make money move, so two people decide on a key that carries it.
MONEY_SCOPES: Final = frozenset({
    "payment.refund", "wallet.credit", "wallet.hold", "wallet.spend", "withdrawal.make",
})  # fmt: skip
# A key never decides, never hands out rights and never enters a page: those are people's.
KEY_SCOPES: Final = MONEY_SCOPES | {
    "affiliate.manage", "affiliate.read", "charge.expect", "claim.make", "claim.read", "commission.read", "member.read",
    "member.register", "settlement.read",
    "intent.read", "journal.read", "ledger.read", "membership.read", "payout.read", "program.change", "program.read",
    "proposal.read", "rail.read", "setting.read", "statement.issue", "terms.read", "user.read", "wallet.open",
    "wallet.read",
}  # fmt: skip
# ADMIN_KEY opens programs and reads. Whatever approves, pays or lets somebody in is missing on purpose.
SERVICE_PERMISSIONS: Final = frozenset({
    "affiliate.read", "claim.read", "commission.read", "member.read", "settlement.read",
    "intent.read", "journal.read", "key.read", "ledger.read", "membership.read", "operations.read", "payout.read",
    "program.change", "program.create", "program.read", "proposal.read", "rail.read", "setting.read", "terms.read",
    "user.read", "wallet.read",
})  # fmt: skip
KEY_DAYS_AT_MOST: Final = 366  # a program may set fewer
KEY_USE_NOTED_EVERY: Final = timedelta(minutes=1)
SECRET_BYTES: Final = 32
PREFIX_BYTES: Final = 6


def hash_of(secret: str) -> str:
    """Return what is stored of a random secret; it has 256 bits of chance, so a slow hash would protect nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def split_credential(credential: str) -> tuple[str, str] | None:
    """Return prefix and secret of ``PREFIX.SECRET``, or None for what was never one."""
    prefix, dot, secret = credential.partition(".")
    well_formed = dot and prefix and secret and len(credential) <= 200 and credential.isascii()
    return (prefix, secret) if well_formed else None


# A request that happens once

LONGEST_IDEMPOTENCY_KEY: Final = 255
# Keys inside the house begin like this, so that no caller can take one of them.
RESERVED_KEY_PREFIXES: Final = ("house:", "register:", "claim:", "commerce:", "settlement:", "payout:")


def is_idempotency_key(key: str) -> bool:
    """Whether ``key`` has at most 255 characters, all of them visible ASCII."""
    return 0 < len(key) <= LONGEST_IDEMPOTENCY_KEY and all("!" <= character <= "~" for character in key)


def is_reserved_key(key: str) -> bool:
    """Whether ``key`` looks like one of the house's own."""
    return key.lower().startswith(RESERVED_KEY_PREFIXES)


def differing_fields(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the fields that are missing on one side or have other fingerprints."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


# What is forgotten

# Longer than any authenticator app shows a code, with the tolerance of clocks.
CODE_REMEMBERED: Final = timedelta(minutes=5)
DEAD_TOKENS_KEPT: Final = timedelta(days=30)
# A caller that lost an answer sends again when it is back: after a weekend, an outage, or at the end of the month when
# somebody goes through what is open. Money that moved is paid twice if its key was forgotten by then.
OUTCOME_DAYS_AT_LEAST: Final = 30

# Terms

# Written by then, committed by then: nobody can have asked about a moment that new terms come to cover.
TERMS_LEAD: Final = timedelta(minutes=1)
TERMS_PLANNED_AT_MOST: Final = timedelta(days=3_660)


@dataclass(frozen=True, slots=True)
class Span:
    """When something dated holds: from its start to the next one's; not at all when ``end`` is not after ``start``."""

    number: int
    start: datetime
    end: datetime | None

    @property
    def ever_holds(self) -> bool:
        return self.end is None or self.start < self.end


def spans(starts: Iterable[tuple[int, datetime]]) -> list[Span]:
    """Return when each of ``(number, start)`` holds, by number: a later number holds from its start on."""
    found: list[Span] = []
    first_later: datetime | None = None
    for number, start in sorted(starts, reverse=True):
        found.append(Span(number, start, first_later))
        first_later = start if first_later is None else min(first_later, start)
    return found[::-1]


def next_start(at: datetime) -> datetime:
    """Return when terms begin that should begin at once: a full minute, late enough to be written by then."""
    return (at + TERMS_LEAD).replace(second=0, microsecond=0) + timedelta(minutes=1)


# Parties


def details_digest(salt: str, *, name: str, external_reference: str) -> str:
    """Return what the journal keeps of a party's personal data; without the salt nothing can be tried against it."""
    said = json.dumps([salt, name, external_reference], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()
