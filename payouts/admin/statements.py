"""What rails say themselves: brought as a file, and each line beside the payout that it is."""

import zlib
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from affiliates.admin.screens import AffiliatesScreen, Cell, Page, Table, page_of
from audit.access import may, may_with
from audit.admin import column, instant, whole_id
from audit.errors import DomainError
from ledger.admin.shown import grouped
from payouts.queries.statements import BY, Counted, Match, counted, matches
from payouts.states import AttemptState
from wallets.models import RailAccount, RailStatement
from wallets.operations import import_statement
from wallets.rails.statements import COLUMNS
from wallets.states import RailAccountState, StatementLineType

# The page's own share of a request; `manage.py import_statement` takes files of 64 MiB.
BYTES_AT_MOST: Final = 1_000_000
_SHOWN: Final = 100
_LEFT_SHOWN: Final = 20
_PERMISSION: Final = "rail.operate"


class StatementForm(forms.Form):
    """A statement, and of which account it is."""

    account = forms.ModelChoiceField(
        RailAccount.objects.none(), label="Rail account", empty_label=None, widget=UnfoldAdminSelectWidget
    )
    file = forms.FileField(label="CSV in UTF-8", allow_empty_file=True, widget=UnfoldAdminFileFieldWidget)

    def __init__(self, *args: Any, accounts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["account"]
        field.queryset = accounts

    def clean_file(self) -> Any:
        """Return what was sent, if a page takes so much."""
        sent = self.cleaned_data["file"]
        if sent.size > BYTES_AT_MOST:
            raise forms.ValidationError(
                f"A page takes up to {BYTES_AT_MOST:,} bytes. manage.py import_statement takes larger ones."
            )
        return sent


@admin.register(RailStatement)
class RailStatementAdmin(AffiliatesScreen):
    """What rails say was there, came in and went out; and what of it is ours."""

    change_list_template = "admin/payouts/statement_list.html"
    permission_to_view = "rail.read"
    has_asset = True

    list_display = (
        instant("begins_at", "From"),
        instant("ends_at", "To"),
        column("account", "Account", lambda row: row.account.name),
        column("count", "Lines", lambda row: f"{row.count:,}"),
        column("opening", "Opening", lambda row: grouped(row.opening, row.asset, named=True)),
        column("closing", "Closing", lambda row: grouped(row.closing, row.asset, named=True)),
        "program",
        instant("imported_at", "Brought"),
    )
    list_select_related = ("account", "asset", "program")
    search_fields = ("sha256__exact", "account__name__exact")
    search_help_text = "The whole name of an account, a file's SHA-256, or a whole id"
    id_fields = ("pk", "account")
    linked_lookups = ("account__id__exact",)
    date_hierarchy = "ends_at"
    fields = (
        column("account", "Account", lambda row: row.account.name),
        instant("begins_at", "From"),
        instant("ends_at", "To, and no longer in it"),
        column("opening", "Opening", lambda row: grouped(row.opening, row.asset, named=True)),
        column("closing", "Closing", lambda row: grouped(row.closing, row.asset, named=True)),
        column("count", "Lines", lambda row: f"{row.count:,}"),
        "program",
        instant("imported_at", "Brought"),
        column("imported_by", "By", lambda row: row.imported_by),
        whole_id("sha256", "SHA-256 of the file"),
        whole_id(),
    )
    ordering = ("-ends_at",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("content")

    def get_urls(self) -> list[URLPattern]:
        return [
            self.address("bring/", self.bring_view, "bring"),
            self.address("<uuid:pk>/file/", self.file_view, "file"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"may_bring": may(request, _PERMISSION), **(extra_context or {})})

    def page(self, request: HttpRequest, row: RailStatement) -> Page:
        summed = counted(row)
        warnings = []
        if summed.left:
            total, is_one = grouped(summed.left_amount, row.asset, named=True), summed.left == 1
            warnings.append(
                f"{summed.left:,} line{' says' if is_one else 's say'} that money left, {total}, and"
                f" {'is' if is_one else 'are'} nothing that we have sent. Nothing is booked by that."
            )
        left = matches(row, limit=_LEFT_SHOWN, only_left=True) if summed.left else []
        after = _number(request.GET.get("after"))
        shown = matches(row, skip=after, limit=_SHOWN)
        more = None
        if after + len(shown) < row.count:
            more = (f"Lines from {after + _SHOWN + 1:,} on", f"{page_of(row)}?after={after + _SHOWN}")
        lines = _lines("Lines" if not after else f"Lines from {after + 1:,} on", shown, row, more=more)
        may_see = may_with(row, request, "payout.read")
        tables = [_sums(summed), *([_left(left, row, summed)] if left else []), lines if may_see else _plain(lines)]
        return Page(warnings=warnings, tables=tables, buttons=self.way(request, row, "file", "The file", "rail.read"))

    def ties(self, request: HttpRequest, row: RailStatement) -> list[tuple[str, str]]:
        findings = f"{reverse('admin:audit_finding_changelist')}?check_name__exact=payouts.statements"
        return [
            ("Its account", page_of(row.account)),
            *([("What is found", findings)] if may(request, "reconciliation.read") else []),
        ]

    def bring_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file in."""
        if not may(request, _PERMISSION):
            raise PermissionDenied
        accounts = RailAccount.objects.filter(program__in=self.programs(request, _PERMISSION)).order_by("name")
        form = StatementForm(
            request.POST or None, request.FILES or None, accounts=accounts.exclude(state=RailAccountState.DRAFT)
        )
        if request.method == "POST" and form.is_valid():
            account = form.cleaned_data["account"]
            try:
                done = import_statement(
                    account.pk, program_id=account.program_id, file=form.cleaned_data["file"], at=timezone.now()
                )
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                known = sum(1 for each in done.verdicts if each.verdict == "duplicate")
                said = f"{len(done.verdicts) - known:,} lines taken in, {known:,} were there already, just so."
                self.message_user(request, said, messages.INFO if done.is_replay else messages.SUCCESS)
                return redirect(page_of(done.statement))
        context = {
            **self.admin_site.each_context(request), "title": "Bring a statement", "form": form, "columns": COLUMNS,
            "required": COLUMNS[:5], "back": reverse("admin:wallets_railstatement_changelist"),
            "about": "It is taken in whole or not at all, and books nothing: what does not agree is found and shown."
            " The first line is of type OPENING, the last CLOSING, and between them are ENTRY and FEE, in the order in"
            " which they happened, each with the balance after it.",
        }  # fmt: skip
        return TemplateResponse(request, "admin/affiliates/import.html", context)

    def file_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Give out the file as it came."""
        row = self.asked_for(request, pk, "rail.read")
        answer = HttpResponse(zlib.decompress(row.content), content_type="text/csv; charset=utf-8")
        name = f"{row.account.name}-{row.begins_at:%Y-%m-%d}-{row.ends_at:%Y-%m-%d}.csv"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def statements_of(request: HttpRequest, account: RailAccount) -> list[tuple[str, str]]:
    """Return the link from a rail account to its statements."""
    listed = reverse("admin:wallets_railstatement_changelist")
    return [("Its statements", f"{listed}?account__id__exact={account.pk}")]


def _number(said: str | None) -> int:
    return int(said) if said and said.isascii() and said.isdecimal() and len(said) < 8 else 0


def _sums(summed: Counted) -> Table:
    return Table(
        "What they are", ("What", "#Lines"),
        [
            ("Went out, and known by a name", f"{summed.by_name:,}"),
            ("Went out, and like one of ours by amount and date alone", f"{summed.by_amount:,}"),
            ("Went out, and nothing of ours", f"{summed.left:,}"),
            ("Came in", f"{summed.came_in:,}"),
            ("Fees", f"{summed.fees:,}"),
        ],
    )  # fmt: skip


def _left(lines: list[Match], row: RailStatement, summed: Counted) -> Table:
    title = "Left here" if summed.left <= len(lines) else f"Left here, the first {len(lines)} of {summed.left:,}"
    return Table(
        title, ("#Line", "When", "Reference", "Description", "#Amount"),
        [
            (line.number, f"{line.at:%d %b %Y, %H:%M} UTC", line.reference, line.description, _signed(line, row))
            for line in lines
        ],
    )  # fmt: skip


def _lines(title: str, lines: list[Match], row: RailStatement, *, more: tuple[str, str] | None) -> Table:
    return Table(
        title, ("#Line", "When", "Reference", "What it is", "#Amount", "#Balance"),
        [
            (line.number, f"{line.at:%d %b %Y, %H:%M} UTC", line.reference or line.description, _what(line),
             _signed(line, row), grouped(line.balance, row.asset))
            for line in lines
        ],
        empty="Nothing happened in this time.", more=more,
    )  # fmt: skip


def _plain(table: Table) -> Table:
    """Return the lines without what they are of ours, for whom that does not concern."""
    rows = [tuple(cell.text if isinstance(cell, Cell) else cell for cell in row) for row in table.rows]
    return Table(table.title, table.heads, rows, empty=table.empty, more=table.more)


def _what(line: Match) -> object:
    if line.type == StatementLineType.FEE:
        return "A fee"
    if line.payout_id is None:
        return "Came in" if line.amount > 0 else "Nothing of ours"
    came = "Came back: " if line.amount > 0 else ""
    state = AttemptState(line.state).label.lower()
    words = f"{came}{line.attempt}, {state}, by {BY[line.by]}"
    return Cell(words, reverse("admin:payouts_payout_change", args=[line.payout_id]))


def _signed(line: Match, row: RailStatement) -> str:
    sign = "+" if line.amount > 0 else "\N{MINUS SIGN}"
    return f"{sign}{grouped(abs(line.amount), row.asset, named=True)}"
