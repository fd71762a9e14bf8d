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

# Every settlement earns two people something, as it would if it had been booked; nobody reads the books here.
_COMMISSIONS: Final = """
WITH sold AS (
    INSERT INTO affiliates_settlement (
        id, program_id, member_id, affiliate_id, parent_id, asset_id, amount, reversed_amount, source, source_event,
        rail, tx_hash, state, occurred_at, created_at, confirmed_at, verified_at, attempts, verdict,
        ledger_transaction_id)
    SELECT gen_random_uuid(), %(program)s, %(member)s, who.id, who.parent_id, %(asset)s, 100, 0, 'PROVIDER',
           'month:' || who.number || ':' || nth.number, '', '',
           'CONFIRMED', %(at)s, %(at)s, %(at)s, %(at)s, 0, '',
           %(booked)s
    FROM (SELECT id, parent_id, row_number() OVER (ORDER BY id) AS number FROM affiliates_affiliate one
          WHERE program_id = %(program)s AND parent_id IS NOT NULL
            AND EXISTS (SELECT FROM affiliates_purse purse WHERE purse.affiliate_id = one.id)
            AND EXISTS (SELECT FROM affiliates_purse purse WHERE purse.affiliate_id = one.parent_id)
          ORDER BY id LIMIT %(affiliates)s) who,
         generate_series(1, %(each)s) AS nth (number)
    RETURNING id, affiliate_id, parent_id
)
INSERT INTO affiliates_commission (
    id, program_id, affiliate_id, asset_id, type, state, amount, settlement_id, base, rate, exact, rate_from,
    accrued_at, payable_at, held_reason, reason, ledger_transaction_id)
SELECT gen_random_uuid(), %(program)s, earner.id, %(asset)s, earner.type, 'DUE', earner.amount, sold.id, 100,
       earner.amount / 100, earner.amount, 'the program''s', %(at)s, %(at)s, '', '', %(booked)s
FROM sold, LATERAL (VALUES (affiliate_id, 'DIRECT', 10), (parent_id, 'OVERRIDE', 2)) AS earner (id, type, amount)
"""
_PURSES: Final = """
WITH owner AS (
    SELECT id FROM affiliates_affiliate one WHERE program_id = %(program)s
      AND NOT EXISTS (SELECT FROM affiliates_purse purse WHERE purse.affiliate_id = one.id)
    ORDER BY id LIMIT %(affiliates)s + 1
), account AS (
    INSERT INTO ledger_account (program_id, asset_id, code, role, account_class, status, opened_at)
    SELECT %(program)s, %(asset)s, 'affiliate:' || owner.id || ':' || part.name, part.role, 'LIABILITY', 'OPEN', %(at)s
    FROM owner, (VALUES ('liability', 'AFFILIATE'), ('reserved', 'AFFILIATE_RESERVED')) AS part (name, role)
    RETURNING id, code
)
INSERT INTO affiliates_purse (id, program_id, affiliate_id, asset_id, liability_id, reserved_id)
SELECT gen_random_uuid(), %(program)s, owner.id, %(asset)s, liability.id, reserved.id
FROM owner
JOIN account liability ON liability.code = 'affiliate:' || owner.id || ':liability'
JOIN account reserved ON reserved.code = 'affiliate:' || owner.id || ':reserved'
"""
_TREE: Final = """
WITH party AS (
    INSERT INTO identity_party (id, program_id, kind, name, external_reference, status, salt, created_at)
    SELECT gen_random_uuid(), %(program)s, 'PERSON', 'N' || number, %(tree)s || number, 'ACTIVE', 'x', %(at)s
    FROM generate_series(1, %(count)s) AS number
    RETURNING id, external_reference
)
INSERT INTO affiliates_affiliate (
    id, program_id, party_id, code, phone_digest, parent_id, state, state_reason, last_standing, joined_at)
SELECT gen_random_uuid(), %(program)s, id, external_reference, '', %(parent)s, 'ACTIVE', '', 1, %(at)s FROM party
"""


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

    def grow(self) -> UUID:  # PROFILE
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
            cursor.execute(_TREE, named)
            sold = {
                **named, "member": self.members[0].pk, "asset": self.asset.pk, "affiliates": REPORTED,
                "each": EACH // 2, "at": now - timedelta(days=40),
                "booked": Settlement.objects.recognised().values_list("ledger_transaction", flat=True)[0],
            }  # fmt: skip
            cursor.execute(_PURSES, sold)
            cursor.execute(_COMMISSIONS, sold)
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
