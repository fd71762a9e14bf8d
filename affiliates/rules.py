"""What is earned from a settlement, what is taken back, and why something can't be paid yet."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from ledger import money

COOLING: Final = timedelta(hours=48)
CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,30}[a-z0-9]")
REFERENCE: Final = re.compile(r"[A-Za-z0-9._:-]{1,80}")
TX_HASH: Final = re.compile(r"0x[0-9a-f]{64}")
# Nobody is called like a page of ours.
CODES_KEPT: Final = frozenset({"admin", "api", "affiliate", "support", "house", "www", "null", "none", "undefined"})
# A second look at the same link by the same visitor within this counts as the first.
CLICK_COUNTS_EVERY: Final = timedelta(minutes=30)
# What is held so is released when its affiliate goes on.
HELD_WITH_ITS_AFFILIATE: Final = "The affiliate is not active."
# A tree that is deeper is refused; a trigger holds it.
LEVELS_AT_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Rates:
    """What is earned by whom, from a moment on, and whose rates these are."""

    direct: Decimal
    override: Decimal
    said_by: str


@dataclass(frozen=True, slots=True)
class Dated:
    """Rates, or none, of one subject. ``number`` is the order in which they were written."""

    number: int
    valid_from: datetime
    rates: Rates | None


def holding(dated: Iterable[Dated], *, at: datetime) -> Rates | None:
    """Return the rates that hold at a moment: of those that have begun, what was written last."""
    begun = [one for one in dated if one.valid_from <= at]
    return max(begun, key=lambda one: one.number).rates if begun else None


@dataclass(frozen=True, slots=True)
class Share:
    """One level's part of a settlement, with how it came about."""

    rate: Decimal
    exact: Decimal
    amount: Decimal
    rate_from: str


def shares(
    base: Decimal, *, direct: Rates, override: Rates | None, at_most: Decimal, scale: int
) -> tuple[Share, Share | None]:
    """Return what the two levels earn of ``base``. Together they stay below ``at_most``: the override gives way first.

    The override is the parent's own: it is paid at the rate that the one who earns it has.
    """
    direct_rate = min(direct.direct, at_most)
    own = _share(base, direct_rate, direct.said_by, cut=direct_rate < direct.direct, at_most=at_most, scale=scale)
    if override is None:
        return own, None
    with money.exactly():
        left = at_most - direct_rate
    rate = min(override.override, left)
    cut = rate < override.override
    return own, _share(base, rate, override.said_by, cut=cut, at_most=at_most, scale=scale)


def _share(base: Decimal, rate: Decimal, said_by: str, *, cut: bool, at_most: Decimal, scale: int) -> Share:
    with money.exactly():
        exact = base * rate
    cut_to = f", cut: both together are at most {percent(at_most)}" if cut else ""
    return Share(rate, exact, money.round_to(exact, scale=scale), f"{said_by}{cut_to}"[:120])


def percent(rate: Decimal) -> str:
    """Return a fraction as people read it."""
    with money.exactly():
        return f"{money.plain(rate * 100)} %"


def correction(earned: Decimal, *, base: Decimal, reversed_amount: Decimal, corrected: Decimal, scale: int) -> Decimal:
    """Return what has to be added to what was earned, now that ``reversed_amount`` of its base is taken back in all.

    It is worked out of the whole each time, so that many small refunds come to exactly what one large would.
    ``corrected`` is what was added before, and is below zero.
    """
    wanted = -money.prorated(earned, part=reversed_amount, whole=base, scale=scale)
    with money.exactly():
        return wanted - corrected


def digest_of(*words: str) -> str:
    """Return what tells two of the same apart from two others, and says nothing by itself to who does not know them."""
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:32]


def phone_digest(phone: str, *, salt: str) -> str:
    """Return the digest of a phone number however it is written; none of nothing."""
    digits = re.sub(r"\D", "", phone)
    return digest_of("phone", salt, digits) if digits else ""


def read_code(sent: str) -> str | None:
    """Return a referral code as it is stored, or None for what can't be one."""
    code = sent.strip().lower()
    return code if CODE.fullmatch(code) and "--" not in code and code not in CODES_KEPT else None


# Why not yet


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that stands between a commission and its payout, and when it goes away by itself, where it does."""

    code: str
    text: str
    clears_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that decides whether an affiliate can be paid."""

    affiliate_state: str
    program_status: str
    has_method: bool
    usable_method: bool
    method_usable_at: datetime | None
    due: Decimal  # of the asset, claw-backs and all
    paid_at_least: Decimal
    asset: str


def obstacles(
    *, state: str, amount: Decimal, payable_at: datetime, held_reason: str, situation: Situation, at: datetime
) -> Sequence[Obstacle]:
    """Return everything that keeps a commission from being paid now, what is nearest first; nothing when it is over."""
    if state == "PAID":
        return []
    if state == "VOIDED":
        return [Obstacle("voided", "It was voided: it was never earned.")]
    if state == "BATCHED":
        return [Obstacle("in_payout", "It is in a payout that is on its way.")]
    found = []
    if state == "HELD":
        found.append(Obstacle("held", f"It is on hold: {held_reason}"))
    if state in ("ACCRUED", "HELD") and payable_at > at:
        found.append(Obstacle("hold_period", "Its hold period is not over: refunds are still likely.", payable_at))
    if amount < 0:
        found.append(Obstacle("taken_back", "It is taken back, and netted with what is paid next."))
    return [*found, *obstacles_of_all(situation, at=at)]


def obstacles_of_all(situation: Situation, *, at: datetime) -> list[Obstacle]:
    """Return what keeps anything of an affiliate's from being paid now."""
    found = []
    if situation.affiliate_state != "ACTIVE":
        found.append(Obstacle("affiliate_not_active", f"The affiliate is {situation.affiliate_state.lower()}."))
    if not situation.has_method:
        found.append(Obstacle("no_method", "There is nowhere to pay it to: add a payout method."))
    elif not situation.usable_method and situation.method_usable_at is None:
        found.append(Obstacle("method_unverified", "The payout method is not verified yet."))
    elif not situation.usable_method and situation.method_usable_at is not None:
        cools = situation.method_usable_at
        found.append(Obstacle("method_cooling", "The payout method is new, and cools for two days.", max(cools, at)))
    if situation.due < 0:
        left = money.plain(-situation.due)
        found.append(Obstacle("recovering", f"{left} {situation.asset} more was taken back than is due."))
    elif situation.due < situation.paid_at_least:
        least = money.plain(situation.paid_at_least)
        found.append(Obstacle("below_minimum", f"Less than {least} {situation.asset} is due altogether."))
    return found


def clears_at(found: Iterable[Obstacle]) -> datetime | None:
    """Return when all of it will have gone away by itself; None when something has to be done, or nothing is there."""
    every = list(found)
    moments = [one.clears_at for one in every if one.clears_at is not None]
    return max(moments) if every and len(moments) == len(every) else None
