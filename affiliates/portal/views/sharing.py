"""The referral link with its code to scan, what came by it, and who stands under an affiliate."""

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from affiliates.models import Affiliate
from affiliates.portal.views.shown import Amounts, own_affiliate, page_context
from affiliates.queries.figures import Figures, figures_of
from affiliates.queries.tree import Level, level, stands_under
from affiliates.states import AFFILIATE_TRANSITIONS
from audit.access import missed

_QUIET: Final = 4  # modules of white around a code, which cameras need


@login_required
def link(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the link, its code to scan, and how many came, joined and paid by it."""
    affiliate = own_affiliate(request, slug)
    figures = figures_of(affiliate.pk)
    amounts = Amounts.of(figures.earnings)
    address = _address(affiliate)
    context = {
        "link": address, "code_path": _path_of(address), "funnel": _funnel(figures),
        "settled": [
            f"{amounts.write(one.settled, code)} {code}" for code, one in figures.earnings.items() if one.settlements
        ],
        "invitation": f"{settings.PUBLIC_URL}{reverse('affiliate:become', args=[slug])}?ref={affiliate.code}",
    }  # fmt: skip
    return render(request, "affiliate/link.html", page_context(request, affiliate, tab="link", **context))


@login_required
def link_code(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand out the code as a picture to print."""
    affiliate = own_affiliate(request, slug)
    drawn = _path_of(_address(affiliate))
    size = drawn["size"]
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="1024" height="1024"'
        f' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{drawn["path"]}"/></svg>'
    )
    answer = HttpResponse(picture, content_type="image/svg+xml")
    answer["Content-Disposition"] = f'attachment; filename="{affiliate.code}.svg"'
    return answer


@login_required
def downline(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who stands right under the affiliate."""
    affiliate = own_affiliate(request, slug)
    return _branch(request, affiliate, affiliate)


@login_required
def downline_of(request: HttpRequest, slug: str, pk: UUID) -> HttpResponse:
    """Show who stands right under somebody in the affiliate's downline: for htmx alone the lines, else a page."""
    affiliate = own_affiliate(request, slug)
    top = Affiliate.objects.filter(pk=pk, program=affiliate.program_id).first()
    if top is None or not stands_under(top, top=affiliate.pk):
        missed(request, Affiliate, pk)
        raise Http404
    return _branch(request, affiliate, top)


def _branch(request: HttpRequest, affiliate: Affiliate, top: Affiliate) -> HttpResponse:
    found = level(affiliate.program_id, under=top.pk, after=_place(request.GET.get("after")))
    context = page_context(request, affiliate, tab="downline", top=top, **_lines(found))
    if getattr(request, "htmx", False):
        return render(request, "affiliate/branch.html", context)
    return render(request, "affiliate/downline.html", context)


def _lines(found: Level) -> dict[str, Any]:
    return {
        "nodes": [{"node": node, "tone": AFFILIATE_TRANSITIONS.colours[node.affiliate.state]} for node in found.nodes],
        "after": found.after,
    }


def _address(affiliate: Affiliate) -> str:
    return f"{settings.PUBLIC_URL}{reverse('referral:follow', args=[affiliate.code])}"


def _path_of(text: str) -> dict[str, Any]:
    """Return the code as one path of a drawing: a run of dark modules is one stroke."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=_QUIET)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    strokes = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            width = next((end for end in range(x, len(row)) if not row[end]), len(row)) - x
            if width:
                strokes.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width + 1
    return {"path": "".join(strokes), "size": len(rows)}


def _funnel(figures: Figures) -> list[dict[str, Any]]:
    """Return the steps from a click to a sale, with how many of the step before went on."""
    steps = (("Clicks", figures.clicks), ("Members", figures.members), ("Settlements", figures.settlements))
    widest = max(1, *(count for _, count in steps))
    lines = []
    before = None
    for label, count in steps:
        share = f"{Decimal(100 * count) / before:.0f} % of them" if before and label == "Members" else ""
        lines.append({"label": label, "count": count, "share": share, "most": widest})
        before = count
    return lines


def _place(said: str | None) -> UUID | None:
    """Return behind whom the list goes on.

    :raises BadRequest: if it is no id: nobody types it.
    """
    try:
        return UUID(said) if said is not None else None
    except ValueError:
        raise BadRequest("after is an id.") from None
