"""Becoming an affiliate by oneself, where the program lets people."""

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from affiliates import rules
from affiliates.errors import BadCode, CodeTaken, NotOpenToAffiliates
from affiliates.models import Affiliate
from affiliates.operations import register_affiliate
from affiliates.portal.forms import AffiliateForm
from affiliates.portal.views.shown import affiliates_of, person_of, program_of
from affiliates.queries.people import affiliate_by_code, require_open
from audit.errors import DomainError
from identity.errors import ProfileMakesNoSense
from identity.models import Program, WalletAddress
from identity.operations import change_user
from identity.portal.views.ways import keep_way_back, way_back
from identity.queries.settings import setting

# The field beside which a refusal is told; all others are told above the form.
_FIELDS: dict[type[DomainError], str] = {BadCode: "wanted", CodeTaken: "wanted", ProfileMakesNoSense: "name"}
_PAGE: Final = "affiliate/become.html"


def become(request: HttpRequest, slug: str) -> HttpResponse:
    """Take in who wants to bring others to a program."""
    program = program_of(slug)
    context: dict[str, Any] = {"program": program, "closed": _closed(program), "invited": _invited(request, program)}
    if not request.user.is_authenticated:
        keep_way_back(request, "sign_in")
        return render(request, _PAGE, context)
    way_back(request, "sign_in")
    person = person_of(request)
    if any(one.program_id == program.pk for one in affiliates_of(person)):
        return redirect("affiliate:earnings", program.slug)
    addresses = list(WalletAddress.objects.for_user(person).order_by("-proven_at"))
    form = AffiliateForm(
        request.POST if request.method == "POST" else None, addresses=addresses, program=program,
        initial={"name": person.name, "code": context["invited"]},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid() and not context["closed"]:
        try:
            affiliate = _take_in(request, program, form.cleaned_data)
        except DomainError as refusal:
            form.add_error(_FIELDS.get(type(refusal)), f"{refusal} Nothing was changed.")
        else:
            said = "Welcome." if affiliate.state == "ACTIVE" else "Thank you. Somebody looks at it first."
            messages.success(request, f"{said} Your code is {affiliate.code}.")
            return redirect("affiliate:earnings", program.slug)
    return render(request, _PAGE, {**context, "form": form, "addresses": addresses})


@login_required
def check_code(request: HttpRequest, slug: str) -> HttpResponse:
    """Say whether a code is free, while it is typed."""
    program_of(slug)
    said = request.GET.get("wanted", "")[:60]
    code = rules.read_code(said)
    context: dict[str, Any] = {"said": said.strip(), "code": code}
    if code is not None:
        context["is_free"] = not Affiliate.objects.filter(code=code).exists()
    return render(request, "affiliate/code_check.html", context)


def _take_in(request: HttpRequest, program: Program, said: dict[str, Any]) -> Affiliate:
    person, now = person_of(request), timezone.now()
    parent = affiliate_by_code(said["code"], program_id=program.pk) if said["code"] else None
    with transaction.atomic():
        if not person.name:  # signing up asks for none, and pages should not call them by their address
            change_user(person.pk, name=said["name"], at=now)
        return register_affiliate(
            program=program, name=said["name"], user=person, code=said["wanted"],
            wallet_address=said["address"] or None, parent_id=parent.pk if parent else None,
            is_active=setting("affiliates.active_at_once", program), at=now,
        )  # fmt: skip


def _invited(request: HttpRequest, program: Program) -> str:
    """Return the code of who sent the address, if it is somebody's here: whom nobody knows is in nobody's way."""
    try:
        return affiliate_by_code(request.GET.get("ref", ""), program_id=program.pk).code
    except DomainError:
        return ""


def _closed(program: Program) -> str:
    """Return why nobody can become one by themselves now."""
    try:
        require_open(program)
        if not setting("affiliates.open_to_affiliates", program):
            raise NotOpenToAffiliates(program=program.name)
    except DomainError as refusal:
        return str(refusal)
    return ""
