"""People, programs and roles: windows, each change is an operation's."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display

from audit.admin import RecordedAdmin, as_json, instant, whole_id
from identity.models import Membership, Program, User
from identity.states import PROGRAM_TRANSITIONS, ProgramStatus

# The names our states' colours have in the admin theme.
_LABELS = {"good": "success", "warn": "warning", "bad": "danger", "info": "info", "neutral": "default"}
STATUS_LABELS = {status: _LABELS[colour] for status, colour in PROGRAM_TRANSITIONS.colours.items()}


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
        "active",
        instant("last_login", "Last signed in"),
        instant("created_at", "Here since"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="Active", boolean=True, ordering="is_active")
    def active(self, user: User) -> bool:
        return user.is_active

    def ties(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        ties = [("Roles", _roles(f"user__id__exact={row.pk}"))]
        if request.user.may("journal.read"):  # type: ignore[union-attr]
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
        as_json("settings", "Settings"),
        instant("created_at", "Open since"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="Status", label=STATUS_LABELS, ordering="status")
    def shown_status(self, program: Program) -> tuple[str, str]:
        return program.status, ProgramStatus(program.status).label

    def ties(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        ties = [("People and their roles", _roles(f"program__id__exact={row.pk}"))]
        if request.user.may("journal.read"):  # type: ignore[union-attr]
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
