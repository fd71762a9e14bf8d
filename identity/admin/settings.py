"""Settings: what can be set, what is, by whom; a typed form for each, or a proposal where two people decide."""

from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from audit.access import may
from audit.admin import RecordedAdmin, as_json, instant, whole_id
from audit.errors import DomainError
from identity import rules
from identity.admin.shown import names_of, person_of
from identity.doors import note_missed
from identity.errors import UnknownSetting
from identity.models import Membership, Program, Setting, SettingVersion, User
from identity.operations import change_setting, propose
from identity.proposable.settings import CHANGE_SETTING
from identity.queries.settings import Standing, in_words, standing, standings
from identity.settable import SettingSpec
from identity.values import Boolean, Choice, Duration, Integer, ListOf, Text

_PROGRAMS_OFFERED = 50
_VERSIONS_SHOWN = 20


@admin.register(Setting)
class SettingAdmin(RecordedAdmin):
    """What can be set in a program, room by room; each setting has a page with its form and its versions."""

    permission_to_view = "setting.read"

    fields = (
        "key",
        "program",
        "version",
        as_json("value", "Value"),
        "is_secret",
        "fingerprint",
        "reason",
        instant("changed_at", "Since"),
        whole_id(),
    )
    list_select_related = ("program",)

    def get_urls(self) -> list[URLPattern]:
        one = path("of/<slug:slug>/<str:key>/", self.admin_site.admin_view(self.one_view), name="identity_setting_one")
        return [one, *super().get_urls()]

    def ties(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        url = reverse("admin:identity_setting_one", args=[row.program.slug, row.key])
        return [("The setting and its versions", url)]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show everything that can be set in one program, as it stands."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        person = person_of(request)
        programs = _programs(person)
        asked = request.GET.get("program", "")[:60]
        # The house first, for those who may see it; else the first program somebody joined.
        house_first = programs.filter(slug=rules.HOUSE_SLUG).first() or programs.order_by("id").first()
        program = programs.filter(slug=asked).first() if asked else house_first
        if asked and program is None:
            note_missed(request, Program, asked, field="slug")
        context = {
            **self.admin_site.each_context(request),
            "title": "Settings",
            "program": program,
            "asked": asked,
            "programs": programs.order_by("name")[:_PROGRAMS_OFFERED],
            "rooms": _rooms(program, person) if program else [],
        }
        return TemplateResponse(request, "admin/identity/setting/change_list.html", context)

    def one_view(self, request: HttpRequest, slug: str, key: str) -> HttpResponse:
        """Show one setting with its versions, and change it, or propose to."""
        changes = may(request, "setting.change") or may(request, "setting.propose")
        if not (self.has_view_permission(request) if request.method == "GET" else changes):
            raise PermissionDenied
        person = person_of(request)
        program = _programs(person).filter(slug=slug).first()
        if program is None:
            note_missed(request, Program, slug, field="slug")
            raise Http404
        try:
            stands = standing(key, program)
        except UnknownSetting:
            raise Http404 from None
        needed = "setting.propose" if stands.spec.needs_two else "setting.change"
        may_change = program.pk in Membership.objects.programs_where(person, needed)
        if request.method == "POST" and not may_change:
            raise PermissionDenied

        form = SettingForm(request.POST or None, stands=stands)
        if request.method == "POST" and form.is_valid():
            try:
                return self._change(request, program, stands, form, person)
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
        context = {
            **self.admin_site.each_context(request),
            "title": stands.spec.name,
            "program": program,
            "stands": stands,
            "default": in_words(stands.spec, stands.spec.default),
            "changed_by": names_of([stands.row.changed_by], person)[0] if stands.row else "",
            "form": form if may_change else None,
            "versions": _versions(stands.spec, program, person),
        }
        return TemplateResponse(request, "admin/identity/setting/one.html", context)

    def _change(
        self, request: HttpRequest, program: Program, stands: Standing, form: "SettingForm", person: User
    ) -> HttpResponse:
        key, now = stands.spec.key, timezone.now()
        value = None if "reset" in request.POST else form.sent_value()
        version, reason = form.cleaned_data["version"], form.cleaned_data["reason"]
        if stands.spec.needs_two:
            payload = {"key": key, "version": version, "value": value}
            proposal = propose(CHANGE_SETTING, program=program, payload=payload, reason=reason, by=person, at=now)
            self.message_user(request, "Proposed. It waits for another owner's vote.", messages.SUCCESS)
            return redirect("admin:identity_proposal_change", proposal.pk)
        change_setting(key, program=program, value=value, version=version, reason=reason, at=now)
        self.message_user(request, "Changed. It holds from now on.", messages.SUCCESS)
        return redirect("admin:identity_setting_one", program.slug, key)


class _Unshown(UnfoldAdminTextareaWidget):
    """Where a secret is typed: it never comes back in a page, also not in the one that says what is wrong with it."""

    def format_value(self, value: Any) -> None:
        return None


class SettingForm(forms.Form):
    """Another value, of the setting's type, on top of the version that the page showed."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2_147_483_647)
    reason = forms.CharField(label="Why", max_length=500, widget=UnfoldAdminTextInputWidget)

    field_order = ("version", "value", "reason")

    def __init__(self, *args: Any, stands: Standing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._spec = stands.spec
        self.initial["version"] = stands.version
        self.initial["value"] = _typed(stands)
        self.fields["value"] = _field(stands.spec)
        self.fields["value"].help_text = _bounds(stands.spec)
        if "reset" in self.data:
            self.fields["value"].required = False
        self.order_fields(self.field_order)

    def sent_value(self) -> Any:
        """Return the value as the API would be sent it; whether it is one is the type's to say."""
        value = self.cleaned_data["value"]
        if isinstance(self._spec.type, Boolean):
            return value == "true"
        if isinstance(self._spec.type, ListOf):
            return [line.strip() for line in value.splitlines() if line.strip()]
        return value


def _field(spec: SettingSpec) -> forms.Field:
    kind = spec.type
    if spec.is_secret:
        attributes = {"rows": 3, "autocomplete": "off", "spellcheck": "false"}
        return forms.CharField(label="New secret", strip=False, widget=_Unshown(attrs=attributes))
    if isinstance(kind, Integer):
        return forms.IntegerField(label="Value", widget=UnfoldAdminIntegerFieldWidget)
    if isinstance(kind, Boolean):
        options: list[tuple[str, str]] = [("true", "Yes"), ("false", "No")]
        return forms.ChoiceField(label="Value", choices=options, widget=UnfoldAdminSelectWidget)
    if isinstance(kind, Choice):
        return forms.ChoiceField(label="Value", choices=kind.options, widget=UnfoldAdminSelectWidget)
    if isinstance(kind, ListOf):
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 6})
        return forms.CharField(label="Values, one on each line", required=False, widget=widget)
    if isinstance(kind, Text) and kind.several_lines:
        return forms.CharField(label="Value", widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}))
    return forms.CharField(label="Value", widget=UnfoldAdminTextInputWidget)


