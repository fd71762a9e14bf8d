"""API keys of the programs whose keys a person looks after."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from audit.errors import DomainError
from identity.models import ApiKey, Membership, Program, Proposal, User
from identity.operations import collect_api_key, create_api_key, propose, revoke_api_key
from identity.portal.forms import KeyForm, ReasonForm
from identity.proposable import CREATE_MONEY_KEY
from identity.queries.settings import setting
from identity.states import KeyCondition

SHOWN_AT_MOST: Final = 100


@login_required
def keys(request: HttpRequest) -> HttpResponse:
    """Show a program's keys, and make one: at once, or by a proposal where it moves money."""
    user = _person(request)
    program = _program(user, request.GET.get("program"))
    form = KeyForm(request.POST or None, days_at_most=setting("identity.key_days_at_most", program))
    if request.method == "POST" and form.is_valid():
        try:
            return _make(request, user, program, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, f"{refusal} Nothing was changed.")
    return render(request, "portal/keys.html", {"form": form, "program": program, **_shown(user, program)})


@login_required
def collect_key(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the secret of a key that two people agreed on, once, to who proposed it."""
    user = _person(request)
    key = get_object_or_404(_keys_of(user), pk=pk)
    if request.method == "POST":
        try:
            return _secret_page(request, *collect_api_key(key.pk, by=user, at=timezone.now()))
        except DomainError as refusal:
            messages.error(request, str(refusal))
    return _back(key.program)


@login_required
def revoke_key(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make a key open nothing any more."""
    key = get_object_or_404(_keys_of(_person(request)), pk=pk)
    form = ReasonForm(request.POST)
    if request.method == "POST" and not form.is_valid():
        messages.error(request, "Say why it is revoked. Nothing was changed.")
    elif request.method == "POST":
        try:
            revoke_api_key(key.pk, reason=form.cleaned_data["reason"], at=timezone.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{key.name} opens nothing any more.")
    return _back(key.program)


def _make(
    request: HttpRequest,
    user: User,
    program: Program,
    *,
    name: str,
    scopes: list[str],
    money_scopes: list[str],
    days: int,
    reason: str,
) -> HttpResponse:
    now = timezone.now()
    wanted = [*scopes, *money_scopes]
    if money_scopes:
        payload = {"name": name, "scopes": wanted, "days": days}
        propose(CREATE_MONEY_KEY, program=program, payload=payload, reason=reason, by=user, at=now)
        messages.success(request, "Proposed. Once another owner has agreed, its secret waits for you here.")
        return _back(program)
    made = create_api_key(
        program=program, name=name, scopes=wanted, expires_at=now + timedelta(days=days), by=user, at=now
    )
    return _secret_page(request, *made)


def _secret_page(request: HttpRequest, key: ApiKey, secret: str) -> HttpResponse:
    page = render(request, "portal/key_secret.html", {"key": key, "secret": f"{key.prefix}.{secret}"})
    page["Cache-Control"] = "no-store"
    return page


def _shown(user: User, program: Program) -> dict[str, Any]:
    now = timezone.now()
    shown = [
        {
            "key": key,
            "condition": key.condition(at=now),
            "may_collect": key.condition(at=now) == KeyCondition.UNCOLLECTED and key.created_by_id == user.pk,
        }
        for key in program.api_keys.select_related("created_by").order_by("-id")[:SHOWN_AT_MOST]
    ]
    ended = (KeyCondition.EXPIRED, KeyCondition.REVOKED)
    waiting = Proposal.objects.open().filter(program=program, kind=CREATE_MONEY_KEY, expires_at__gt=now)
    return {
        "programs": _programs(user).order_by("name")[:SHOWN_AT_MOST],
        "standing": [each for each in shown if each["condition"] not in ended],
        "ended": [each for each in shown if each["condition"] in ended],
        "waiting": waiting.order_by("-id")[:SHOWN_AT_MOST],
    }


def _programs(user: User) -> QuerySet[Program]:
    return Program.objects.filter(pk__in=Membership.objects.programs_where(user, "key.manage"))


def _program(user: User, slug: str | None) -> Program:
    """Return the program that is named, else one of the person's own; staff of the house look after all others too."""
    programs = _programs(user)
    if slug is not None:
        return get_object_or_404(programs, slug=slug.replace("\x00", ""))
    program = programs.filter(memberships__user=user).order_by("name").first() or programs.order_by("name").first()
    if program is None:
        raise PermissionDenied
    return program


def _keys_of(user: User) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(program__in=_programs(user)).select_related("program")


def _back(program: Program) -> HttpResponseRedirect:
    return redirect(f"{reverse('portal:keys')}?program={program.slug}")


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
