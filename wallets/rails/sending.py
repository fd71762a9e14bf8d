"""How money is sent through a rail: what it is told, what may come of it, and what has to be known before.

A payer is the part of an adapter that pays. It has no memory and sees no database: what it needs again it puts on the
wire: that is stored before the rail hears of it, and comes back each time it is asked. It is called from several
threads at once, and never inside a transaction, but for ``write``, which speaks to nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol
from uuid import UUID

from wallets.rails import Notice

# The kinds of notices that say what came of something that was sent; every rail that pays uses these.
CONFIRMED: Final = "payout.confirmed"
REFUSED: Final = "payout.refused"
UNCLEAR: Final = "payout.unclear"
RETURNED: Final = "payout.returned"

Wire = Mapping[str, Any]  # fit for JSON


@dataclass(frozen=True, slots=True)
class Unit:
    """What is sent: as the books call it, how fine they are, and where it lives on a chain."""

    code: str
    scale: int
    payable_scale: int
    chain_id: int | None = None
    contract: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be sent. The reference is ours: stored before the rail hears of it, and never used for another."""

    reference: str  # 12 capital letters and digits
    amount: Decimal
    unit: Unit
    destination: str
    holder: str = ""
    note: str = ""  # what the payee reads, where the rail has room for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The account that it is sent from."""

    account_id: UUID
    number: str
    secrets: Mapping[str, str] = field(repr=False)
    hook_url: str = field(default="", repr=False)  # where the rail tells us what came of it
    facts: Mapping[str, Any] = field(default_factory=dict)  # what else its kind of rail has to know of us


@dataclass(frozen=True, slots=True)
class Limits:
    """What a rail takes in one go. An amount is cut down to ``places``; what is above ``most`` goes in parts."""

    places: int
    least: Decimal
    most: Decimal | None = None
    most_a_day: Decimal | None = None  # to one destination


@dataclass(frozen=True, slots=True)
class Cost:
    """What the rail took for it beside the amount: in the same unit, or as gas in its chain's own coin."""

    amount: Decimal
    is_gas: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The rail has it, and will say what came of it."""

    rail_reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """It has arrived, and this shows it. ``amount`` is what the rail says, whatever we had asked for."""

    receipt: str
    amount: Decimal
    rail_reference: str = ""
    paid_at: datetime | None = None
    cost: Cost | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing was sent under this reference, and nothing ever will be."""

    code: str
    reason: str
    rail_reference: str = ""
    cost: Cost | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Nobody knows whether it was sent: it is asked about, and never sent again by itself."""

    reason: str
    rail_reference: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Asked about, the rail says that it is on its way; or its answer comes by a notice."""

    reason: str = ""
    is_stuck: bool = False  # it would go faster written anew, see ``hurry``


Outcome = Paid | Refused | Unclear
Answer = Accepted | Outcome


@dataclass(frozen=True, slots=True)
class Survey:
    """What a payer found out before anything was written."""

    number: int | None = None  # the next that the rail itself would count, where what is sent is counted
    refused: Mapping[str, Refused] = field(default_factory=dict)  # by reference: what can't be sent as it is
    facts: Mapping[str, Any] = field(default_factory=dict)


