"""Accounts at rails: drafted here, used and changed by two people, stopped by one."""

from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from unfold.decorators import display

from audit.access import may, may_with
from audit.admin import LABELS, column, instant, reference, whole_id
from audit.errors import DomainError
from identity.models import Membership, Program
from identity.operations import propose
from ledger.models import Account
from ledger.money import plain
from ledger.queries.balances import balance_now
from wallets.admin.acts import Act, ActsAdmin
from wallets.admin.rail_forms import DraftForm, RevisionForm
from wallets.models import RailAccount
from wallets.operations import (
    change_rail_account,
    close_rail_account,
    draft_rail_account,
    renew_hook,
    stop_rail_account,
)
from wallets.proposable.rail_accounts import ACTIVATE, CHANGE
from wallets.queries.rail_accounts import account_codes, hook_path
from wallets.rails import rail_named
from wallets.states import RAIL_ACCOUNT_TRANSITIONS, RailAccountState

ACCOUNT_LABELS = {state: LABELS[colour] for state, colour in RAIL_ACCOUNT_TRANSITIONS.colours.items()}

_ACCOUNT_ACTS: Final = (
    Act(
        name="activate", title="Use it", button="Propose", permission="rail.propose",
        text="Somebody else has to agree. From then on we listen to it, and money goes through it.",
        states=frozenset({RailAccountState.DRAFT, RailAccountState.STOPPED}),
    ),
    Act(
        name="stop", title="Stop it", button="Stop", permission="rail.operate",
        text="Nothing new goes through it; what the rail tells us is still taken in.",
        states=frozenset({RailAccountState.ACTIVE}),
    ),
    Act(
        name="renew", title="Give it another address", button="Make a new address", permission="rail.operate",
        text="Until the rail is told the new address, nothing of it arrives.",
        states=frozenset({RailAccountState.ACTIVE, RailAccountState.STOPPED}),
    ),
    Act(
        name="close", title="Close it", button="Close", permission="rail.operate",
        text="For good, once nothing is left there. Its number may then be another's.",
        states=frozenset({RailAccountState.DRAFT, RailAccountState.STOPPED}),
    ),
)  # fmt: skip


