"""Periods and holds: up to when the books are closed, and what is set aside."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.decorators import display

from audit.access import may
from audit.admin import LABELS, RecordedAdmin, column, instant, whole_id
from audit.errors import DomainError
from identity.models import Membership, Program
from ledger.admin.shown import DayField, grouped, start_of
from ledger.models import Hold, Period
from ledger.operations import close_period
from ledger.states import HOLD_TRANSITIONS, PERIOD_TRANSITIONS, HoldState, PeriodState

PERIOD_LABELS = {state: LABELS[colour] for state, colour in PERIOD_TRANSITIONS.colours.items()}
HOLD_LABELS = {state: LABELS[colour] for state, colour in HOLD_TRANSITIONS.colours.items()}


class CloseForm(forms.Form):
    """Which program's books, and the last day that is closed."""

    program = forms.SlugField(max_length=60)
    day = DayField()


@admin.register(Period)
class PeriodAdmin(RecordedAdmin):
    """Closed periods, the button that closes one, and how one is opened again."""

    permission_to_view = "ledger.read"
    change_list_template = "admin/ledger/period/change_list.html"

    list_display = (
        column("name", "Closed", str),
        "shown_state",
        column("program", "Program", lambda period: str(period.program), ordering="program__name"),
        instant("ends_at", "Up to, not with"),
        instant("closed_at", "Since"),
    )
    list_filter = ("state",)
    list_select_related = ("program",)
    fields = (
        column("state", "State", lambda period: period.get_state_display()),
        "program",
        instant("ends_at", "Up to, not with"),
        instant("closed_at", "Since"),
        column("accounts", "Accounts kept", lambda period: f"{period.balances.count():,}"),
        whole_id(),
    )

    @display(description="State", label=PERIOD_LABELS, ordering="state")
    def shown_state(self, period: Period) -> tuple[str, str]:
        return period.state, PeriodState(period.state).label

    def get_urls(self) -> list[URLPattern]:
        close = path("close/", self.admin_site.admin_view(self.close_view), name="ledger_period_close")
        return [close, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        told = {"closable": _closable(request).order_by("name")[:200]}
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def close_view(self, request: HttpRequest) -> HttpResponse:
        """Close a program's books up to the end of a day of its calendar."""
        if not may(request, "ledger.close"):
            raise PermissionDenied
        form = CloseForm(request.POST)
        if request.method != "POST":
            return redirect("admin:ledger_period_changelist")
        if not form.is_valid():
            self.message_user(request, "Name the program and the last day to close.", messages.ERROR)
            return redirect("admin:ledger_period_changelist")
        program = _closable(request).filter(slug=form.cleaned_data["program"]).first()
        if program is None:
            raise PermissionDenied
        next_day = form.cleaned_data["day"] + timedelta(days=1)
        ends_at = start_of(next_day, ZoneInfo(program.time_zone)) + timedelta(microseconds=1)
        try:
            period = close_period(program_id=program.pk, ends_at=ends_at, at=timezone.now())
        except DomainError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            self.message_user(request, f"The books of {program} are closed {period}.", messages.SUCCESS)
        return redirect("admin:ledger_period_changelist")


@admin.register(Hold)
class HoldAdmin(RecordedAdmin):
    """What is set aside in wallets, for what, and until when."""

    permission_to_view = "ledger.read"

    list_display = (
        column("wallet", "Wallet", lambda hold: hold.wallet.code),
        "shown_state",
        column("amount", "Held", lambda hold: grouped(hold.amount, hold.wallet.asset, named=True)),
        column("left", "Still held", lambda hold: grouped(hold.left, hold.wallet.asset)),
        instant("held_at", "Since"),
        instant("expires_at", "Lets go"),
    )
    list_filter = ("state",)
    list_select_related = ("wallet__asset",)
    search_fields = ("key__exact", "wallet__code__startswith")
    search_help_text = "A key, the beginning of a wallet's code, or a whole id"
    fields = (
        column("wallet", "Wallet", lambda hold: hold.wallet.code),
        column("state", "State", lambda hold: hold.get_state_display()),
        column("amount", "Held", lambda hold: grouped(hold.amount, hold.wallet.asset, named=True)),
        column("captured", "Captured", lambda hold: grouped(hold.captured, hold.wallet.asset)),
        column("released", "Released", lambda hold: grouped(hold.released, hold.wallet.asset)),
        instant("held_at", "Since"),
        instant("expires_at", "Lets go"),
        whole_id("key", "Key"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=HOLD_LABELS, ordering="state")
    def shown_state(self, hold: Hold) -> tuple[str, str]:
        return hold.state, HoldState(hold.state).label


def _closable(request: HttpRequest) -> Any:
    person: Any = request.user
    return Program.objects.filter(pk__in=Membership.objects.programs_where(person, "ledger.close"))
