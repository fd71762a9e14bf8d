"""What has to hold of what affiliates earned, counted anew from the rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from affiliates.models import Affiliate, Purse, Settlement
from affiliates.states import SettlementSource
from wallets.models import RailEvent
from wallets.states import RailEventState

# A chain's settlements are looked at each night while they are young; one that was not, was forgotten.
LOOKED_AT_WITHIN: Final = timedelta(hours=50)
LOOKED_AT_FOR: Final = timedelta(days=13)

_EARNINGS: Final = """
WITH earned AS (
    SELECT program_id, affiliate_id, asset_id, sum(amount) AS amount FROM affiliates_commission
    WHERE state NOT IN ('PAID', 'VOIDED') AND (%(program)s::uuid IS NULL OR program_id = %(program)s)
    GROUP BY 1, 2, 3
), booked AS (
    SELECT purse.program_id, purse.affiliate_id, purse.asset_id, sum(balance.amount) AS amount
    FROM affiliates_purse purse
    JOIN ledger_balance balance ON balance.account_id IN (purse.liability_id, purse.reserved_id)
    WHERE %(program)s::uuid IS NULL OR purse.program_id = %(program)s
    GROUP BY 1, 2, 3
)
SELECT affiliate.program_id, affiliate_id, affiliate.code, asset.code, coalesce(earned.amount, 0),
       coalesce(booked.amount, 0)
FROM earned FULL JOIN booked USING (program_id, affiliate_id, asset_id)
JOIN affiliates_affiliate affiliate ON affiliate.id = affiliate_id JOIN ledger_asset asset ON asset.id = asset_id
WHERE coalesce(earned.amount, 0) <> coalesce(booked.amount, 0)
ORDER BY 3, 4
"""

# A settlement and its family: the base is the settlement's, the amounts follow from base and rate, what was clawed back
# of a row is its part of what was taken back (a voided row has none any more), and both levels together respect each.
_FAMILIES: Final = """
WITH family AS (
    SELECT row.*, settlement.amount AS settled, settlement.reversed_amount, settlement.member_id,
           settlement.affiliate_id AS seller, settlement.parent_id AS above, settlement.state AS settlement_state,
           asset.scale,
           (SELECT coalesce(sum(amount), 0) FROM affiliates_commission one WHERE one.corrects_id = row.id) AS corrected
    FROM affiliates_commission row
    JOIN affiliates_settlement settlement ON settlement.id = row.settlement_id
    JOIN ledger_asset asset ON asset.id = row.asset_id
    WHERE row.type IN ('DIRECT', 'OVERRIDE') AND (%(program)s::uuid IS NULL OR row.program_id = %(program)s)
)
SELECT program_id, settlement_id, 'its commission is not its base times its rate',
       json_build_object('base', base::text, 'rate', rate::text, 'amount', amount::text)
FROM family WHERE base <> settled OR exact <> base * rate OR abs(amount - exact) * 2 > power(10::numeric, -scale)
UNION ALL
SELECT program_id, settlement_id, 'its commission is somebody else''s',
       json_build_object('type', type, 'affiliate', affiliate_id)
FROM family WHERE affiliate_id IS DISTINCT FROM CASE type WHEN 'DIRECT' THEN seller ELSE above END
UNION ALL
SELECT program_id, settlement_id, 'what was clawed back is not its part of what was taken back',
       json_build_object('earned', amount::text, 'taken_back', reversed_amount::text, 'clawed_back', corrected::text)
FROM family WHERE state <> 'VOIDED'
  AND abs(corrected + amount * reversed_amount / settled) * 2 > power(10::numeric, -scale) * 1.000001
UNION ALL
SELECT settlement.program_id, settlement.id, 'it has a family though it is not in the books',
       json_build_object('state', settlement.state)
FROM affiliates_settlement settlement
WHERE settlement.confirmed_at IS NULL AND (%(program)s::uuid IS NULL OR settlement.program_id = %(program)s)
  AND EXISTS (SELECT FROM affiliates_commission row WHERE row.settlement_id = settlement.id)
UNION ALL
SELECT settlement.program_id, settlement.id, 'who brought it has earned nothing from it',
       json_build_object('affiliate', settlement.affiliate_id)
FROM affiliates_settlement settlement
WHERE settlement.affiliate_id IS NOT NULL AND settlement.confirmed_at IS NOT NULL
  AND (%(program)s::uuid IS NULL OR settlement.program_id = %(program)s)
  AND NOT EXISTS (
      SELECT FROM affiliates_commission row WHERE row.settlement_id = settlement.id AND row.type = 'DIRECT')
