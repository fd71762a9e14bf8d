"""Tables on an affiliate's page."""

from typing import Final

from affiliates.admin.screens import Cell, Table, day, listed, page_of
from affiliates.models import Affiliate
from affiliates.queries.destinations import shared_with
from affiliates.queries.figures import figures_of
from affiliates.states import MethodState
from ledger.admin.shown import grouped
from ledger.models import Asset

_FIGURES: Final = ("settled", "direct", "override", "clawed_back", "adjusted", "accrued", "held", "due", "batched",
                   "paid")  # fmt: skip


def figures_table(row: Affiliate) -> Table:
    """Return what somebody earned, asset by asset."""
    found = figures_of(row.pk).earnings
    assets = {asset.code: asset for asset in Asset.objects.filter(code__in=found)}
    heads = ("Asset", *(f"#{name.replace('_', ' ').capitalize()}" for name in _FIGURES))
    lines = [(code, *(grouped(getattr(one, name), assets[code]) for name in _FIGURES)) for code, one in found.items()]
    return Table("What they earned", heads, lines, empty="Nothing yet: it begins with the first settlement.")


def funnel_table(row: Affiliate) -> Table:
    """Return how many came, joined and paid."""
    found = figures_of(row.pk)
    return Table(
        "What came of their link", ("#Clicks", "#Members", "#Settlements", "#In the downline"),
        [(f"{found.clicks:,}", f"{found.members:,}", f"{found.settlements:,}", f"{found.downline:,}")],
    )  # fmt: skip


def methods_table(row: Affiliate) -> Table:
    """Return where somebody is paid to."""
    methods = row.methods.exclude(state=MethodState.RETIRED)[:20]
    return Table(
        "Where they are paid to", ("Method", "State", "Usable from"),
        [(Cell(str(one), page_of(one)), one.get_state_display(), day(one.usable_at)) for one in methods],
        empty="Nowhere yet: they add it in their portal.",
        more=("All of them", listed("payoutmethod", affiliate__id__exact=row.pk)),
    )  # fmt: skip


def standings_table(row: Affiliate) -> Table:
    """Return where somebody stood, and since when."""
    standings = row.standings.select_related("parent", "tier")[:20]
    return Table(
        "Where they stood", ("From", "Under", "Tier", "Why"),
        [(day(one.valid_from), one.parent.code if one.parent else "nobody", str(one.tier or "none"), one.reason)
         for one in standings],
    )  # fmt: skip


def shared_destinations(row: Affiliate) -> list[str]:
    """Return a warning for each destination that others are paid to as well."""
    found = []
    for method in row.methods.exclude(state=MethodState.RETIRED)[:20]:
        others = shared_with(method)
        if others:
            found.append(f"{method} is also where {', '.join(others[:10])} is paid to.")
    return found
