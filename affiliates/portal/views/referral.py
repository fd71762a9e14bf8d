"""What a browser keeps of a referral link, and what may be told of who followed it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import salted_hmac

from affiliates.models import Affiliate
from affiliates.rules import digest_of
from identity.models import Program
from identity.queries.settings import setting

COOKIE: Final = "referral"
# So many new visitors may come from one network address within a minute: a script that changes its name is none.
CLICKS_A_MINUTE: Final = 120

# What fetches pages and is nobody: search engines, messengers that draw a preview, scripts.
_MACHINES: Final = re.compile(
    r"bot|crawl|spider|slurp|preview|scan|fetch|monitor|headless|facebookexternalhit|whatsapp|telegram|slack|skype"
    r"|embedly|pinterest|vkshare|curl|wget|python|java/|go-http|okhttp|libwww|httpclient|axios|node",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Referral:
    """Whose link was followed, and when."""

    code: str
    clicked_at: datetime


def is_person(request: HttpRequest) -> bool:
    """Whether somebody followed the link, as far as can be told: no machine, and no browser that fetches ahead."""
    ahead = " ".join(request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose")).lower()
    agent = request.headers.get("User-Agent", "")
    is_ahead = "prefetch" in ahead or "prerender" in ahead or "preview" in ahead
    return request.method == "GET" and not is_ahead and bool(agent) and not _MACHINES.search(agent)


def visitor_of(request: HttpRequest, *, at: datetime) -> str:
    """Return a digest that is the same for a browser on a day. Its salt is the day's, and is written nowhere."""
    salt = salted_hmac("affiliates.visitor", at.astimezone(UTC).date().isoformat(), algorithm="sha256").hexdigest()
    return digest_of(salt, request.META.get("REMOTE_ADDR", ""), request.headers.get("User-Agent", ""))


def comes_too_often(request: HttpRequest) -> bool:
    """Whether more new visitors come from the network address than people would."""
    counted = f"clicks:{request.META.get('REMOTE_ADDR', '')}"
    cache.add(counted, 0, timeout=60)
    try:
        return cache.incr(counted) > CLICKS_A_MINUTE
    except ValueError:  # it was forgotten in between
        return False


def keep_referral(response: HttpResponse, affiliate: Affiliate, *, at: datetime) -> None:
    """Have the browser remember the link for as long as a registration counts for it; the last one followed wins.

    Each program's stays with the program's own pages, so that no link of another takes its place.
    """
    window = timedelta(days=setting("affiliates.attributed_days", affiliate.program))
    response.set_signed_cookie(
        COOKIE, f"{affiliate.code} {at.isoformat()}", salt=str(affiliate.program_id), max_age=window,
        path=reverse("referral:join", args=[affiliate.program.slug]), httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def referral_of(request: HttpRequest, program: Program) -> Referral | None:
    """Return the link that brought the browser to this program; None for none, one too old, and what we never wrote."""
    window = timedelta(days=setting("affiliates.attributed_days", program))
    try:
        kept = request.get_signed_cookie(COOKIE, default="", salt=str(program.pk), max_age=window)
        code, _, moment = str(kept).partition(" ")
        return Referral(code, datetime.fromisoformat(moment)) if code else None
    except (BadSignature, ValueError):
        return None


def forget_referral(response: HttpResponse, program: Program) -> None:
    """Let the browser forget it: who brought somebody is decided once."""
    response.delete_cookie(COOKIE, path=reverse("referral:join", args=[program.slug]), samesite="Lax")
