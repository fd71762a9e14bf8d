"""Becoming a program's member, by whose link one came; and what a member has claimed."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from affiliates.models import Claim, Member, Settlement
from affiliates.portal.forms import ClaimForm, RegisterForm
from affiliates.portal.views.referral import Referral, forget_referral, referral_of
from affiliates.portal.views.shown import grouped, person_of, program_of
from affiliates.queries.keys import CLAIM, REGISTER, claim_key, registration_key
from affiliates.queries.people import affiliate_by_code, require_open
from affiliates.queries.sales import places_to_pay
from affiliates.states import CLAIM_TRANSITIONS, MEMBER_TRANSITIONS, SETTLEMENT_TRANSITIONS, AffiliateState
from audit.errors import DomainError
from identity.models import Program, User, WalletAddress
from identity.operations import add_membership
from identity.portal.views.ways import keep_way_back, way_back
from identity.queries.settings import setting
from identity.states import Role
from ledger.models import Intent
from ledger.money import plain
from ledger.operations import create_intent
from ledger.states import IntentState

CLAIMS_SHOWN: Final = 50
PAID_SHOWN: Final = 50
_PAGE: Final = "join/page.html"


def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a program to who may join it, and its member what they have claimed; take a registration."""
    program = program_of(slug)
    referral = referral_of(request, program)
    if not request.user.is_authenticated:
        keep_way_back(request, "sign_in")
        return render(request, _PAGE, {"program": program, "closed": _closed(program), "invited": _invited(referral)})
    way_back(request, "sign_in")
    person = person_of(request)
    member = _member(person, program)
    if member is not None:
        response = render(request, "join/member.html", _of_member(request, member))
        if referral is not None:
            forget_referral(response, program)
        return response
    addresses = list(WalletAddress.objects.for_user(person).order_by("-proven_at"))
    asked = _registration(person, program, addresses)
    form = RegisterForm(
        request.POST if request.method == "POST" else None, addresses=addresses, program=program,
        initial={"code": referral.code if referral else ""},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid() and not _is_waiting(asked):
        try:
            _register(person, program, form.cleaned_data, referral, at=timezone.now())
        except DomainError as refusal:
            form.add_error(None, f"{refusal} Nothing was changed.")
        else:
            return redirect("referral:join", program.slug)
    if not addresses:
        keep_way_back(request, "proof")
    context = {
        "program": program, "closed": _closed(program), "form": form, "addresses": addresses, "asked": asked,
        "waits": _is_waiting(asked), "invited": _invited(referral),
        "refusal": (asked.error or {}).get("message") if asked and asked.state == IntentState.DEAD else "",
    }  # fmt: skip
    return render(request, _PAGE, context)


def _register(person: User, program: Program, said: dict[str, Any], referral: Referral | None, *, at: datetime) -> None:
    """Ask for it, and let the person in as a customer: they read what becomes of it.

    :raises ProgramTakesNobody: if the program is paused or closed.
    """
    require_open(program)
    by_link = referral is not None and said["code"] == referral.code
    payload = {
        "wallet_address": said["address"], "user": str(person.pk), "name": person.name, "code": said["code"],
        "clicked_at": referral.clicked_at.isoformat() if referral is not None and by_link else None,
    }  # fmt: skip
    with transaction.atomic():
        if not person.memberships.filter(program=program).exists():
            add_membership(user=person, program=program, role=Role.CUSTOMER, at=at)
        create_intent(
            REGISTER, program_id=program.pk, key=registration_key(program.pk, said["address"]), payload=payload
        )


@login_required
@require_POST
def claim(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a member's claim that they have paid."""
    program = program_of(slug)
    member = _member(person_of(request), program)
    if member is None:
        return redirect("referral:join", program.slug)
    places = places_to_pay(program)
    form = ClaimForm(request.POST, places=places)
    if form.is_valid():
        said = form.cleaned_data
        chain_id, asset = said["place"]
        reference = said["tx_hash"]
        payload = {
            "claim": None, "wallet_address": member.wallet_address, "reference": reference, "asset": asset,
            "amount": plain(said["amount"]), "chain_id": chain_id, "tx_hash": said["tx_hash"], "note": said["note"],
        }  # fmt: skip
        key = claim_key(program.pk, member.wallet_address, reference)
        try:
            created = create_intent(CLAIM, program_id=program.pk, key=key, payload=payload)
        except DomainError as refusal:
            form.add_error(None, f"{refusal} Nothing was changed.")
        else:
            request.session[_asked_in(program)] = str(created.intent.pk)
            return redirect("referral:join", program.slug)
    return render(request, "join/member.html", _of_member(request, member, form=form))


def _of_member(request: HttpRequest, member: Member, *, form: ClaimForm | None = None) -> dict[str, Any]:
    program = member.program
    places = places_to_pay(program)
    asked = _asked(request, program)
    rows = list(Claim.objects.filter(member=member).select_related("asset")[:CLAIMS_SHOWN])
    waits = _is_waiting(asked)
    if asked is not None and not waits:
        request.session.pop(_asked_in(program), None)
    return {
        "program": program, "member": member, "tone": MEMBER_TRANSITIONS.colours[member.state],
        "form": form or ClaimForm(places=places), "places": places, "waits": waits,
        "refusal": (asked.error or {}).get("message") if asked and asked.state == IntentState.DEAD else "",
        "paid": _paid(member), "claims_open": setting("affiliates.claims_open", program),
        "claims": [
            {"claim": one, "amount": grouped(one.amount, one.asset), "tone": CLAIM_TRANSITIONS.colours[one.state]}
            for one in rows
        ],
    }  # fmt: skip


def _paid(member: Member) -> list[dict[str, Any]]:
    """Return what the member paid, as far as it was proven, the latest first."""
    rows = Settlement.objects.recognised().filter(member=member).select_related("asset")[:PAID_SHOWN]
    return [
        {
            "row": row, "amount": grouped(row.amount, row.asset), "tone": SETTLEMENT_TRANSITIONS.colours[row.state],
            "returned": grouped(row.reversed_amount, row.asset) if row.reversed_amount else "",
        }
        for row in rows
    ]  # fmt: skip


def _member(person: User, program: Program) -> Member | None:
    # Whoever was one stays one, and reads it, as long as a role lets them in.
    own = Member.objects.for_user(person).filter(user=person, program=program)
    found: Member | None = own.select_related("affiliate", "program").first()
    return found


def _registration(person: User, program: Program, addresses: list[WalletAddress]) -> Intent | None:
    """Return the latest registration that the person asked for here."""
    keys = [registration_key(program.pk, one.address) for one in addresses]
    asked = Intent.objects.filter(program_id=program.pk, key__in=keys, payload__user=str(person.pk))
    found: Intent | None = asked.order_by("-id").first()
    return found


def _asked_in(program: Program) -> str:
    return f"claim_asked:{program.pk}"


def _asked(request: HttpRequest, program: Program) -> Intent | None:
    """Return the claim that was just asked for, while its outcome was not shown yet."""
    kept = request.session.get(_asked_in(program))
    return Intent.objects.filter(pk=UUID(kept), program_id=program.pk).first() if kept else None


def _is_waiting(asked: Intent | None) -> bool:
    return asked is not None and not asked.is_over


def _closed(program: Program) -> str:
    try:
        require_open(program)
    except DomainError as refusal:
        return str(refusal)
    return ""


def _invited(referral: Referral | None) -> str:
    """Return the code of who invited somebody, if it still counts."""
    if referral is None:
        return ""
    try:
        affiliate = affiliate_by_code(referral.code)
    except DomainError:
        return ""
    return affiliate.code if affiliate.state == AffiliateState.ACTIVE else ""
