"""Reports by month, made final and paid; and what was adjusted."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from unfold.decorators import display

from affiliates.admin.forms import MonthForm
from affiliates.admin.screens import AffiliatesScreen, Cell, Page, Table, day, labels, listed, page_of, picked, tick
from affiliates.models import Adjustment, CommissionReport
from affiliates.operations import draft_reports, finalize_reports, mark_report_paid
from affiliates.queries.report_files import file_name, period_of, report_csv, report_pdf
from affiliates.states import ADJUSTMENT_TRANSITIONS, REPORT_TRANSITIONS, AdjustmentState, ReportState
from audit.access import may
from audit.admin import column, instant, whole_id
from audit.errors import DomainError
from identity.models import Program
from ledger.admin.shown import grouped
from wallets.admin.acts import Act

AT_ONCE: Final = 1_000
LINES_SHOWN: Final = 50

_ACTS: Final = (
    Act(
        name="finalize", title="Make it final", button="Make final", permission="commission.report",
        text="Its rows, sums and digest stay as they are. The affiliate finds it in their portal.",
        states=frozenset({ReportState.DRAFT}),
    ),
    Act(
        name="paid", title="Say that it is paid", button="Mark as paid", permission="commission.report",
        text="It is looked at: no row of it may still wait.", states=frozenset({ReportState.FINALIZED}),
    ),
)  # fmt: skip
_KINDS: Final = {"pdf": ("application/pdf", report_pdf), "csv": ("text/csv; charset=utf-8", report_csv)}


@admin.register(CommissionReport)
class CommissionReportAdmin(AffiliatesScreen):
    """What each affiliate earned in a period."""

    change_list_template = "admin/affiliates/report_list.html"
    permission_to_view = "commission.read"
    acts = _ACTS
    has_asset = True

    list_display = (
        column("affiliate", "Affiliate", lambda row: row.affiliate.code),
        column("period", "Period", period_of),
        column("total", "Total", lambda row: grouped(row.total, row.asset, named=True)),
        column("lines", "Lines", lambda row: f"{row.lines_count:,}"),
        "shown_state",
        "program",
        instant("finalized_at", "Final since"),
    )
    list_filter = ("state",)
    list_select_related = ("program", "affiliate", "asset")
    search_fields = ("affiliate__code__exact", "digest__exact")
    search_help_text = "An affiliate's code, a whole digest, or a whole id"
    id_fields = ("pk", "affiliate")
    linked_lookups = ("affiliate__id__exact",)
    date_hierarchy = "period_start"
    fields = (
        column("affiliate", "Affiliate", lambda row: row.affiliate.code),
        column("period", "Period", period_of),
        column("state", "State", lambda row: row.get_state_display()),
        column("earned", "Earned", lambda row: grouped(row.earned, row.asset, named=True)),
        column("clawed", "Clawed back", lambda row: grouped(row.clawed_back, row.asset, named=True)),
        column("adjusted", "Adjusted", lambda row: grouped(row.adjusted, row.asset, named=True)),
        column("total", "Total", lambda row: grouped(row.total, row.asset, named=True)),
        "program",
        instant("created_at", "Drafted"),
        instant("finalized_at", "Final since"),
        instant("paid_at", "Paid"),
        whole_id("digest", "SHA-256 of its lines"),
        whole_id(),
    )
    ordering = ("-period_end", "-id")

    @display(description="State", label=labels(REPORT_TRANSITIONS), ordering="state")
    def shown_state(self, row: CommissionReport) -> tuple[str, str]:
        return row.state, ReportState(row.state).label

    def get_list_display(self, request: HttpRequest) -> Any:
        box = [column("tick", "Tick", tick)] if may(request, "commission.report") else []
        return [*self.list_display, *box]

    def get_urls(self) -> list[URLPattern]:
        return [
            self.address("draft/", self.draft_view, "draft"),
            self.address("finalize/", self.finalize_view, "finalize_many"),
            self.address("<uuid:pk>/pdf/", self.pdf_view, "pdf"),
            self.address("<uuid:pk>/csv/", self.csv_view, "csv"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_report = may(request, "commission.report")
        acts = [("Make final", reverse("admin:affiliates_commissionreport_finalize_many"))] if may_report else []
        told = {"may_report": may_report, "bulk": acts}
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def do(self, act: str, request: HttpRequest, row: CommissionReport, reason: str) -> str:
        if act == "finalize":
            finalize_reports([row.pk], program_id=row.program_id, at=timezone.now())
            return "It is final."
        mark_report_paid(row.pk, program_id=row.program_id, at=timezone.now())
        return "It is paid."

    def ties(self, request: HttpRequest, row: CommissionReport) -> list[tuple[str, str]]:
        tied = [("Its affiliate", page_of(row.affiliate))] if may(request, "affiliate.read") else []
        if row.state != ReportState.DRAFT:
            tied += [
                (words, reverse(f"admin:affiliates_commissionreport_{form}", args=[row.pk]))
                for words, form in (("PDF", "pdf"), ("CSV", "csv"))
            ]
        return tied

    def page(self, request: HttpRequest, row: CommissionReport) -> Page:
        buttons = []
        if row.state == ReportState.DRAFT and may(request, "commission.adjust"):
            adjust = reverse("admin:affiliates_affiliate_adjust", args=[row.affiliate_id])
            buttons.append(("Adjust", f"{adjust}?report={row.pk}"))
        lines = row.lines.select_related("commission")[:LINES_SHOWN]
        table = Table(
            "Its lines", ("Accrued", "What", "State", "#Amount"),
            [
                (day(line.commission.accrued_at), Cell(line.commission.get_type_display(), page_of(line.commission)),
                 line.commission.get_state_display(), grouped(line.commission.amount, row.asset, named=True))
                for line in lines
            ],
            empty="None.", more=("All of its affiliate's", listed("commission", affiliate__id__exact=row.affiliate_id)),
        )  # fmt: skip
        return Page(buttons=buttons, tables=[table])

    def draft_view(self, request: HttpRequest) -> HttpResponse:
        """Draft the reports of a month."""
        if not may(request, "commission.report"):
            raise PermissionDenied
        programs = Program.objects.filter(pk__in=self.programs(request, "commission.report")).order_by("name")[:200]
        last = timezone.localtime().replace(day=1) - timedelta(days=1)
        form = MonthForm(request.POST or None, programs=list(programs), initial={"month": f"{last:%Y-%m}"})
        if request.method == "POST" and form.is_valid():
            start, end = form.bounds()
            try:
                count = draft_reports(program=form.cleaned_data["program"], start=start, end=end, at=timezone.now())
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                words = f"{count} draft{'' if count == 1 else 's'}. Look at them, then make them final."
                self.message_user(request, words, messages.SUCCESS if count else messages.INFO)
                return redirect("admin:affiliates_commissionreport_changelist")
        return self.dialog(
            request, None, form, title="Draft the reports of a month", button="Draft", facts=[],
            about="One of each affiliate and asset. Drafted again, they take in what came since; what is final stays.",
            back=reverse("admin:affiliates_commissionreport_changelist"),
        )  # fmt: skip

    def finalize_view(self, request: HttpRequest) -> HttpResponse:
        """Make the ticked drafts final: all those of a program, or none."""
        if not may(request, "commission.report"):
            raise PermissionDenied
        back = redirect("admin:affiliates_commissionreport_changelist")
        ids = picked(request)[:AT_ONCE]
        if request.method != "POST" or not ids:
            self.message_user(request, "Tick the drafts first.", messages.ERROR)
            return back
        reach = self.get_queryset(request).filter(program__in=self.programs(request, "commission.report"))
        rows = reach.filter(pk__in=ids).values_list("pk", "program")
        by_program: dict[UUID, list[UUID]] = {}
        for pk, program_id in rows:
            by_program.setdefault(program_id, []).append(pk)
        for program_id, own in by_program.items():
            try:
                count = finalize_reports(own, program_id=program_id, at=timezone.now())
            except DomainError as refusal:
                self.refuse(request, refusal)
            else:
                words = f"{count} report{' is' if count == 1 else 's are'} final."
                self.message_user(request, words, messages.SUCCESS)
        return back

    def pdf_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Hand out a final report to print."""
        return self._file(request, pk, "pdf")

    def csv_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Hand out a final report for spreadsheets."""
        return self._file(request, pk, "csv")

    def _file(self, request: HttpRequest, pk: UUID, form: str) -> HttpResponse:
        row = self.asked_for(request, pk, "commission.read")
        if row.state == ReportState.DRAFT:
            self.message_user(request, "A draft is handed to nobody: make it final first.", messages.ERROR)
            return redirect(page_of(row))
        kind, make = _KINDS[form]
        try:
            made = make(row)
        except DomainError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return redirect(page_of(row))
        answer = HttpResponse(made, content_type=kind)
        answer["Content-Disposition"] = f'attachment; filename="{file_name(row)}.{form}"'
        return answer


@admin.register(Adjustment)
class AdjustmentAdmin(AffiliatesScreen):
    """What was added to earnings or taken from them, by whom and why."""

    permission_to_view = "commission.read"
    has_asset = True

    list_display = (
        column("affiliate", "Affiliate", lambda row: row.affiliate.code),
        column("amount", "Amount", lambda row: grouped(row.amount, row.asset, named=True)),
        "shown_state",
        column("reason", "Why", lambda row: row.reason),
        column("asked_by", "Asked by", lambda row: row.asked_by.partition(":")[0]),
        "program",
        instant("asked_at", "Asked"),
    )
    list_filter = ("state",)
    list_select_related = ("program", "affiliate", "asset")
    search_fields = ("affiliate__code__exact", "key__exact")
    search_help_text = "An affiliate's code, a whole key, or a whole id"
    id_fields = ("pk", "affiliate", "report", "proposal")
    linked_lookups = ("affiliate__id__exact",)
    fields = (
        column("affiliate", "Affiliate", lambda row: row.affiliate.code),
        column("amount", "Amount", lambda row: grouped(row.amount, row.asset, named=True)),
        column("state", "State", lambda row: row.get_state_display()),
        "reason",
        column("asked_by", "Asked by", lambda row: row.asked_by),
        "program",
        instant("asked_at", "Asked"),
        instant("settled_at", "Settled"),
        whole_id("key", "Key"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=labels(ADJUSTMENT_TRANSITIONS), ordering="state")
    def shown_state(self, row: Adjustment) -> tuple[str, str]:
        return row.state, AdjustmentState(row.state).label

    def ties(self, request: HttpRequest, row: Adjustment) -> list[tuple[str, str]]:
        tied = [("Its affiliate", page_of(row.affiliate))] if may(request, "affiliate.read") else []
        tied += [
            (words, page_of(one)) for words, one in (("Its row", row.commission), ("Its report", row.report)) if one
        ]
        if row.proposal is not None and may(request, "proposal.read"):
            tied.append(("What two people decide", reverse("admin:identity_proposal_change", args=[row.proposal])))
        return tied
