"""Who stands under whom, one level at a time: of a tree of a hundred thousand nobody wants more than a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from affiliates.models import Affiliate, Tally
from affiliates.rules import LEVELS_AT_MOST

PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An affiliate in the tree, with how many stand right under it, and how many at any depth."""

    affiliate: Affiliate
    children: int
    downline: int
    members: int


@dataclass(frozen=True, slots=True)
class Level:
    """Those right under somebody, or at the top, the latest first; ``after`` is where the next page begins."""

    nodes: Sequence[Node]
    after: UUID | None


def level(program_id: UUID, *, under: UUID | None, after: UUID | None = None, size: int = PAGE) -> Level:
    """Return a page of those who stand right under ``under``: three statements, however large the tree is."""
    rows = Affiliate.objects.filter(program=program_id, parent=under).select_related("party", "tier").order_by("-id")
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows[: size + 1])
    nodes = _nodes(found[:size])
    return Level(nodes, found[size - 1].pk if len(found) > size else None)


def node(affiliate: Affiliate) -> Node:
    """Return an affiliate as it stands in the tree."""
    return _nodes([affiliate])[0]


def line_above(affiliate: Affiliate) -> list[Affiliate]:
    """Return those above an affiliate, the nearest first."""
    above: list[Affiliate] = []
    current = affiliate
    while current.parent_id is not None and len(above) < LEVELS_AT_MOST:
        current = Affiliate.objects.get(pk=current.parent_id)
        above.append(current)
    return above


def stands_under(affiliate: Affiliate, *, top: UUID) -> bool:
    """Whether somebody stands at any depth under another, or is the other."""
    return affiliate.pk == top or any(one.pk == top for one in line_above(affiliate))


def _nodes(affiliates: Sequence[Affiliate]) -> list[Node]:
    ids = [one.pk for one in affiliates]
    children = dict(
        Affiliate.objects.filter(parent__in=ids).order_by().values_list("parent").annotate(count=Count("pk"))
    )
    told: QuerySet[Tally] = Tally.objects.filter(affiliate__in=ids, what__in=("DOWNLINE", "MEMBER")).order_by()
    counts = dict.fromkeys(ids, (0, 0))
    for pk, downline, members in told.values_list("affiliate").annotate(
        downline=Sum("count", filter=Q(what="DOWNLINE")), brought=Sum("count", filter=Q(what="MEMBER"))
    ):
        counts[pk] = (downline or 0, members or 0)
    return [
        Node(
            affiliate=one, children=children.get(one.pk, 0), downline=counts[one.pk][0], members=counts[one.pk][1],
        )
        for one in affiliates
    ]  # fmt: skip
