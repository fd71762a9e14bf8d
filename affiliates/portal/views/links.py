"""Referral links: counted, remembered, and led on."""

from urllib.parse import urlencode, urlsplit, urlunsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from affiliates.errors import UnknownAffiliate
from affiliates.models import Affiliate
from affiliates.operations import note_click
from affiliates.portal.views.referral import comes_too_often, is_person, keep_referral, visitor_of
from affiliates.queries.people import affiliate_by_code
from affiliates.states import AffiliateState
from identity.queries.settings import setting


@require_safe
@never_cache
def follow(request: HttpRequest, code: str) -> HttpResponseBase:
    """Lead on whoever follows a link, and remember whose it was. Machines are led on, too, and not counted."""
    now = timezone.now()
    try:
        affiliate = affiliate_by_code(code)
    except UnknownAffiliate:
        return _nowhere(request)
    if affiliate.state == AffiliateState.CLOSED:
        return _nowhere(request)
    response = HttpResponseRedirect(_landing(affiliate))
    if is_person(request):
        if not comes_too_often(request):
            campaign = request.GET.get("campaign", "").replace("\0", "")[:40]
            note_click(affiliate, visitor=visitor_of(request, at=now), campaign=campaign, at=now)
        keep_referral(response, affiliate, at=now)
    return response


def _nowhere(request: HttpRequest) -> HttpResponse:
    messages.info(request, "That link does not lead anywhere any more. You are welcome all the same.")
    return redirect("home")


def _landing(affiliate: Affiliate) -> str:
    """Return where the link leads: to the program's own page, which is told the code, or to joining here."""
    own = setting("affiliates.landing_page", affiliate.program)
    if not own:
        return reverse("referral:join", args=[affiliate.program.slug])
    parts = urlsplit(str(own))
    query = "&".join(part for part in (parts.query, urlencode({"ref": affiliate.code})) if part)
    return urlunsplit(parts._replace(query=query))
