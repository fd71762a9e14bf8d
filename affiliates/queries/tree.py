"""Who stands under whom, one level at a time: of a tree of a hundred thousand nobody wants more than a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from affiliates.models import Affiliate, Tally

PAGE: Final = 50

# A trigger keeps trees from having more levels than fifty, so this ends.
_ABOVE: Final = """
WITH RECURSIVE up AS (
    SELECT affiliate.*, 1 AS distance FROM affiliates_affiliate affiliate WHERE id = %(start)s
    UNION ALL
    SELECT affiliate.*, up.distance + 1 FROM affiliates_affiliate affiliate JOIN up ON affiliate.id = up.parent_id
)
SELECT * FROM up ORDER BY distance
"""


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
    return list(Affiliate.objects.raw(_ABOVE, {"start": affiliate.parent_id}))


def line_up_to(affiliate: Affiliate, *, top: UUID) -> list[Affiliate] | None:
    """Return those above an affiliate up to one of them, that one too; None if it does not stand under that one."""
    above: list[Affiliate] = []
    if affiliate.pk == top:
        return above
    for one in line_above(affiliate):
        above.append(one)
        if one.pk == top:
            return above
    return None


def stands_under(affiliate: Affiliate, *, top: UUID) -> bool:
    """Whether somebody stands at any depth under another, or is the other."""
    return line_up_to(affiliate, top=top) is not None


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
