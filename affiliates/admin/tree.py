"""Who stands under whom, one level at a time."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from affiliates.admin.screens import AffiliatesScreen, Cell, Table, as_id, page_of
from affiliates.models import Affiliate
from affiliates.queries.tree import level, line_above
from identity.models import Program


def tree_page(screen: AffiliatesScreen, request: HttpRequest) -> HttpResponse:
    """Show a level of a program's tree, and the way up."""
    top, after = as_id(request.GET.get("under")), as_id(request.GET.get("after"))
    programs = Program.objects.filter(pk__in=screen.programs(request)).order_by("name")
    chosen = programs.filter(slug=request.GET.get("program", "").replace("\0", "")).first() or programs.first()
    above: list[Affiliate] = []
    root: Affiliate | None = None
    if top is not None:
        root = Affiliate.objects.filter(pk=top, program__in=screen.programs(request)).first()
        if root is None:
            raise Http404
        chosen, above = root.program, line_above(root)[::-1]
    found = level(chosen.pk, under=root.pk if root else None, after=after) if chosen else None
    here = reverse("admin:affiliates_affiliate_tree")
    context = {
        **screen.admin_site.each_context(request), "title": "Who stands under whom", "programs": programs[:200],
        "chosen": chosen, "above": above, "root": root, "here": here,
        "table": _tree(found, here), "older": f"{here}?{_onward(chosen, root)}&after={found.after}"
        if found and found.after else "",
    }  # fmt: skip
    return TemplateResponse(request, "admin/affiliates/tree.html", context)


def _tree(found: Any, here: str) -> Table:
    nodes = found.nodes if found else []
    return Table(
        "", ("Affiliate", "Name", "State", "Tier", "#Members", "#Right under", "#Below"),
        [
            (
                Cell(each.affiliate.code, page_of(each.affiliate)), str(each.affiliate.party),
                each.affiliate.get_state_display(), str(each.affiliate.tier or ""), f"{each.members:,}",
                Cell(f"{each.children:,}", f"{here}?under={each.affiliate.pk}" if each.children else "", True),
                f"{each.downline:,}",
            )
            for each in nodes
        ],
        empty="Nobody stands here.",
    )  # fmt: skip


def _onward(chosen: Program | None, root: Affiliate | None) -> str:
    return f"under={root.pk}" if root else f"program={chosen.slug if chosen else ''}"
