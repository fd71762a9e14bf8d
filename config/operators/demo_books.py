"""Demo books: a few weeks of what programs do with money, booked through the same operations as everything else."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from identity.models import Program
from ledger.models import Account
from ledger.movements import Movement, Posting
from ledger.operations import define_asset, open_account, post_many
from ledger.states import AssetKind

DAYS: Final = 21
# code, name, symbol, kind, how fine the books are, what documents and rails carry
ASSETS: Final = (
    ("KES", "Kenyan shilling", "KSh", AssetKind.FIAT, 4, 2),
    ("EUR", "Euro", "\N{EURO SIGN}", AssetKind.FIAT, 4, 2),
    ("USD", "US dollar", "$", AssetKind.FIAT, 4, 2),
    ("GOLD", "Gold Coins", "", AssetKind.POINTS, 0, 0),
    ("DIAMOND", "Diamonds", "", AssetKind.POINTS, 0, 0),
    ("LOYALTY", "Loyalty Points", "", AssetKind.POINTS, 0, 0),
)


def make_assets() -> None:
    """Define the assets every installation begins with."""
    for code, name, symbol, kind, scale, payable_scale in ASSETS:
        define_asset(code, name=name, symbol=symbol, kind=kind, scale=scale, payable_scale=payable_scale)


def make_books(program: Program, *, at: datetime) -> None:
    """Book some weeks of ``program``, unless it has accounts already."""
    if Account.objects.filter(program=program).exists():
        return
    post_many(_weeks(Chart(program, at), at))


class Chart:
    """The program's accounts, by code, opened when they are first named."""

    PREFIX: Final = "house:demo:"

    def __init__(self, program: Program, at: datetime) -> None:
        self.program, self.at, self.asset = program, at, program.default_asset_code
        self.chance = random.Random(program.slug)  # noqa: S311  (no secret; the same books everywhere)
        self._known: dict[tuple[str, str], int] = {}

    def asked(self, key: str, kind: str, *legs: tuple[str, str, Decimal], at: datetime, asset: str = "") -> Posting:
        movements = tuple(
            Movement(self._account(debit, asset), self._account(credit, asset), amount)
            for debit, credit, amount in legs
        )
        return Posting(
            program_id=self.program.pk, key=f"{self.PREFIX}{key}", kind=kind, movements=movements, effective_at=at,
            memo=key.partition(":")[0].replace("-", " ").capitalize(),
        )  # fmt: skip

    def _account(self, code: str, asset: str) -> int:
        named = (code.replace("program:", f"program:{self.program.slug}:"), asset or self.asset)
        if named not in self._known:
            self._known[named] = open_account(named[0], program=self.program, asset_code=named[1], at=self.at).pk
        return self._known[named]


def _weeks(chart: Chart, at: datetime) -> Iterator[Posting]:
    chance = chart.chance
    yield chart.asked("opening-capital:1", "FLOAT_IN", ("rail:mpesa:float", "program:capital", Decimal(250_000)), at=at)
    for day in range(DAYS, -1, -1):
        then = at - timedelta(days=day)
        for name in ("alice", "bob", "carl"):
            wallet, amount = f"wallet:{name}", Decimal(chance.randrange(2_000, 20_000)) / 10
            number = f"{name}-{day}"
            yield chart.asked(f"top-up:{number}", "TOPUP", ("rail:mpesa:clearing", wallet, amount), at=then)
            yield chart.asked(f"on-statement:{number}", "RAIL_SETTLED",
                              ("rail:mpesa:float", "rail:mpesa:clearing", amount), at=then)  # fmt: skip
            spent = (amount * chance.randrange(20, 90) / 100).quantize(Decimal("0.01"))
            yield chart.asked(f"purchase:{number}", "SPEND", (wallet, "program:revenue", spent), at=then)
            coins = Decimal(chance.randrange(1, 50))
            yield chart.asked(
                f"gold-coins:{number}", "BONUS", ("system:treasury", wallet, coins), at=then, asset="GOLD"
            )
        sold = Decimal(chance.randrange(40_000, 400_000)) / 10
        yield chart.asked(f"settlement:{day}", "SETTLEMENT", ("system:settlements", "program:revenue", sold), at=then)
        direct = (sold * Decimal("0.1")).quantize(Decimal("0.01"))
        override = (sold * Decimal("0.02")).quantize(Decimal("0.01"))
        yield chart.asked(f"commission:{day}", "COMMISSION", ("program:expense", "affiliate:alma:liability", direct),
                          ("program:expense", "affiliate:uma:liability", override), at=then)  # fmt: skip
        if day % 7 == 0:
            yield from _payout(chart, day, direct, at=then)


def _payout(chart: Chart, day: int, amount: Decimal, *, at: datetime) -> Iterator[Posting]:
    reserved, float_, flight = "affiliate:alma:reserved", "rail:mpesa:float", "rail:mpesa:in_flight"
    yield chart.asked(
        f"payout-reserved:{day}", "PAYOUT_RESERVED", ("affiliate:alma:liability", reserved, amount), at=at
    )
    yield chart.asked(f"payout-sent:{day}", "PAYOUT_SENT", (flight, float_, amount), at=at)
    yield chart.asked(f"payout-paid:{day}", "PAYOUT_PAID", (reserved, "system:payouts", amount),
                      ("system:payouts", flight, amount), at=at)  # fmt: skip
    yield chart.asked(f"payout-fee:{day}", "RAIL_FEE", ("rail:mpesa:fees", float_, Decimal("33")), at=at)
