"""What spending costs over HTTP, on the production server: against a bare view with one INSERT, and how long it takes.

Both are asked by the same key over sixteen connections, from a process of its own. The time is taken at half of the
rate that was reached, and from the moment each request was due.
"""

import secrets
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from audit.context import acting_as
from config.bench.frame import Benchmark, Contender, Figure, Sampled
from config.bench.server import Sender, sending, serving
from identity import rules
from identity.models import ApiKey, Program
from identity.operations import create_program, create_user, open_party
from identity.states import PartyKind
from ledger.operations import define_asset
from ledger.states import AssetKind
from wallets.operations import open_wallet, top_up

WALLETS: Final = 64
CONNECTIONS: Final = 16
REQUESTS: Final = 400
OPEN_LOOP_SECONDS: Final = 8
LEAST_SAMPLED: Final = 100
LIMIT_MS: Final = 100

SPEND: Final = {"asset": "GOLD", "amount": "1", "description": "bench"}


def make_key(program: Program, *scopes: str) -> str:
    """Return what to send as a key of the program; two people would have to agree to it, were it anybody's."""
    now, prefix, secret = timezone.now(), secrets.token_hex(6), secrets.token_urlsafe(32)
    ApiKey.objects.create(
        program=program, name="Bench", prefix=prefix, secret_hash=rules.hash_of(secret), scopes=sorted(scopes),
        created_by=create_user(email=f"{prefix}@bench.example", password=None, name="Bench", at=now), created_at=now,
        expires_at=now + timedelta(days=1), last_used_at=now,
    )  # fmt: skip
    return f"Api-Key {prefix}.{secret}"


def _purses(program: Program) -> list[UUID]:
    """Open wallets with more in them than is ever spent."""
    owners, now = [], timezone.now()
    for number in range(WALLETS):
        party = open_party(program=program, kind=PartyKind.PERSON, name=f"Somebody {number}", at=now)
        wallet = open_wallet(party.pk, program_id=program.pk, asset_code="GOLD", at=now)
        top_up(wallet.pk, program_id=program.pk, amount=Decimal(10**9), key=f"bench:{number}", at=now)
        owners.append(party.pk)
    return owners


class _Asking:
    """Who asks for both, and how fast the answers came."""

    def __init__(self, sender: Sender, owners: list[UUID]) -> None:
        self.sender = sender
        self.paths = [f"/wallets/{owner}/spend" for owner in owners]
        self.rates: list[float] = []

    def spend(self) -> None:
        sent = self.sender.send(
            self.paths, SPEND, count=REQUESTS, connections=CONNECTIONS, keys=secrets.token_hex(8)
        )  # fmt: skip
        assert sent.statuses == {"201": REQUESTS}, sent.statuses
        self.rates.append(REQUESTS / sent.seconds)

    def insert(self) -> None:
        sent = self.sender.send(["/bench/bare"], SPEND, count=REQUESTS, connections=CONNECTIONS, keys="bare")
        assert sent.statuses == {"201": REQUESTS}, sent.statuses

    def at_half(self) -> Sequence[float]:
        rate = statistics.median(self.rates) / 2
        count = max(LEAST_SAMPLED, int(rate * OPEN_LOOP_SECONDS))
        sent = self.sender.send(
            self.paths, SPEND, count=count, connections=4 * CONNECTIONS, keys=secrets.token_hex(8), rate=rate
        )  # fmt: skip
        assert sent.statuses == {"201": count}, sent.statuses
        return sent.milliseconds


@contextmanager
def _contenders() -> Iterator[Sequence[Contender | Sampled]]:
    with acting_as("command", "bench"):
        program = create_program(name="Benchmark", slug="bench", at=timezone.now())
        define_asset("GOLD", name="Gold Coins", kind=AssetKind.POINTS, scale=0)
        owners = _purses(program)
        key = make_key(program, "wallet.spend")
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bench_bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, amount text)")
            cursor.execute("ANALYZE")
        headers = {"Authorization": key}
        with serving(config="config/bench/gunicorn_bare.py") as port, sending(port, headers) as sender:
            asking = _Asking(sender, owners)
            yield (
                Contender("spend", REQUESTS, asking.spend),
                Contender("bare view, one INSERT", REQUESTS, asking.insert),
                Sampled("spend, at half of that rate", asking.at_half, LIMIT_MS),
            )


SPENDING = Benchmark(
    name="spending",
    question="What does spending cost over HTTP, and how long does it take?",
    contenders=_contenders,
    figures=(Figure("spending, against one INSERT", "spend", "bare view, one INSERT", 0.35),),
)
