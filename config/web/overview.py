"""The first page of the portal: what every room has to show a person, put together here because no room knows all."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from audit.models import Entry
from identity import queries, rules
from identity.models import User
from identity.portal.views.account import second_factor
from wallets.portal.views.shown import shown_lines, shown_wallets
from wallets.queries.lines import latest_of

LINES_SHOWN = 6
ENTRIES_SHOWN = 8


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Show what the person has, where the person belongs, and what happened last."""
    user = request.user
    assert isinstance(user, User)
    wallets = shown_wallets(user)
    return render(
        request,
        "portal/overview.html",
        {
            "greeting": rules.greeting(timezone.localtime().hour),
            "wallets": wallets,
            "several_programs": len({each.wallet.program_id for each in wallets}) > 1,
            "lines": shown_lines(latest_of([each.wallet for each in wallets], count=LINES_SHOWN)),
            "memberships": queries.memberships_of(user),
            "activity": Entry.objects.about(user)[:ENTRIES_SHOWN],
            "second_factor": second_factor(user),
        },
    )
