"""Book what came of attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from affiliates import operations as affiliates
from affiliates.models import Purse
from ledger.models import Asset
from ledger.movements import Movement, Posting
from ledger.operations import open_account, post_many
from payouts.models import Attempt
from payouts.queries.accounts import PAYOUTS, RailBooks, books_of, coin_of, withholding_of
from payouts.states import IN_FLIGHT, PayoutState
from wallets.rails.sending import Cost


@dataclass(frozen=True, slots=True)
class Booking:
    """An attempt that is to be booked: as paid or not, and whether that comes after it was given up or paid before.

    The attempt and its payout stand as they were before.
    """

    attempt: Attempt
    is_paid: bool
    is_second: bool = False
    cost: Cost | None = None


class _Places:
    """Where things stand in the books; looked up once for many."""

    def __init__(self, bookings: Sequence[Booking], *, at: datetime) -> None:
        self._at = at
        self._books: dict[tuple[UUID, int], RailBooks] = {}
        self._shared: dict[tuple[str, UUID, int], int] = {}
        payouts = [booking.attempt.payout for booking in bookings]
        owners = {payout.affiliate_id for payout in payouts if payout.affiliate_id}
        self._purses: dict[tuple[UUID, int], Purse] = {
            (purse.affiliate_id, purse.asset_id): purse for purse in Purse.objects.filter(affiliate__in=owners)
        }

    def books(self, attempt: Attempt, asset_id: int) -> RailBooks:
        key = (attempt.rail_account_id, asset_id)
        if key not in self._books:
            self._books[key] = books_of(attempt.rail_account, asset_id)
        return self._books[key]

    def passing(self, attempt: Attempt) -> int:
        return self._one(PAYOUTS, attempt)

    def withheld(self, attempt: Attempt, *, is_reserved: bool) -> list[Movement]:
        """Return what moves of what is withheld of a part: it follows what is paid of it, each time that is."""
        if not attempt.part.withheld:
            return []
        where = self._one(withholding_of(attempt.rail_account.program), attempt)
        return [Movement(self.owner(attempt, is_reserved=is_reserved), where, attempt.part.withheld)]

    def _one(self, code: str, attempt: Attempt) -> int:
        key = (code, attempt.program_id, attempt.payout.asset_id)
        if key not in self._shared:
            program, asset = attempt.rail_account.program, attempt.payout.asset
            self._shared[key] = open_account(code, program=program, asset_code=asset.code, at=self._at).pk
        return self._shared[key]

    def owner(self, attempt: Attempt, *, is_reserved: bool) -> int:
        """Return the account that is paid from: what was reserved, or what is owed where that went back."""
        payout = attempt.payout
        if payout.affiliate_id is None:
            assert payout.outgoing is not None
            return int(payout.outgoing.account_id)
        purse = self._purses[payout.affiliate_id, payout.asset_id]
        return int(purse.reserved_id if is_reserved else purse.liability_id)


def book_outcomes(bookings: Sequence[Booking], *, at: datetime) -> None:
    """Book attempts as paid or come back, with what they cost; and put right what is owed where that came late."""
    places = _Places(bookings, at=at)
    postings: list[Posting] = []
    later: list[tuple[Booking, int]] = []
    for booking in bookings:
        attempt = booking.attempt
        if not booking.is_paid:
            postings.append(_back(attempt, places))
        elif booking.is_second:
            if attempt.state in IN_FLIGHT:
                postings.append(_back(attempt, places))
            later.append((booking, len(postings)))
            postings.append(_late(attempt, places, is_reserved=False))
        elif attempt.state in IN_FLIGHT:
            postings.append(_paid(attempt, places))
        else:
            is_reserved = attempt.payout.state != PayoutState.RELEASED
            if not is_reserved:
                later.append((booking, len(postings)))
            postings.append(_late(attempt, places, is_reserved=is_reserved))
        postings += _costs(booking, places)
    booked = post_many(postings)
    for booking, place in later:
        _owe_less(booking.attempt, booked[place].id, at=at)


def _posting(attempt: Attempt, kind: str, key: str, *movements: Movement) -> Posting:
    return Posting(
        program_id=attempt.program_id, kind=kind, key=key, movements=movements,
        metadata={"payout": str(attempt.payout_id), "reference": attempt.reference},
    )  # fmt: skip


def _paid(attempt: Attempt, places: _Places) -> Posting:
    payout = attempt.payout
    passing, where = places.passing(attempt), places.books(attempt, payout.asset_id)
    return _posting(
        attempt, "PAYOUT_PAID", f"{payout.key}:{attempt.part.number}",
        Movement(places.owner(attempt, is_reserved=True), passing, attempt.amount),
        Movement(passing, where.in_flight_id, attempt.amount), *places.withheld(attempt, is_reserved=True),
    )  # fmt: skip


def _back(attempt: Attempt, places: _Places) -> Posting:
    where = places.books(attempt, attempt.payout.asset_id)
    movement = Movement(where.float_id, where.in_flight_id, attempt.amount)
    return _posting(attempt, "PAYOUT_BACK", f"payout:back:{attempt.reference}", movement)


def _late(attempt: Attempt, places: _Places, *, is_reserved: bool) -> Posting:
    payout, key = attempt.payout, f"payout:late:{attempt.reference}"
    where = places.books(attempt, payout.asset_id)
    if payout.affiliate_id is None and not is_reserved:
        # What was owed was paid in another way: this left, and nobody owes it.
        return _posting(attempt, "SUSPENSE", key, Movement(where.suspense_id, where.float_id, attempt.amount))
    passing = places.passing(attempt)
    return _posting(
        attempt, "PAYOUT_PAID_LATE", key,
        Movement(places.owner(attempt, is_reserved=is_reserved), passing, attempt.amount),
        Movement(passing, where.float_id, attempt.amount), *places.withheld(attempt, is_reserved=is_reserved),
    )  # fmt: skip


def _costs(booking: Booking, places: _Places) -> list[Posting]:
    attempt, cost = booking.attempt, booking.cost
    if cost is None or cost.amount <= 0:
        return []
    asset: Asset | None = attempt.payout.asset
    if cost.is_gas:
        asset = coin_of(attempt.rail_account, attempt.payout.asset)
        if asset is None or asset.code not in attempt.rail_account.assets:
            return []  # the books keep no coin of this chain: reconciliation of the address says so
    assert asset is not None
    where = places.books(attempt, asset.pk)
    kind = "GAS" if cost.is_gas else "RAIL_FEE"
    movement = Movement(where.fees_id, where.float_id, cost.amount)
    return [_posting(attempt, kind, f"payout:cost:{attempt.reference}", movement)]


def _owe_less(attempt: Attempt, booked_id: UUID, *, at: datetime) -> None:
    """An affiliate was paid what had gone back to what they are owed, or was paid twice: so much less is due now."""
    payout = attempt.payout
    if payout.affiliate_id is not None:
        affiliates.put_payout_right(
            payout.affiliate_id, program_id=payout.program_id, asset_id=payout.asset_id,
            amount=-attempt.part.paid_for,
            reason=f"Payout {attempt.reference} was paid after all.", booked_id=booked_id, at=at,
        )  # fmt: skip
