"""Where an affiliate is paid to: added, cooled, used, retired."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from affiliates.errors import BadDestination, MethodTaken
from affiliates.models import Affiliate, PayoutMethod
from affiliates.operations import add_method, retire_method, verify_method
from affiliates.portal.forms import MethodForm
from affiliates.portal.views.shown import own_affiliate, page_context, person_of
from affiliates.queries.destinations import is_proven
from affiliates.states import METHOD_TRANSITIONS, MethodKind, MethodState
from audit.access import missed
from audit.errors import DomainError
from identity.models import WalletAddress
from wallets.models import Wallet

# The field beside which a refusal is told; all others are told above the form.
_FIELDS: Final[dict[type[DomainError], str]] = {BadDestination: "destination", MethodTaken: "destination"}
RETIRED_SHOWN: Final = 20


@login_required
def methods(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the payout methods, and add one."""
    affiliate = own_affiliate(request, slug)
    form = MethodForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            method = _add(affiliate, form.cleaned_data)
        except DomainError as refusal:
            form.add_error(_FIELDS.get(type(refusal)), f"{refusal} Nothing was added.")
        else:
            is_cooling = method.state == MethodState.VERIFIED
            messages.success(request, "Added. It cools for two days, and can be paid to then." if is_cooling else
                             "Added. Somebody makes sure first that it is yours.")  # fmt: skip
            return redirect("affiliate:methods", slug)
    rows = list(affiliate.methods.all()[: 200 + RETIRED_SHOWN])
    retired = [row for row in rows if row.state == MethodState.RETIRED]
    context = {
        "form": form, "live": [_shown(row) for row in rows if row.state != MethodState.RETIRED],
        "retired": [_shown(row) for row in retired[:RETIRED_SHOWN]], "known": _known(request, affiliate),
    }  # fmt: skip
    return render(request, "affiliate/methods.html", page_context(request, affiliate, tab="methods", **context))


@login_required
@require_POST
def retire(request: HttpRequest, slug: str, pk: UUID) -> HttpResponse:
    """Take a payout method out of use."""
    affiliate = own_affiliate(request, slug)
    if not affiliate.methods.filter(pk=pk).exists():
        missed(request, PayoutMethod, pk)
        raise Http404
    try:
        retire_method(pk, program_id=affiliate.program_id, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, f"{refusal} Nothing was changed.")
    else:
        messages.success(request, "Retired. Nothing is paid to it any more.")
    return redirect("affiliate:methods", slug)


@transaction.atomic
def _add(affiliate: Affiliate, said: dict[str, Any]) -> PayoutMethod:
    """Add it; what the affiliate has shown to be theirs is verified at once."""
    now = timezone.now()
    method = add_method(
        affiliate.pk, program_id=affiliate.program_id, kind=MethodKind(said["kind"]), destination=said["destination"],
        holder=said["holder"], at=now,
    )  # fmt: skip
    if is_proven(method):
        evidence = "A key of theirs signed for it." if method.kind == MethodKind.EVM else "It is their wallet here."
        method = verify_method(method.pk, program_id=affiliate.program_id, evidence=evidence, at=now)
    return method


def _shown(row: PayoutMethod) -> dict[str, Any]:
    return {"method": row, "tone": METHOD_TRANSITIONS.colours[row.state]}


def _known(request: HttpRequest, affiliate: Affiliate) -> list[tuple[str, str]]:
    """Return destinations that are known to be the person's: what to fill in, and what it is."""
    person = person_of(request)
    addresses = WalletAddress.objects.for_user(person).order_by("-proven_at")[:20]
    wallets = Wallet.objects.owned_by(person).filter(program=affiliate.program_id).select_related("asset")
    return [
        *((one.shown, "an address that you have proven") for one in addresses),
        *((str(one.pk), f"your wallet of {one.asset.name}") for one in wallets.order_by("asset__code")[:20]),
    ]
