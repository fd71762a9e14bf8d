"""People, programs and roles: windows, each change is an operation's."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from audit.access import may
from audit.admin import LABELS, RecordedAdmin, instant, whole_id
from audit.errors import DomainError
from identity import rules
from identity.admin.second_factors import propose_reset, second_factor_card
from identity.admin.shown import person_of
from identity.admin.terms import may_propose_terms, propose_terms_page, terms_of
from identity.models import Membership, Program, User
from identity.operations import grant_role, propose
from identity.proposable import GRANT_ROLE
from identity.states import PROGRAM_TRANSITIONS, ProgramStatus, Role

STATUS_LABELS = {status: LABELS[colour] for status, colour in PROGRAM_TRANSITIONS.colours.items()}


def _journal(lookup: str) -> str:
    return f"{reverse('admin:audit_entry_changelist')}?{lookup}"


def _roles(lookup: str) -> str:
    return f"{reverse('admin:identity_membership_changelist')}?{lookup}"


@admin.register(User)
class UserAdmin(RecordedAdmin):
    """People."""

    permission_to_view = "user.read"
    called = ("person", "people")

    list_display = (
        "email",
        "name",
        "active",
        instant("last_login", "Last signed in"),
        instant("created_at", "Here since"),
    )
    list_filter = ("is_active",)
    search_fields = ("email", "name")
    search_help_text = "An address, a name or a whole id"
    fields = (
        "name",
        "email",
        "phone",
        "telegram_chat_id",
        "time_zone",
        "active",
        instant("last_login", "Last signed in"),
        instant("created_at", "Here since"),
        instant("second_factor_reset_at", "Second factor was reset"),
        whole_id(),
    )
    ordering = ("-id",)
    change_form_template = "admin/identity/user/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        reset = path(
            "<uuid:pk>/reset/", self.admin_site.admin_view(self.reset_view), name="identity_user_propose_reset"
        )
        return [reset, *super().get_urls()]

    def reset_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Propose to reset the person's second factor."""
        if not may(request, "second_factor.propose"):
            raise PermissionDenied
        return propose_reset(request, get_object_or_404(self.get_queryset(request), pk=pk))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        user = self.get_object(request, object_id) if self.has_view_permission(request) else None
        card = second_factor_card(user, reader=person_of(request)) if user else {}
        return super().change_view(request, object_id, form_url, {**card, **(extra_context or {})})

    @display(description="Active", boolean=True, ordering="is_active")
    def active(self, user: User) -> bool:
        return user.is_active

    def ties(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        ties = [("Roles", _roles(f"user__id__exact={row.pk}"))]
        if may(request, "journal.read"):
            ties.append(("What this person did", _journal(f"actor_id__exact={row.pk}")))
        return ties


@admin.register(Program)
class ProgramAdmin(RecordedAdmin):
    """Programs."""

    permission_to_view = "program.read"

    list_display = (
        "name",
        "slug",
        "shown_status",
        "default_asset_code",
        "time_zone",
        instant("created_at", "Open since"),
    )
    list_filter = ("status",)
    search_fields = ("name", "slug")
    search_help_text = "A name, a slug or a whole id"
    fields = (
        "name",
        "slug",
        "status",
        "default_asset_code",
        "time_zone",
        instant("created_at", "Open since"),
        whole_id(),
    )
    ordering = ("-id",)
    change_form_template = "admin/identity/program/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        terms = path(
            "<uuid:pk>/terms/", self.admin_site.admin_view(self.terms_view), name="identity_program_propose_terms"
        )
        return [terms, *super().get_urls()]

    def terms_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Propose other commission rates."""
        return propose_terms_page(self.admin_site, request, self.get_object(request, str(pk)))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        program = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told: dict[str, Any] = dict(extra_context or {})
        if program is not None:
            person = person_of(request)
            told["may_propose_terms"] = may_propose_terms(program, person)
            if program.pk in Membership.objects.programs_where(person, "terms.read"):
                told["terms"] = terms_of(program, reader=person, at=timezone.now())
        return super().change_view(request, object_id, form_url, told)

    @display(description="Status", label=STATUS_LABELS, ordering="status")
    def shown_status(self, program: Program) -> tuple[str, str]:
        return program.status, ProgramStatus(program.status).label

    def ties(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        settings = f"{reverse('admin:identity_setting_changelist')}?program={row.slug}"
        ties = [("People and their roles", _roles(f"program__id__exact={row.pk}")), ("Settings", settings)]
        ties.append(("Parties", f"{reverse('admin:identity_party_changelist')}?program__id__exact={row.pk}"))
        if may(request, "key.read"):
            ties.append(("API keys", f"{reverse('admin:identity_apikey_changelist')}?program__id__exact={row.pk}"))
        if may(request, "journal.read"):
            ties.append(("Journal of this program", _journal(f"program_id__exact={row.pk}")))
        return ties


@admin.register(Membership)
class MembershipAdmin(RecordedAdmin):
    """Who is what."""

    permission_to_view = "membership.read"
    called = ("role", "roles")

    list_display = ("user", "role", "program", instant("created_at", "Since"))
    list_filter = ("role",)
    list_select_related = ("user", "program")
    search_fields = ("user__email", "user__name", "program__slug")
    search_help_text = "A person's address or name, a program's slug, or a whole id"
    id_fields = ("pk", "user", "program")
    linked_lookups = ("user__id__exact", "program__id__exact")
    fields = ("user", "role", "program", instant("created_at", "Since"), whole_id())
    ordering = ("-id",)
    change_list_template = "admin/identity/membership/change_list.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_give = person_of(request).may("membership.grant")
        return super().changelist_view(request, {"may_give": may_give, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        give = path("give/", self.admin_site.admin_view(self.give_view), name="identity_membership_give")
        return [give, *super().get_urls()]

    def give_view(self, request: HttpRequest) -> HttpResponse:
        """Give somebody a role, or propose it where the role can move money."""
        person = person_of(request)
        programs = Program.objects.filter(pk__in=Membership.objects.programs_where(person, "membership.grant"))
        if not programs.exists():
            raise PermissionDenied
        form = GiveRoleForm(request.POST or None, programs=programs)
        if request.method == "POST" and form.is_valid():
            try:
                return self._give(request, person, **form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
        context = {**self.admin_site.each_context(request), "title": "Give a role", "form": form}
        return TemplateResponse(request, "admin/identity/membership/give.html", context)

    def _give(
        self, request: HttpRequest, person: User, *, email: str, program: Program, role: Role, reason: str
    ) -> HttpResponse:
        now = timezone.now()
        if role not in rules.MONEY_ROLES:
            grant_role(email=email, program=program, role=role, at=now)
            self.message_user(request, f"{email} is {role.label} of {program} now.", messages.SUCCESS)
            return redirect("admin:identity_membership_changelist")
        payload = {"email": email, "role": role.value}
        proposal = propose(GRANT_ROLE, program=program, payload=payload, reason=reason, by=person, at=now)
        self.message_user(request, "Proposed. It waits for another owner's vote.", messages.SUCCESS)
        return redirect("admin:identity_proposal_change", proposal.pk)


class GiveRoleForm(forms.Form):
    """Who gets which role where, and why."""

    email = forms.EmailField(label="Person's e-mail address", widget=UnfoldAdminEmailInputWidget)
    program = forms.ModelChoiceField(queryset=Program.objects.none(), widget=UnfoldAdminSelectWidget)
    role = forms.TypedChoiceField(
        choices=[("", "Choose a role"), *Role.choices], coerce=Role, widget=UnfoldAdminSelectWidget
    )
    reason = forms.CharField(max_length=500, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, programs: QuerySet[Program], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"].queryset = programs  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()