@admin.register(RailAccount)
class RailAccountAdmin(ActsAdmin):
    """Where money comes in and goes out."""

    change_list_template = "admin/wallets/railaccount/change_list.html"
    change_form_template = "admin/wallets/railaccount/change_form.html"
    permission_to_view = "rail.read"
    acts = _ACCOUNT_ACTS

    list_display = (
        "name",
        column("rail", "Rail", lambda account: rail_named(account.rail).label),
        "number",
        column("assets", "Assets", lambda account: ", ".join(account.assets)),
        "shown_state",
        "program",
        instant("changed_at", "Changed"),
    )
    list_filter = ("state", "rail")
    list_select_related = ("program",)
    search_fields = ("name__exact", "number__exact")
    search_help_text = "A whole name, a whole number or a whole id"
    id_fields = ("pk", "program")
    fields = (
        "name",
        column("rail", "Rail", lambda account: rail_named(account.rail).label),
        column("number", "Number", lambda account: rail_named(account.rail).shown_number(account.number)),
        column("assets", "Assets", lambda account: ", ".join(account.assets)),
        column("state", "State", lambda account: account.get_state_display()),
        column("books", "In the books", lambda account: _in_the_books(account)),
        column("secrets", "Secrets", lambda account: _secrets(account)),
        column("hook", "What the rail calls", lambda account: _hook(account)),
        "program",
        instant("created_at", "Drafted"),
        instant("changed_at", "Changed"),
        whole_id(),
    )
    ordering = ("name",)

    @display(description="State", label=ACCOUNT_LABELS, ordering="state")
    def shown_state(self, account: RailAccount) -> tuple[str, str]:
        return account.state, RailAccountState(account.state).label

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields: Any = super().get_fields(request, obj)
        # Who may not operate it has no use for its address, and could fill the inbox by it.
        if obj is not None and not may_with(obj, request, "rail.operate"):
            fields = [field for field in fields if getattr(field, "__name__", field) != "hook"]
        return fields

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("draft/", self.admin_site.admin_view(self.draft_view), name="wallets_railaccount_draft"),
            path("<uuid:pk>/edit/", self.admin_site.admin_view(self.edit_view), name="wallets_railaccount_edit"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        told = {"may_draft": _may_draft_in(request).exists()}
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def ties(self, request: HttpRequest, row: RailAccount) -> list[tuple[str, str]]:
        inbox = reverse("admin:wallets_railevent_changelist") + f"?account__id__exact={row.pk}"
        found = [("What it has told us", inbox)]
        if row.state != RailAccountState.CLOSED and may_with(row, request, "rail.propose"):
            found.append(("Change it", reverse("admin:wallets_railaccount_edit", args=[row.pk])))
        return found

    def fits(self, act: str, row: RailAccount) -> bool:
        return act != "renew" or bool(rail_named(row.rail).hook_code)

    def do(self, act: str, request: HttpRequest, row: RailAccount, reason: str) -> str:
        now = timezone.now()
        if act == "activate":
            person: Any = request.user
            payload = {"rail_account": str(row.pk), "version": row.version}
            propose(ACTIVATE, program=row.program, payload=payload, reason=reason, by=person, at=now)
            return "Proposed. It is used once somebody else has agreed."
        if act == "stop":
            stop_rail_account(row.pk, program_id=row.program_id, reason=reason, at=now)
            return "Stopped. Using it again takes two people."
        if act == "renew":
            renew_hook(row.pk, program_id=row.program_id, reason=reason, at=now)
            return "It has a new address. Tell the rail."
        close_rail_account(row.pk, program_id=row.program_id, reason=reason, at=now)
        return "Closed."

    def draft_view(self, request: HttpRequest) -> HttpResponse:
        """Write down an account at a rail."""
        programs = _may_draft_in(request)
        if not programs.exists():
            raise PermissionDenied
        form = DraftForm(request.POST or None, programs=programs)
        if request.method == "POST" and form.is_valid():
            try:
                account = draft_rail_account(**form.wanted(), at=timezone.now())
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                return redirect("admin:wallets_railaccount_change", account.pk)
        return self._page(request, "Draft a rail account", form, "Draft")

    def edit_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Change a draft, or propose what an account that is in use becomes."""
        account: RailAccount = self.asked_for(request, pk, "rail.propose")
        is_draft = account.state == RailAccountState.DRAFT
        form = RevisionForm(request.POST or None, account=account)
        if request.method == "POST" and form.is_valid():
            wanted, now, person = form.wanted(), timezone.now(), request.user
            try:
                if is_draft:
                    change_rail_account(account.pk, program_id=account.program_id, **wanted, at=now)
                else:
                    payload = {"rail_account": str(account.pk), **wanted}
                    reason = form.cleaned_data["reason"]
                    propose(CHANGE, program=account.program, payload=payload, reason=reason, by=person, at=now)  # type: ignore[arg-type]
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                said = "Changed." if is_draft else "Proposed. It changes once somebody else has agreed."
                messages.success(request, said)
                return redirect("admin:wallets_railaccount_change", account.pk)
        return self._page(request, f"Change {account}", form, "Change" if is_draft else "Propose")

    def _page(self, request: HttpRequest, title: str, form: Any, button: str) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": title, "form": form, "button": button}
        return TemplateResponse(request, "admin/form.html", context)


def _may_draft_in(request: HttpRequest) -> Any:
    person: Any = request.user
    if not may(request, "rail.propose"):
        return Program.objects.none()
    return Program.objects.filter(pk__in=Membership.objects.programs_where(person, "rail.propose"))


def _in_the_books(account: RailAccount) -> str | None:
    codes = account_codes(account)
    held = Account.objects.filter(program=account.program_id, code__in=codes).select_related("asset")
    lines = [
        (reverse("admin:ledger_account_change", args=[each.pk]), each.code, plain(balance_now(each)), each.asset.code)
        for each in sorted(held, key=lambda each: (each.asset.code, codes.index(each.code)))
    ]
    return format_html_join(mark_safe("<br>"), '<a href="{}">{}</a> {} {}', lines) if lines else None


def _secrets(account: RailAccount) -> str:
    hidden = f"hidden ({account.fingerprint[:8]})" if rail_named(account.rail).credentials else "none"
    return f"{hidden}, version {account.version}"


def _hook(account: RailAccount) -> str:
    try:
        path = hook_path(account)
        return reference(path, short=False) if path else "nothing: we look it up"
    except DomainError as refusal:
        return str(refusal)