class Payer(Protocol):
    """What pays through a kind of rail."""

    pays: str  # the kind of destination, as payout methods call it
    counts: bool  # whether what is sent from a desk is numbered without gaps, as a chain's transactions are
    may_repeat: bool  # whether the same wire can be sent again without harm
    by_file: bool  # whether instructions go in a file that people carry
    # When it is asked after something it has accepted; and after something of which nobody knows.
    asks_after_accepted: Sequence[timedelta]
    asks_after_unclear: Sequence[timedelta]

    def limits(self, unit: Unit) -> Limits:
        """Return what it takes in one go."""

    def checked(self, destination: str) -> str:
        """Return a destination in the one form that is kept.

        :raises BadPayee: if nobody can be paid there.
        """

    def fee(self, amount: Decimal, unit: Unit) -> Decimal | None:
        """Return what sending so much will cost, in the same unit; None where nobody knows it beforehand."""

    def survey(self, desk: Desk, orders: Sequence[Order]) -> Survey:
        """Find out what has to be known before ``orders`` are written.

        :raises RailError: if the rail does not say; then nothing is sent for now.
        """

    def write(self, desk: Desk, order: Order, survey: Survey, *, number: int | None) -> Wire:
        """Return all that sending needs: it is stored, and sent as it was stored. It speaks to nobody."""

    def submit(self, desk: Desk, order: Order, wire: Wire) -> Answer:
        """Send it, and return what the rail says. It never raises for what the world does: that is ``Unclear``."""

    def query(self, desk: Desk, order: Order, wire: Wire) -> Answer | Waiting:
        """Ask the rail what came of it.

        :raises RailError: if the rail does not say.
        """

    def hurry(self, desk: Desk, order: Order, wire: Wire, survey: Survey) -> Wire:
        """Return a wire that goes faster, and still can't pay twice; it holds all that was on the one before."""

    def float_of(self, desk: Desk, unit: Unit) -> Decimal | None:
        """Return how much there is to send, as the rail says; None where it does not say.

        :raises RailError: if it should, and does not.
        """


# Five minutes, an hour, then daily; after that two people say what came of it.
DAILY: Final = tuple(timedelta(days=day) for day in range(1, 6))
LADDER: Final = (timedelta(minutes=5), timedelta(hours=1), *DAILY)


def every(*stretches: tuple[timedelta, timedelta]) -> tuple[timedelta, ...]:
    """Return when to ask a rail that is quick: with each pause until so much has passed, then with the next one."""
    moments, now = [], timedelta()
    for pause, until in stretches:
        while now < until:
            now += pause
            moments.append(now)
    return tuple(moments)


@dataclass(frozen=True, slots=True)
class Told:
    """What a notice says came of something, and which: by our reference, or by the rail's own."""

    reference: str
    rail_reference: str
    outcome: Outcome


def told_in(notice: Notice) -> Told:
    """Return what a proven notice of one of the kinds above says; adapters write them by ``data_of``."""
    data = notice.data
    reference, rail_reference = str(data.get("reference", "")), str(data.get("rail_reference", ""))
    evidence = {"notice": notice.external_id, **dict(data.get("evidence") or {})}
    if notice.kind == CONFIRMED:
        cost = data.get("cost")
        outcome: Outcome = Paid(
            receipt=str(data["receipt"]), amount=Decimal(str(data["amount"])), rail_reference=rail_reference,
            paid_at=notice.occurred_at, cost=Cost(Decimal(str(cost))) if cost else None, evidence=evidence,
        )  # fmt: skip
    elif notice.kind == REFUSED:
        outcome = Refused(
            code=str(data["code"]), reason=str(data["reason"]), rail_reference=rail_reference, evidence=evidence
        )
    else:
        outcome = Unclear(reason=str(data["reason"]), rail_reference=rail_reference, evidence=evidence)
    return Told(reference, rail_reference, outcome)


def data_of(reference: str, outcome: Outcome) -> dict[str, Any]:
    """Return what a notice's ``data`` says, so that ``told_in`` reads it again."""
    said: dict[str, Any] = {
        "reference": reference, "rail_reference": outcome.rail_reference, "evidence": dict(outcome.evidence)
    }  # fmt: skip
    if isinstance(outcome, Paid):
        cost = f"{outcome.cost.amount:f}" if outcome.cost else None
        return {**said, "receipt": outcome.receipt, "amount": f"{outcome.amount:f}", "cost": cost}
    if isinstance(outcome, Refused):
        return {**said, "code": outcome.code, "reason": outcome.reason}
    return {**said, "reason": outcome.reason}
