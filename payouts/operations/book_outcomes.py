"""Book what came of attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from affiliates import operations as affiliates
from ledger.models import Asset
from ledger.movements import Movement, Posting
from ledger.operations import open_account, post_many
from payouts.models import Attempt
from payouts.queries.accounts import PAYOUTS, RailBooks, books_of, coin_of, withholding_of
from payouts.queries.purses import Purses
from payouts.states import IN_FLIGHT, PayoutState
from wallets import operations as wallets
from wallets.operations.note_withdrawn import Withdrawn
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
    receipt: str = ""


class _Places:
    """Where things stand in the books; looked up once for many."""

    def __init__(self, bookings: Sequence[Booking], *, at: datetime) -> None:
        self._at = at
        self._books: dict[tuple[UUID, int], RailBooks] = {}
        self._shared: dict[tuple[str, UUID, int], int] = {}
        self.purses = Purses(booking.attempt.payout for booking in bookings)

    def books(self, attempt: Attempt, asset_id: int) -> RailBooks:
        key = (attempt.rail_account_id, asset_id)
        if key not in self._books:
            self._books[key] = books_of(attempt.rail_account, asset_id)
        return self._books[key]

    def passing(self, attempt: Attempt) -> int:
        return self._one(PAYOUTS, attempt)

    def withheld(self, attempt: Attempt, owner: int) -> list[Movement]:
        """Return what moves of what is withheld of a part: it follows what is paid of it, each time that is."""
        if not attempt.part.withheld:
            return []
        where = self._one(withholding_of(attempt.rail_account.program), attempt)
        return [Movement(owner, where, attempt.part.withheld)]

    def _one(self, code: str, attempt: Attempt) -> int:
        key = (code, attempt.program_id, attempt.payout.asset_id)
        if key not in self._shared:
            program, asset = attempt.rail_account.program, attempt.payout.asset
            self._shared[key] = open_account(code, program=program, asset_code=asset.code, at=self._at).pk
        return self._shared[key]


def book_outcomes(bookings: Sequence[Booking], *, at: datetime) -> None:
    """Book attempts as paid or come back, with what they cost; and put right what is owed where that came late."""
    places = _Places(bookings, at=at)
    postings: list[Posting] = []
    later: list[tuple[Booking, int]] = []
    paid: list[tuple[Booking, int, bool]] = []
    for booking in bookings:
        attempt = booking.attempt
        is_reserved = not booking.is_second and attempt.payout.state != PayoutState.RELEASED
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
            if not is_reserved:
                later.append((booking, len(postings)))
            postings.append(_late(attempt, places, is_reserved=is_reserved))
        if booking.is_paid and attempt.payout.withdrawal_id:
            paid.append((booking, len(postings) - 1, is_reserved))
        postings += _costs(booking, places)
    booked = post_many(postings)
    for booking, place in later:
        _owe_less(booking.attempt, booked[place].id, at=at)
    new = [(booking, booked[place].id, held) for booking, place, held in paid if not booked[place].is_replay]
    _note_withdrawn(new, at=at)


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
        Movement(places.purses.reserved(payout), passing, attempt.amount),
        Movement(passing, where.in_flight_id, attempt.amount),
        *places.withheld(attempt, places.purses.reserved(payout)),
    )  # fmt: skip


def _back(attempt: Attempt, places: _Places) -> Posting:
    where = places.books(attempt, attempt.payout.asset_id)
    movement = Movement(where.float_id, where.in_flight_id, attempt.amount)
    return _posting(attempt, "PAYOUT_BACK", f"payout:back:{attempt.reference}", movement)


def _late(attempt: Attempt, places: _Places, *, is_reserved: bool) -> Posting:
    payout, key = attempt.payout, f"payout:late:{attempt.reference}"
    where = places.books(attempt, payout.asset_id)
    owner = places.purses.reserved(payout) if is_reserved else places.purses.owed(payout)
    if owner is None:
        # What was owed was paid in another way: this left, and nobody owes it.
        return _posting(attempt, "SUSPENSE", key, Movement(where.suspense_id, where.float_id, attempt.amount))
    passing = places.passing(attempt)
    return _posting(
        attempt, "PAYOUT_PAID_LATE", key,
        Movement(owner, passing, attempt.amount),
        Movement(passing, where.float_id, attempt.amount), *places.withheld(attempt, owner),
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


def _note_withdrawn(paid: Sequence[tuple[Booking, UUID, bool]], *, at: datetime) -> None:
    """Write into wallets what has left them; whose locks the caller holds since before it was booked."""
    withdrawals = wallets.lock_withdrawals(booking.attempt.payout.withdrawal_id for booking, _, _ in paid)
    wallets.note_withdrawn(
        [
            Withdrawn(
                withdrawals[booking.attempt.payout.withdrawal_id], booked_id, booking.attempt.amount,
                is_held=is_held, receipt=booking.receipt,
            )
            for booking, booked_id, is_held in paid
        ],
        at=at,
    )  # fmt: skip