ORDER BY 2, 3
"""

_TALLIES: Final = """
WITH counted AS (
    SELECT program_id, affiliate_id, asset_id, type || ':' || state AS what, count(*) AS count, sum(amount) AS amount
    FROM affiliates_commission GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT program_id, affiliate_id, NULL, 'CLICK', count(*), 0 FROM affiliates_click GROUP BY 1, 2
    UNION ALL
    SELECT program_id, affiliate_id, NULL, 'MEMBER', count(*), 0 FROM affiliates_member
    WHERE affiliate_id IS NOT NULL AND state <> 'PENDING' GROUP BY 1, 2
    UNION ALL
    SELECT program_id, affiliate_id, asset_id, 'SETTLED', count(*), sum(amount - reversed_amount)
    FROM affiliates_settlement WHERE affiliate_id IS NOT NULL AND confirmed_at IS NOT NULL GROUP BY 1, 2, 3
), told AS (
    SELECT program_id, affiliate_id, asset_id, what, sum(count) AS count, sum(amount) AS amount
    FROM affiliates_tally WHERE what <> 'DOWNLINE' GROUP BY 1, 2, 3, 4
), both_ways AS (
    SELECT program_id, affiliate_id, asset_id, what, count, amount, TRUE AS is_counted FROM counted
    UNION ALL
    SELECT program_id, affiliate_id, asset_id, what, count, amount, FALSE FROM told
)
SELECT affiliate.program_id, affiliate_id, affiliate.code, coalesce(asset.code, ''), what,
       coalesce(sum(both_ways.count) FILTER (WHERE NOT is_counted), 0)::text || ' of '
           || trim_scale(coalesce(sum(both_ways.amount) FILTER (WHERE NOT is_counted), 0))::text,
       coalesce(sum(both_ways.count) FILTER (WHERE is_counted), 0)::text || ' of '
           || trim_scale(coalesce(sum(both_ways.amount) FILTER (WHERE is_counted), 0))::text
FROM both_ways JOIN affiliates_affiliate affiliate ON affiliate.id = affiliate_id
LEFT JOIN ledger_asset asset ON asset.id = asset_id
WHERE %(program)s::uuid IS NULL OR both_ways.program_id = %(program)s
GROUP BY affiliate.program_id, affiliate_id, affiliate.code, asset.code, what
HAVING sum(CASE WHEN is_counted THEN count ELSE -count END) <> 0
    OR sum(CASE WHEN is_counted THEN both_ways.amount ELSE -both_ways.amount END) <> 0
ORDER BY 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class Earnings:
    """An affiliate whose rows and whose accounts differ."""

    program_id: UUID
    affiliate_id: UUID
    code: str
    asset: str
    rows: str
    books: str


@dataclass(frozen=True, slots=True)
class FamilyFault:
    """A settlement from which its commissions do not follow."""

    program_id: UUID
    settlement_id: UUID
    what: str
    says: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TallyFault:
    """A figure that an affiliate is shown and that the rows do not add up to."""

    program_id: UUID
    affiliate_id: UUID
    code: str
    asset: str
    what: str
    told: str
    counted: str


def earnings(program_id: UUID | None) -> tuple[int, list[Earnings]]:
    """Return how many purses were looked at, and those whose rows come to something else than the books."""
    looked_at = Purse.objects.filter(**({"program": program_id} if program_id else {})).count()
    return looked_at, [
        Earnings(program, affiliate, code, asset, f"{rows.normalize():f}", f"{books.normalize():f}")
        for program, affiliate, code, asset, rows, books in _rows(_EARNINGS, program_id)
    ]


def families(program_id: UUID | None) -> tuple[int, list[FamilyFault]]:
    """Return how many settlements were looked at, and what does not follow from them."""
    looked_at = Settlement.objects.recognised().filter(**({"program": program_id} if program_id else {})).count()
    return looked_at, [FamilyFault(*row) for row in _rows(_FAMILIES, program_id)]


def tallies(program_id: UUID | None) -> tuple[int, list[TallyFault]]:
    """Return how many affiliates were looked at, and which of their figures differ from their rows."""
    looked_at = Affiliate.objects.filter(**({"program": program_id} if program_id else {})).count()
    return looked_at, [TallyFault(*row) for row in _rows(_TALLIES, program_id)]


def proofs(program_id: UUID | None, *, at: datetime) -> tuple[int, Iterator[tuple[Settlement, str]]]:
    """Return how many settlements are in the books, and those whose proof is not what it was."""
    known = Settlement.objects.recognised().filter(**({"program": program_id} if program_id else {}))
    return known.count(), _unproven(known, at=at)


def _unproven(known: Any, *, at: datetime) -> Iterator[tuple[Settlement, str]]:
    on_chain = known.filter(source=SettlementSource.CHAIN)
    for settlement in on_chain.exclude(verdict=""):
        yield settlement, settlement.verdict
    young = Q(confirmed_at__gte=at - LOOKED_AT_FOR, verified_at__lt=at - LOOKED_AT_WITHIN)
    for settlement in on_chain.filter(young, verdict=""):
        yield settlement, "its receipt was not looked at again"
    applied = RailEvent.objects.filter(state__in=(RailEventState.APPLIED, RailEventState.IGNORED)).values("pk")
    for settlement in known.filter(source=SettlementSource.PROVIDER).exclude(rail_event__in=applied):
        yield settlement, "the event that proved it is not there"


def _rows(statement: str, program_id: UUID | None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"program": program_id})
        return list(cursor.fetchall())
