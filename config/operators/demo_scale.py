"""Demo books of any size: turns of twenty transactions, the same whenever they are asked for again."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from config.operators.demo_books import Chart
from identity.models import Program
from ledger.models import Transaction
from ledger.movements import Posting
from ledger.operations import post_many

TURN: Final = 20
TURNS_IN_A_PROGRAM: Final = 250
_TURNS_AT_ONCE: Final = 50
_WALLETS: Final = 40
_DAYS: Final = 90

# What happens in one: kind, then from and to and how much. W is the wallet whose turn it is, X the next one; of what is
# held there, and of what the affiliate has in a payout, nothing is left.
_STEPS: Final[tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...]] = (
    ("TOPUP", (("rail:mpesa:clearing", "W", "200"),)),
    ("RAIL_SETTLED", (("rail:mpesa:float", "rail:mpesa:clearing", "200"),)),
    ("RAIL_FEE", (("rail:mpesa:fees", "rail:mpesa:float", "1.5"),)),
    ("SPEND", (("W", "program:revenue", "40"),)),
    ("TRANSFER", (("W", "X", "15"),)),
    ("BONUS", (("program:expense", "W", "5"),)),
    ("HOLD", (("W", "W:reserved", "30"),)),
    ("CAPTURE", (("W:reserved", "program:revenue", "20"),)),
    ("RELEASE", (("W:reserved", "W", "10"),)),
    ("PAYMENT", (("W", "program:revenue", "12.25"),)),
    ("SETTLEMENT", (("system:settlements", "program:revenue", "80"),)),
    ("SETTLEMENT_RECEIVED", (("rail:mpesa:clearing", "system:settlements", "80"),)),
    ("RAIL_SETTLED", (("rail:mpesa:float", "rail:mpesa:clearing", "80"),)),
    ("COMMISSION", (("program:expense", "A:liability", "8"), ("program:expense", "affiliate:uma:liability", "1.6"))),
    ("PAYOUT_RESERVED", (("A:liability", "A:reserved", "6"),)),
    ("PAYOUT_SENT", (("rail:mpesa:in_flight", "rail:mpesa:float", "6"),)),
    ("PAYOUT_PAID", (("A:reserved", "system:payouts", "6"), ("system:payouts", "rail:mpesa:in_flight", "6"))),
    ("ADJUSTMENT", (("program:expense", "W", "1"),)),
    ("REFUND", (("program:revenue", "W", "3.5"),)),
    ("FEE", (("W", "program:fees", "0.5"),)),
)
assert len(_STEPS) == TURN


def programs_for(transactions: int) -> int:
    """Return over how many programs so many transactions are spread."""
    return -(-_turns(transactions) // TURNS_IN_A_PROGRAM)


def make_many_books(transactions: int) -> Iterator[int]:
    """Book ``transactions``, in whole turns, in the programs that ``make_many`` made; yield how many stand.

    A batch books whole or not at all, and what is booked is passed over: killed, it goes on where it was.
    """
    left, stand = _turns(transactions), 0
    programs = Program.objects.filter(slug__startswith="demo-").order_by("slug")
    for program in programs[: programs_for(transactions)]:
        turns = min(left, TURNS_IN_A_PROGRAM)
        left -= turns
        chart = Chart(program, program.created_at)
        for first in range(0, turns, _TURNS_AT_ONCE):
            numbers = range(first, min(first + _TURNS_AT_ONCE, turns))
            if not Transaction.objects.filter(program_id=program.pk, key=_key(numbers[-1], TURN - 1)).exists():
                post_many(posting for number in numbers for posting in _turn(chart, number, at=program.created_at))
            stand += len(numbers) * TURN
            yield stand


def _turns(transactions: int) -> int:
    return -(-transactions // TURN)


def _turn(chart: Chart, number: int, *, at: datetime) -> Iterator[Posting]:
    # Nothing is left to chance or to the clock: asked for again, each posting is the one it was.
    then = at - timedelta(days=number * 37 % _DAYS, minutes=number % 1440)
    times = 1 + number % 9
    names = {"W": f"wallet:demo-{number % _WALLETS}", "X": f"wallet:demo-{(number + 1) % _WALLETS}",
             "A": f"affiliate:demo-{number % 7}"}  # fmt: skip
    for place, (kind, legs) in enumerate(_STEPS):
        told = [
            (_named(debit, names), _named(credit, names), Decimal(amount) * times) for debit, credit, amount in legs
        ]
        yield chart.asked(_key(number, place).removeprefix(Chart.PREFIX), kind, *told, at=then)


def _named(code: str, names: dict[str, str]) -> str:
    first, colon, rest = code.partition(":")
    return names.get(first, first) + colon + rest


def _key(number: int, place: int) -> str:
    return f"{Chart.PREFIX}{_STEPS[place][0].lower().replace('_', '-')}:{number:06}-{place:02}"
