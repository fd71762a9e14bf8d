"""What the intent pipeline costs: one process draining intents that post one transaction each, against posting them.

One in twenty is refused. What is timed is the worker's part: claim, lock, post, outcome, journal and tally.

"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from audit.context import acting_as
from config.bench.frame import Benchmark, Contender, Figure
from identity.operations import create_program
from ledger.errors import PostingRefused
from ledger.kinds import Done, Errand, IntentKind, Outcome, register_kind
from ledger.movements import Movement, Posting
from ledger.operations import create_intents, define_asset, open_account, post_many, work_intents
from ledger.operations.create_intents import Wanted
from ledger.states import AssetKind

ACCOUNTS: Final = 1_000
BATCH: Final = 1_000
TOTAL: Final = 10_000
REFUSED_ONE_IN: Final = 20
TOO_MUCH: Final = Decimal("0.00000001")  # finer than the asset

_CHANCE: Final = random.Random()  # noqa: S311  (no secret)


class Books:
    """A thousand accounts, and what is asked to be posted between them."""

    def __init__(self) -> None:
        now = timezone.now()
        self.program = create_program(name="Benchmark", slug="bench", at=now)
        define_asset("KES", name="Kenyan shilling", kind=AssetKind.FIAT, scale=4, payable_scale=2)
        codes = [f"affiliate:{number}:liability" for number in range(ACCOUNTS)]
        self.accounts = [open_account(code, program=self.program, asset_code="KES", at=now).pk for code in codes]
        self.number = 0

    def payload(self) -> dict[str, object]:
        self.number += 1
        debit, credit = _CHANCE.sample(self.accounts, 2)
        amount = TOO_MUCH if self.number % REFUSED_ONE_IN == 0 else Decimal("1.5")
        return {"debit": debit, "credit": credit, "amount": f"{amount:f}"}

    def post(self) -> None:
        for _ in range(TOTAL // BATCH):
            asked = [(f"bench:{_CHANCE.getrandbits(48)}:{number}", self.payload()) for number in range(BATCH)]
            post_many([_posting(self.program.pk, key, payload) for key, payload in asked], each=True)

    def create(self) -> None:
        for _ in range(TOTAL // BATCH):
            create_intents([
                Wanted(
                    kind="BENCH", program_id=self.program.pk, key=f"BENCH:{_CHANCE.getrandbits(48)}:{number}",
                    payload=self.payload(),
                )
                for number in range(BATCH)
            ])  # fmt: skip

    def drain(self) -> None:
        came = work_intents(seconds_at_most=600)
        assert came == {"COMPLETED": TOTAL - TOTAL // REFUSED_ONE_IN, "DEAD": TOTAL // REFUSED_ONE_IN}, came


def _posting(program_id: UUID, key: str, payload: object) -> Posting:
    assert isinstance(payload, dict)
    movement = Movement(payload["debit"], payload["credit"], Decimal(payload["amount"]))
    return Posting(program_id=program_id, key=key, kind="MANUAL_JOURNAL", movements=(movement,))


def _carry_out(errands: Sequence[Errand]) -> list[Outcome]:
    asked = [replace(_posting(one.program_id, f"intent:{one.id}", one.payload), asker=one.asker) for one in errands]
    return [
        one if isinstance(one, PostingRefused) else Done({"transaction": str(one.id)})
        for one in post_many(asked, each=True)
    ]


_KIND: Final = IntentKind(name="BENCH", label="Benchmark", examine=dict, carry_out=_carry_out)


@contextmanager
def benchmarked_kind() -> Iterator[None]:
    """Have the intents carried out that post one transaction each."""
    register_kind(_KIND)
    yield


@contextmanager
def _contenders() -> Iterator[Sequence[Contender]]:
    with acting_as("command", "bench"), benchmarked_kind(), connection.cursor() as cursor:
        books = Books()
        books.post()  # a plan made while a table is empty is a poor one until the table is analyzed again
        cursor.execute("ANALYZE")
        yield (
            Contender("post_many, batches of 1,000", TOTAL, books.post),
            Contender("intents, one worker", TOTAL, books.drain, prepare=books.create),
        )


INTENTS = Benchmark(
    name="intents",
    question="How much of posting's rate is left when what is posted was asked for by intents?",
    contenders=_contenders,
    figures=(Figure("drained by one worker, against posting", "intents, one worker",
                    "post_many, batches of 1,000", 0.4),),
)  # fmt: skip
