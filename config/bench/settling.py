"""What settlements cost that earn two people something: through intents, against intents that post one transaction.

And what nobody should wait for: the reports of a month, and a level of a large tree.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils import timezone

from affiliates.models import CommissionReport, Member, Settlement
from affiliates.operations import draft_reports, finalize_reports, register_affiliate, register_member
from affiliates.operations.confirm_settlements import Proof
from affiliates.operations.settle_by_proof import asked_by
from affiliates.queries.tree import level
from affiliates.states import ReportState, SettlementSource
from audit.context import acting_as
from config.bench.earners import COMMISSIONS, PURSES, TREE
from config.bench.frame import Benchmark, Contender, Figure, Timed
from config.bench.intents import BATCH, TOTAL, Books, benchmarked_kind
from identity.operations import record_terms
from ledger.models import Asset
from ledger.operations import create_intents, open_account, work_intents

AFFILIATES: Final = 500  # who bring members, each under another
REPORTED: Final = 10_000  # affiliates with fifty commissions each
EACH: Final = 50
STANDING: Final = 100_000  # in one tree
REPORTS_MS: Final = 15_000
LEVEL_MS: Final = 100

_CHANCE: Final = random.Random()  # noqa: S311  (no secret)


class _Shop:
    """Members who were brought, and settlements of theirs that are about to be proven."""

    def __init__(self, books: Books) -> None:
        self.program, now = books.program, timezone.now()
        self.asset = Asset.objects.get(code="KES")
        self.clearing = open_account("rail:pay:clearing", program=self.program, asset_code="KES", at=now)
        record_terms(
            program=self.program, base_commission_rate=Decimal("0.1"), override_commission_rate=Decimal("0.02"),
            valid_from=self.program.created_at, reason="benchmark", at=now,
        )  # fmt: skip
        self.members: list[Member] = []
        above: UUID | None = None
        for number in range(AFFILIATES):
            bringer = register_affiliate(
                program=self.program, name=f"A{number}", parent_id=above, is_active=True, at=now
            )
            above = bringer.pk if number % 10 else None
            self.members.append(
                register_member(program=self.program, wallet_address=f"0x{number:040x}", code=bringer.code, at=now)
            )

    def create(self) -> None:
        """Expect settlements, and ask for their settling."""
        now = timezone.now()
        rows = [
            Settlement(
                program=self.program, member=_CHANCE.choice(self.members), asset=self.asset, amount=Decimal("99.95"),
                source=SettlementSource.PROVIDER, source_event=uuid4().hex, rail="pay", created_at=now,
            )
            for _ in range(TOTAL)
        ]  # fmt: skip
        for start in range(0, TOTAL, BATCH):
            some = rows[start : start + BATCH]
            Settlement.objects.bulk_create(some)
            create_intents([asked_by(self._proof(row)) for row in some])

    def _proof(self, row: Settlement) -> Proof:
        return Proof(
            settlement_id=row.pk, program_id=self.program.pk, occurred_at=row.created_at, rail="pay", rail_event=row.pk
        )

    def drain(self) -> None:
        came = work_intents(seconds_at_most=600)
        assert came == {"COMPLETED": TOTAL}, came

    def grow(self) -> UUID:
        """Make a tree of a hundred thousand and half a million commissions; return who stands at its top."""
        now = timezone.now()
        top = register_affiliate(program=self.program, name="Top", is_active=True, at=now)
        named: dict[str, Any] = {
            "program": self.program.pk,
            "at": now,
            "parent": top.pk,
            "tree": "wide-",
            "count": STANDING,
        }
        with connection.cursor() as cursor:
            cursor.execute(TREE, named)
            sold = {
                **named, "member": self.members[0].pk, "asset": self.asset.pk, "affiliates": REPORTED,
                "each": EACH // 2, "at": now - timedelta(days=40),
                "booked": Settlement.objects.recognised().values_list("ledger_transaction", flat=True)[0],
            }  # fmt: skip
            cursor.execute(PURSES, sold)
            cursor.execute(COMMISSIONS, sold)
            cursor.execute("ANALYZE")
        return top.pk

    def report(self) -> None:
        """Draft the month and make it final, and forget it again."""
        end = timezone.now() - timedelta(days=30)
        with transaction.atomic():
            count = draft_reports(program=self.program, start=end - timedelta(days=30), end=end, at=timezone.now())
            assert count > REPORTED, count
            drafts = CommissionReport.objects.filter(program=self.program, state=ReportState.DRAFT)
            finalize_reports(list(drafts.values_list("pk", flat=True)), program_id=self.program.pk, at=timezone.now())
            transaction.set_rollback(True)


@contextmanager
def _contenders() -> Iterator[Sequence[Contender | Timed]]:
    with acting_as("command", "bench"), benchmarked_kind(), connection.cursor() as cursor:
        books = Books()
        books.post()
        shop = _Shop(books)
        shop.create()
        shop.drain()
        top = shop.grow()
        cursor.execute("ANALYZE")  # a plan made while a table is empty is a poor one until the table is analyzed again
        yield (
            Contender("plain intents, one worker", TOTAL, books.drain, prepare=books.create),
            Contender("settlements with two commissions", TOTAL, shop.drain, prepare=shop.create),
            Timed("the reports of 10,000 affiliates, 500,000 rows", 3, shop.report, REPORTS_MS),
            Timed("a level of a tree of 100,000", 100, lambda: level(shop.program.pk, under=top), LEVEL_MS),
        )


SETTLING: Final = Benchmark(
    name="settling",
    question="How much of the intents' rate is left when each settles, and two people earn from it?",
    contenders=_contenders,
    figures=(
        Figure("settlements through intents, against plain intents", "settlements with two commissions",
               "plain intents, one worker", 0.35),
    ),
)  # fmt: skip