def _typed(stands: Standing) -> Any:
    """Return the value as its field shows it."""
    stored = stands.stored
    if isinstance(stands.spec.type, Boolean):
        return "true" if stored else "false"
    if isinstance(stands.spec.type, Duration) and stored is not None:
        return stands.shown
    if isinstance(stands.spec.type, ListOf) and isinstance(stored, list):
        return "\n".join(stored)
    return stored


def _bounds(spec: SettingSpec) -> str:
    words = spec.type.bounds()
    unit = f" ({spec.type.unit})" if spec.type.unit else ""
    return f"{words[:1].upper()}{words[1:]}{unit}."


def _programs(person: User) -> QuerySet[Program]:
    return Program.objects.filter(pk__in=Membership.objects.programs_where(person, "setting.read"))


def _rooms(program: Program, person: User) -> list[dict[str, Any]]:
    rows = standings(program)
    authors = dict(zip([row.spec.key for row in rows], names_of([_author(row) for row in rows], person), strict=True))
    return [
        {
            "name": room.capitalize(),
            "settings": [
                {
                    "stands": stands,
                    "by": authors[stands.spec.key],
                    "url": reverse("admin:identity_setting_one", args=[program.slug, stands.spec.key]),
                }
                for stands in inside
            ],
        }
        for room, inside in groupby(rows, key=lambda stands: stands.spec.room)
    ]


def _author(stands: Standing) -> str:
    return stands.row.changed_by if stands.row else ""


def _versions(spec: SettingSpec, program: Program, person: User) -> list[dict[str, Any]]:
    kept = list(SettingVersion.objects.filter(program=program, key=spec.key).order_by("-version")[:_VERSIONS_SHOWN])
    names = names_of([row.history_user_id for row in kept], person)
    return [
        {
            "number": row.version,
            "said": _said(spec, row),
            "at": row.history_date,
            "by": name,
            "reason": row.history_change_reason,
        }
        for row, name in zip(kept, names, strict=True)
    ]


def _said(spec: SettingSpec, row: Any) -> str:
    if row.fingerprint:
        return f"A secret ({row.fingerprint[:8]})"
    return in_words(spec, row.value) if row.value is not None else "The default"
