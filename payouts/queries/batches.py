"""Batches, and what is in them."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import starmap
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, Sum

from identity.models import Program, User
from identity.rules import HOUSE_SLUG, STAFF_ROLES
from ledger.money import ZERO, exactly
from payouts import rules
from payouts.errors import UnknownBatch, UnknownPayout
from payouts.models import BatchMaker, Payout, PayoutBatch
from payouts.states import PayoutState, Role

# Those that others agree to; what is left out is no part of it.
_AGREED_ON = ~Q(state=PayoutState.EXCLUDED)


def batch_of(batch_id: UUID, *, program_id: UUID) -> PayoutBatch:
    """Return a batch of the program.

    :raises UnknownBatch: if it has no such.
    """
    found = PayoutBatch.objects.filter(pk=batch_id, program=program_id).select_related("program", "asset").first()
    if found is None:
        raise UnknownBatch(batch=batch_id)
    return found


def locked_batch(batch_id: UUID, *, program_id: UUID) -> PayoutBatch:
    """Return a batch of the program with its lock.

    :raises UnknownBatch: if it has no such.
    """
    found = (
        PayoutBatch.objects.locked()
        .filter(pk=batch_id, program=program_id)
        .select_related("program", "asset", "proposal")
        .first()
    )
    if found is None:
        raise UnknownBatch(batch=batch_id)
    return found


def locked_payout(payout_id: UUID, *, program_id: UUID) -> tuple[PayoutBatch, Payout]:
    """Return a payout and its batch, with both locks: the batch's first.

    :raises UnknownPayout: if the program has no such.
    """
    seen = Payout.objects.filter(pk=payout_id, program=program_id).only("batch_id").first()
    if seen is None:
        raise UnknownPayout(payout=payout_id)
    batch = locked_batch(seen.batch_id, program_id=program_id)
    payout = (
        Payout.objects.locked().select_related("affiliate", "outgoing", "withdrawal", "rail_account").get(pk=payout_id)
    )
    payout.batch = batch
    return batch, payout


# Lines are counted payout by payout, by the one index that finds them so: what a batch has just written is unknown to
# the planner. What is live is no condition, or it might read the index of all that is. Ids come as text, as the digest
# is of that.
_ITEMS: Final = """
SELECT payee_type || ':' || coalesce(affiliate_id, outgoing_id, withdrawal_id), amount, carried,
       coalesce(rail_account_id::text, ''), destination_digest,
       (SELECT count(*) FILTER (WHERE line.is_live) FROM payouts_payoutline line WHERE line.payout_id = payout.id),
       withheld
FROM payouts_payout payout WHERE batch_id = %s AND state <> 'EXCLUDED'
"""


def items_of(batch: PayoutBatch) -> list[rules.Item]:
    """Return what others agree to, payout by payout."""
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS, [batch.pk])
        return list(starmap(rules.Item, cursor.fetchall()))


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a batch: how many, how much is sent, how much is withheld of it, and the digest of all that."""

    count: int
    total: Decimal
    withheld: Decimal
    digest: str


def contents_of(batch: PayoutBatch, *, revision: int) -> Contents:
    """Add up what is in a batch, and take its digest."""
    items = items_of(batch)
    digest = rules.digest_of(str(batch.pk), revision, batch.asset.code, items)
    with exactly():
        total = sum((item.amount for item in items), ZERO)
        withheld = sum((item.withheld for item in items), ZERO)
    return Contents(len(items), total, withheld, digest)


@dataclass(frozen=True, slots=True)
class ByRail:
    """What a batch sends from one rail account, or into wallets here."""

    account: str
    account_id: UUID | None
    count: int
    total: Decimal
    fees: Decimal | None


def totals_by_rail(batch: PayoutBatch) -> list[ByRail]:
    """Return what a batch sends from where."""
    rows = (
        Payout.objects.filter(_AGREED_ON, batch=batch)
        .order_by()
        .values_list("rail_account", "rail_account__name")
        .annotate(count=Count("pk"), total=Sum("amount"), fees=Sum("fee"))
    )
    found = [ByRail(name or "Wallets here", pk, count, total, fees) for pk, name, count, total, fees in rows]
    return sorted(found, key=lambda each: each.account)


def withheld_of(batch: PayoutBatch) -> Decimal:
    """Return what is withheld of all that a batch pays."""
    found: Decimal | None = Payout.objects.filter(_AGREED_ON, batch=batch).aggregate(sum=Sum("withheld"))["sum"]
    return found or ZERO


def counts_of(batch: PayoutBatch) -> dict[str, tuple[int, Decimal]]:
    """Return how many payouts of a batch are in each state, and what they come to."""
    rows = Payout.objects.filter(batch=batch).order_by().values_list("state").annotate(n=Count("pk"), sum=Sum("amount"))
    return {state: (count, total) for state, count, total in rows}


def makers_of(batch: PayoutBatch) -> set[UUID]:
    """Return who had a hand in a batch."""
    return set(BatchMaker.objects.filter(batch=batch).order_by().values_list("user_id", flat=True))


# Of all that is in a payout little was ever on hold: the index of those is looked at, and not all rows of the batch.
_FREED: Final = """
SELECT DISTINCT paid.freed_by
FROM affiliates_commission paid
JOIN payouts_payoutline line ON line.commission_id = paid.id AND line.is_live
JOIN payouts_payout payout ON payout.id = line.payout_id
WHERE paid.program_id = %(program)s AND paid.state = 'BATCHED' AND paid.freed_by <> ''
  AND payout.batch_id = %(batch)s AND payout.state <> 'EXCLUDED'
"""


def had_a_hand(batch: PayoutBatch, *, program: Program) -> dict[tuple[UUID, str], None]:
    """Return who had a hand in what a batch pays without touching it, and how.

    Whoever said where somebody is paid, let go on what was on hold, or approved a withdrawal; and whoever is paid. Only
    staff is of interest: nobody else has a vote.
    """
    places = Q(memberships__program=program) | Q(memberships__program__slug=HOUSE_SLUG)
    staff = set(User.objects.filter(places, memberships__role__in=STAFF_ROLES).values_list("pk", flat=True))
    ready = Payout.objects.filter(_AGREED_ON, batch=batch).order_by()
    found: dict[tuple[UUID, str], None] = {}
    for added, verified in ready.values_list("method__added_by", "method__verified_by").distinct():
        for actor in (added, verified):
            _note(found, actor, Role.PAYEE)
    for addressed in ready.values_list("outgoing__addressed_by", flat=True).distinct():
        _note(found, addressed, Role.PAYEE)
    for approved, owner in ready.values_list("withdrawal__approved_by", "withdrawal__wallet__party__user").distinct():
        _note(found, approved, Role.APPROVED)
        if owner is not None:
            found[owner, Role.PAID] = None
    with connection.cursor() as cursor:
        cursor.execute(_FREED, {"program": batch.program_id, "batch": batch.pk})
        for (freed,) in cursor.fetchall():
            _note(found, freed, Role.FREED)
    for user_id in ready.filter(affiliate__user__in=staff).values_list("affiliate__user", flat=True).distinct():
        found[user_id, Role.PAID] = None
    return {(user_id, role): None for user_id, role in found if user_id in staff}


def _note(found: dict[tuple[UUID, str], None], actor: str | None, role: Role) -> None:
    kind, _, name = (actor or "").partition(":")
    if kind == "user":
        found[UUID(name), role] = None
