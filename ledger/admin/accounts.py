"""Accounts: what each holds, its statement, and the trial balance of a program's books."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import DecimalField, OuterRef, QuerySet, Subquery, Sum
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from audit.access import may
from audit.admin import LABELS, RecordedAdmin, column, instant
from audit.errors import DomainError
from identity.models import Membership, Program
from ledger import chart
from ledger.admin.shown import AsOfForm, IssueForm, PeriodForm, end_of, grouped, kind_in_words
from ledger.models import Account, Asset, Balance, IssuedStatement
from ledger.operations import change_account_status, issue_statement
from ledger.queries.balances import balance_now
from ledger.queries.statement_files import period_in_words, statement_csv
from ledger.queries.statements import StatementLine, statement
from ledger.queries.trial_balance import Line, Sums, sums, trial_balance
from ledger.states import ACCOUNT_TRANSITIONS, AccountStatus

ACCOUNT_LABELS = {state: LABELS[colour] for state, colour in ACCOUNT_TRANSITIONS.colours.items()}
LINES_SHOWN = 100
STATEMENTS_SHOWN = 12
_VERBS = {AccountStatus.OPEN: "Open again", AccountStatus.FROZEN: "Freeze", AccountStatus.CLOSED: "Close for good"}


class StatusForm(forms.Form):
    """The next status, and why."""

    to = forms.ChoiceField(choices=AccountStatus.choices)
    reason = forms.CharField(max_length=500)


@admin.register(Account)
class AccountAdmin(RecordedAdmin):
    """A program's accounts and what they hold; an account's page is its statement."""

    permission_to_view = "ledger.read"
    change_form_template = "admin/ledger/account/change_form.html"

    list_display = (
        "code",
        column("held", "Holds", lambda account: grouped(account.held, account.asset, named=True)),
        column("role", "What it is", lambda account: chart.ROLES[account.role].label),
        "shown_status",
        column("program", "Program", lambda account: str(account.program), ordering="program__name"),
    )
    list_filter = ("status", "role")
    list_select_related = ("program", "asset")
    search_fields = ("code__startswith",)
    search_help_text = "The beginning of a code: wallet:, rail:mpesa"
    id_fields = ("program_id",)
    fields = (
        column("held", "Holds now", lambda account: grouped(balance_now(account), account.asset, named=True)),
        column("role", "What it is", lambda account: chart.ROLES[account.role].label),
        column("side", "Grows by", lambda account: "debit" if account.grows_by_debit else "credit"),
        column("status", "Status", lambda account: account.get_status_display()),
        "program",
        instant("opened_at", "Opened"),
    )
    ordering = ("code", "pk")

    @display(description="Status", label=ACCOUNT_LABELS, ordering="status")
    def shown_status(self, account: Account) -> tuple[str, str]:
        return account.status, AccountStatus(account.status).label

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        held = Balance.objects.filter(account=OuterRef("pk")).values("account").annotate(sum=Sum("amount"))
        amount = Subquery(held.values("sum"), output_field=DecimalField(max_digits=38, decimal_places=18))
        accounts: QuerySet[Account] = super().get_queryset(request).annotate(held=amount)
        return accounts

    def get_urls(self) -> list[URLPattern]:
        def address(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"ledger_account_{name}")  # type: ignore[no-any-return]

        return [
            address("trial-balance/", self.trial_balance_view, "trial_balance"),
            address("<int:pk>/statement.csv", self.statement_view, "statement"),
            address("<int:pk>/issue/", self.issue_view, "issue"),
            address("<int:pk>/status/", self.status_view, "status"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        account = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told: dict[str, Any] = dict(extra_context or {})
        if account is not None:
            since, until, after, up_to = PeriodForm(request.GET).bounds(account.program, at=timezone.now())
            shown = statement(account, after=after, until=up_to, limit=LINES_SHOWN)
            changes = [
                {"to": to, "label": _VERBS[AccountStatus(to)]} for to in ACCOUNT_TRANSITIONS.targets(account.status)
            ]
            told |= {
                "since": since, "until": until, "zone": account.program.time_zone, "asset": account.asset.code,
                "opening": grouped(shown.opening, account.asset), "closing": grouped(shown.closing, account.asset),
                "has_more": shown.has_more,
                "lines": [_shown(line, account.asset) for line in shown.lines],
                "csv": f"{reverse('admin:ledger_account_statement', args=[account.pk])}?since={since}&until={until}",
                "changes": changes if may(request, "account.freeze") else [],
                "may_issue": self._may("statement.issue", request, account),
                "issued": _issued(account),
            }  # fmt: skip
        return super().change_view(request, object_id, form_url, told)

    def statement_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Send the whole statement as CSV, the same bytes whenever it is asked for."""
        account = self._found(request, pk)
        since, until, after, up_to = PeriodForm(request.GET).bounds(account.program, at=timezone.now())
        answer = StreamingHttpResponse(
            statement_csv(account, after=after, until=up_to), content_type="text/csv; charset=utf-8"
        )
        name = f"{account.code.replace(':', '-')}-{account.asset.code}-{since}-{until}.csv"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def status_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Freeze the account, open it again or close it."""
        if not may(request, "account.freeze"):
            raise PermissionDenied
        account = self._found(request, pk)
        if not self._may("account.freeze", request, account):
            raise PermissionDenied
        form = StatusForm(request.POST)
        if request.method == "POST" and form.is_valid():
            try:
                change_account_status(
                    account.pk, program_id=account.program_id, to=AccountStatus(form.cleaned_data["to"]),
                    reason=form.cleaned_data["reason"], at=timezone.now(),
                )  # fmt: skip
            except DomainError as refusal:
                self.message_user(request, f"{refusal} Nothing was changed.", messages.ERROR)
            else:
                self.message_user(request, "Changed.", messages.SUCCESS)
        elif request.method == "POST":
            self.message_user(request, "Say in a few words why: the next reader needs them.", messages.ERROR)
        return redirect("admin:ledger_account_change", account.pk)

    def issue_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Issue the statement of some days that are over."""
        if not may(request, "statement.issue"):
            raise PermissionDenied
        account = self._found(request, pk)
        if not self._may("statement.issue", request, account):
            raise PermissionDenied
        form = IssueForm(request.POST)
        if request.method != "POST":
            return redirect("admin:ledger_account_change", account.pk)
        if not form.is_valid():
            self.message_user(request, "Name the first and the last day.", messages.ERROR)
            return redirect("admin:ledger_account_change", account.pk)
        after, until = form.bounds(account.program)
        now = timezone.now()
        try:
            issued = issue_statement(account.pk, program_id=account.program_id, after=after, until=until, at=now)
        except DomainError as refusal:
            self.message_user(request, f"{refusal} Nothing was issued.", messages.ERROR)
            return redirect("admin:ledger_account_change", account.pk)
        is_new = issued.issued_at == now
        said = "is issued" if is_new else "was issued before, and is the one for these days"
        self.message_user(request, f"Statement {issued} {said}.", messages.SUCCESS if is_new else messages.INFO)
        return redirect("admin:ledger_issuedstatement_change", issued.pk)

    def trial_balance_view(self, request: HttpRequest) -> HttpResponse:
        """Show both sides of a program's books, now or as of the end of a day."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        programs = Program.objects.filter(pk__in=_readable(request)).order_by("name")
        asked = request.GET.get("program", "")[:60]
        program = programs.filter(slug=asked).first() if asked else programs.first()
        form = AsOfForm(request.GET)
        form.is_valid()
        on, by = form.cleaned_data.get("on"), form.cleaned_data.get("by") or "booked"
        lines: list[Line] = []
        if program:
            lines = trial_balance(
                program_id=program.pk, at=end_of(on, program) if on else None, effective=by == "effective"
            )
        context = {
            **self.admin_site.each_context(request), "title": "Trial balance", "program": program, "asked": asked,
            "programs": programs[:200], "on": on, "by": by,
            "books": [_book(one, lines) for one in sums(lines)],
        }  # fmt: skip
        return TemplateResponse(request, "admin/ledger/trial_balance.html", context)

    def _found(self, request: HttpRequest, pk: int) -> Account:
        if not self.has_view_permission(request):
            raise PermissionDenied
        account = self.get_queryset(request).filter(pk=pk).first() if pk < 2**63 else None
        if account is None:
            raise Http404
        return account

    def _may(self, permission: str, request: HttpRequest, account: Account) -> bool:
        person: Any = request.user
        return account.program_id in Membership.objects.programs_where(person, permission)


def _book(one: Sums, lines: list[Line]) -> dict[str, Any]:
    asset = Asset.objects.get(code=one.asset)
    return {
        "asset": asset, "is_balanced": one.is_balanced, "debit": grouped(one.debit, asset),
        "credit": grouped(one.credit, asset),
        "lines": [
            {
                "line": line, "label": chart.ROLES[line.role].label, "debit": grouped(line.debit or None, asset),
                "credit": grouped(line.credit or None, asset),
                "url": reverse("admin:ledger_account_change", args=[line.account_id]),
            }
            for line in lines if line.asset == one.asset
        ],
    }  # fmt: skip


def _issued(account: Account) -> list[dict[str, Any]]:
    latest = IssuedStatement.objects.without_files().filter(account=account)[:STATEMENTS_SHOWN]
    return [
        {
            "statement": one, "period": period_in_words(account.program, after=one.after, until=one.until),
            "closing": grouped(one.closing, account.asset),
            "url": reverse("admin:ledger_issuedstatement_change", args=[one.pk]),
            "pdf": reverse("admin:ledger_issuedstatement_pdf", args=[one.pk]),
            "csv": reverse("admin:ledger_issuedstatement_csv", args=[one.pk]),
        }
        for one in latest
    ]  # fmt: skip


def _readable(request: HttpRequest) -> QuerySet[Any, UUID]:
    person: Any = request.user
    return Membership.objects.programs_where(person, "ledger.read")


def _shown(line: StatementLine, asset: Asset) -> dict[str, Any]:
    return {
        "line": line, "debit": grouped(line.debit, asset), "credit": grouped(line.credit, asset),
        "balance": grouped(line.balance, asset), "kind": kind_in_words(line.kind),
        "url": reverse("admin:ledger_transaction_change", args=[line.transaction_id]),
    }  # fmt: skip
