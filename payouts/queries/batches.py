"""Batches, and what is in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum, UUIDField
from django.db.models.functions import Coalesce

from affiliates.models import Commission
from identity.models import Program, User
from identity.rules import HOUSE_SLUG, STAFF_ROLES
from ledger.money import ZERO
from payouts import rules
from payouts.errors import UnknownBatch, UnknownPayout
from payouts.models import BatchMaker, Payout, PayoutBatch, PayoutLine
from payouts.states import PayoutState, Role

_PAYEE = Coalesce("affiliate_id", "outgoing_id", "withdrawal_id", output_field=UUIDField())
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


def items_of(batch: PayoutBatch) -> Iterator[rules.Item]:
    """Return what others agree to, payout by payout."""
    payouts: list[tuple[Any, ...]] = list(
        Payout.objects.filter(_AGREED_ON, batch=batch)
        .order_by()
        .values_list("pk", "payee_type", _PAYEE, "amount", "carried", "rail_account", "destination_digest")
    )
    # By ids and not joined: what a batch has just written is unknown to the planner, which would read it for each row.
    lines = PayoutLine.objects.filter(payout__in=[pk for pk, *_ in payouts], is_live=True).order_by()
    rows = dict(lines.values_list("payout").annotate(count=Count("pk")))
    for pk, payee_type, payee_id, amount, carried, account_id, digest in payouts:
        payee = f"{payee_type}:{payee_id}"
        yield rules.Item(payee, amount, carried, str(account_id or ""), digest, rows.get(pk, 0))


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a batch: how many, how much, and the digest of it."""

    count: int
    total: Decimal
    digest: str


def contents_of(batch: PayoutBatch, *, revision: int) -> Contents:
    """Add up what is in a batch, and take its digest."""
    items = list(items_of(batch))
    digest = rules.digest_of(str(batch.pk), revision, batch.asset.code, items)
    total = Payout.objects.filter(_AGREED_ON, batch=batch).aggregate(sum=Sum("amount"))["sum"] or ZERO
    return Contents(len(items), total, digest)


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


def counts_of(batch: PayoutBatch) -> dict[str, tuple[int, Decimal]]:
    """Return how many payouts of a batch are in each state, and what they come to."""
    rows = Payout.objects.filter(batch=batch).order_by().values_list("state").annotate(n=Count("pk"), sum=Sum("amount"))
    return {state: (count, total) for state, count, total in rows}


def makers_of(batch: PayoutBatch) -> set[UUID]:
    """Return who had a hand in a batch."""
    return set(BatchMaker.objects.filter(batch=batch).order_by().values_list("user_id", flat=True))


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
    lines = PayoutLine.objects.filter(payout__in=list(ready.values_list("pk", flat=True)), is_live=True)
    paid = Commission.objects.filter(pk__in=list(lines.values_list("commission", flat=True))).exclude(freed_by="")
    for freed in paid.order_by().values_list("freed_by", flat=True).distinct():
        _note(found, freed, Role.FREED)
    for user_id in ready.filter(affiliate__user__in=staff).values_list("affiliate__user", flat=True).distinct():
        found[user_id, Role.PAID] = None
    return {(user_id, role): None for user_id, role in found if user_id in staff}


def _note(found: dict[tuple[UUID, str], None], actor: str | None, role: Role) -> None:
    kind, _, name = (actor or "").partition(":")
    if kind == "user":
        found[UUID(name), role] = None
