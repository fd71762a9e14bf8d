"""What one has, and what happened to it."""

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from audit.errors import DomainError
from ledger.admin.shown import start_of
from ledger.queries.searching import patience
from wallets.portal.forms import LinesForm
from wallets.portal.views.shown import ShownWallet, own_wallet, person_of, shown_lines, shown_wallets
from wallets.queries.holdings import holding
from wallets.queries.lines import Criteria, Page, latest_of, lines_of, pending_of

LATEST_SHOWN = 10
_LARGEST_NUMBER = 2**63 - 1


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Show every wallet of the person, and what happened last."""
    wallets = shown_wallets(person_of(request))
    latest = latest_of([each.wallet for each in wallets], count=LATEST_SHOWN)
    return render(request, "portal/wallets/overview.html", {"wallets": wallets, "lines": shown_lines(latest)})


@login_required
def wallet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what is in a wallet, and its transactions with what each left."""
    own = own_wallet(request, pk)
    form = LinesForm(request.GET or None)
    asked, older_than = _criteria(form), _number(request.GET.get("older_than"))
    page = Page([], None)
    try:
        with patience():
            page = lines_of(own, asked, older_than=older_than)
    except DomainError:
        form.add_error("q", "That takes too long to find: name fewer days, or more of the reference.")
    for line in page.lines:
        line.wallet = own  # it is the same for all of them, and read already
    pending = pending_of(own) if older_than is None and asked.is_everything else []
    for line in pending:
        line.wallet = own
    context = {
        "shown": ShownWallet(own, holding(own)), "form": form, "lines": shown_lines(page.lines),
        "pending": shown_lines(pending), "is_everything": asked.is_everything, "is_first": older_than is None,
        "older": _query(request, page.older_than) if page.older_than else "", "newest": _query(request, None),
    }  # fmt: skip
    return render(request, "portal/wallets/wallet.html", context)


@login_required
def receipt(request: HttpRequest, pk: UUID, line_pk: UUID) -> HttpResponse:
    """Show one transaction of a wallet, as something to keep."""
    own = own_wallet(request, pk)
    line = own.transactions.filter(pk=line_pk).select_related("payment").first()
    if line is None:
        raise Http404
    line.wallet = own
    [shown] = shown_lines([line])
    return render(request, "portal/wallets/receipt.html", {"shown": shown, "wallet": own, "line": line})


def _criteria(form: LinesForm) -> Criteria:
    """Return what is asked for by what the form says rightly; the rest is told beside its field."""
    form.is_valid()
    said: dict[str, Any] = getattr(form, "cleaned_data", {})
    zone = ZoneInfo(timezone.get_current_timezone_name())
    since, until = said.get("since"), said.get("until")
    return Criteria(
        type=said.get("type") or "",
        after=start_of(since, zone) if since else None,
        until=start_of(until + timedelta(days=1), zone) if until else None,
        reference=said.get("q") or "",
    )


def _number(said: str | None) -> int | None:
    """Return the number to go on behind.

    :raises BadRequest: if it is none: nobody types it.
    """
    if said is None:
        return None
    if not (said.isascii() and said.isdigit()) or len(said) > 19 or int(said) > _LARGEST_NUMBER:
        raise BadRequest("older_than is a number.")
    return int(said)


def _query(request: HttpRequest, older_than: int | None) -> str:
    """Return this page's address with another place in the list."""
    kept = request.GET.copy()
    kept.pop("older_than", None)
    if older_than is not None:
        kept["older_than"] = str(older_than)
    return f"?{kept.urlencode()}"
