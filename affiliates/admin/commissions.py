"""Commissions: how each came about, why it is not paid yet, and holding, releasing and voiding them, many at once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from unfold.decorators import display

from affiliates.admin.screens import AffiliatesScreen, Cell, Page, Table, labels, listed, page_of, picked, tick
from affiliates.models import Commission
from affiliates.operations import hold_commissions, release_commissions, void_commission
from affiliates.queries.payability import payability, situation_of
from affiliates.rules import percent
from affiliates.states import COMMISSION_TRANSITIONS, UNPAID, CommissionState
from audit.access import may
from audit.admin import column, instant, whole_id
from audit.errors import DomainError
from ledger.admin.shown import grouped
from ledger.money import plain
from wallets.admin.acts import Act
from wallets.admin.forms import ReasonForm

AT_ONCE: Final = 200

_ACTS: Final = (
    Act(
        name="hold", title="Keep it from being paid", button="Hold", permission="commission.hold",
        text="Until somebody releases it. The affiliate reads why.",
        states=frozenset({CommissionState.ACCRUED, CommissionState.DUE}),
    ),
    Act(
        name="release", title="Let it go on", button="Release", permission="commission.hold",
        text="It is due, or waits for the end of its hold period.", states=frozenset({CommissionState.HELD}),
    ),
    Act(
        name="void", title="It was never earned", button="Void", permission="commission.void",
        text="It is booked back, for good. A sale that was returned is taken back at its settlement instead.",
        states=frozenset({CommissionState.ACCRUED, CommissionState.DUE, CommissionState.HELD}),
    ),
)  # fmt: skip
_DONE: Final = {"hold": "Held.", "release": "Released.", "void": "Voided."}
_PERMISSIONS: Final = {act.name: act.permission for act in _ACTS}

# What came of each row: nothing where it was done, else why not.
Outcomes = Mapping[UUID, DomainError | None]


@admin.register(Commission)
class CommissionAdmin(AffiliatesScreen):
    """What affiliates earn, row by row."""

    change_list_template = "admin/affiliates/commission_list.html"
    permission_to_view = "commission.read"
    acts = _ACTS
    has_asset = True

    list_display = (
        column("kind", "What", lambda row: row.get_type_display(), ordering="type"),
        column("affiliate", "Affiliate", lambda row: row.affiliate.code),
        column("amount", "Amount", lambda row: grouped(row.amount, row.asset, named=True)),
        "shown_state",
        column("why", "Why", lambda row: row.held_reason or row.reason),
        "program",
        instant("accrued_at", "Accrued"),
        instant("payable_at", "Hold period until"),
    )
    list_filter = ("type", "state")
    list_select_related = ("program", "affiliate", "asset")
    search_fields = ("affiliate__code__exact", "settlement__source_event__exact", "settlement__tx_hash__exact")
    search_help_text = "An affiliate's code, a settlement's event or transaction, or a whole id"
    id_fields = ("pk", "affiliate", "settlement", "ledger_transaction")
    linked_lookups = ("affiliate__id__exact", "settlement__id__exact", "ledger_transaction__id__exact")
    date_hierarchy = "accrued_at"
    fields = (
        column("kind", "What", lambda row: row.get_type_display()),
        column("affiliate", "Affiliate", lambda row: row.affiliate.code),
        column("amount", "Amount", lambda row: grouped(row.amount, row.asset, named=True)),
        column("state", "State", lambda row: row.get_state_display()),
        column("held_reason", "Why it is on hold", lambda row: row.held_reason or None),
        column("reason", "Why", lambda row: row.reason or None),
        column("base", "Of", lambda row: grouped(row.base, row.asset, named=True) or None),
        column("rate", "Rate", lambda row: percent(row.rate) if row.rate is not None else None),
        column("rate_from", "Whose rate", lambda row: row.rate_from or None),
        column("exact", "Before rounding", lambda row: plain(row.exact) if row.exact is not None else None),
        "program",
        instant("accrued_at", "Accrued"),
        instant("payable_at", "Hold period until"),
        instant("paid_at", "Paid"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=labels(COMMISSION_TRANSITIONS), ordering="state")
    def shown_state(self, row: Commission) -> tuple[str, str]:
        return row.state, CommissionState(row.state).label

    def get_list_display(self, request: HttpRequest) -> Any:
        may_act = any(may(request, act.permission) for act in _ACTS)
        return [*self.list_display, *([column("tick", "Tick", tick)] if may_act else [])]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return super().get_search_results(request, queryset, search_term.strip())

    def get_urls(self) -> list[URLPattern]:
        many = [self.address(f"{act.name}/", self._many(act), f"{act.name}_many") for act in _ACTS]
        return [*many, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        acts = [
            (act.button, reverse(f"admin:affiliates_commission_{act.name}_many"))
            for act in _ACTS
            if may(request, act.permission)
        ]
        return super().changelist_view(request, {"bulk": acts, **(extra_context or {})})

    def do(self, act: str, request: HttpRequest, row: Commission, reason: str) -> str:
        refusal = _change(act, [row.pk], row.program_id, reason, at=timezone.now())[row.pk]
        if refusal is not None:
            raise refusal
        return _DONE[act]

    def ties(self, request: HttpRequest, row: Commission) -> list[tuple[str, str]]:
        report = getattr(row, "report_line", None)
        asked = (
            ("Its affiliate", row.affiliate, "affiliate.read"),
            ("What it is for", row.settlement, "settlement.read"),
            ("What it puts right", row.corrects, "commission.read"),
            ("Its report", report and report.report, "commission.read"),
            ("Its adjustment", getattr(row, "adjustment", None), "commission.read"),
            ("In the books", row.ledger_transaction, "ledger.read"),
        )
        return [(words, page_of(tied)) for words, tied, permission in asked if tied and may(request, permission)]

    def page(self, request: HttpRequest, row: Commission) -> Page:
        corrections = row.corrections.order_by("pk")[:50]
        tables = [
            Table(
                "What put it right", ("What", "State", "Why", "#Amount"),
                [
                    (Cell(one.get_type_display(), page_of(one)), one.get_state_display(), one.reason,
                     grouped(one.amount, row.asset, named=True))
                    for one in corrections
                ],
                empty="Nothing: it stands as it was earned.",
            )
        ]  # fmt: skip
        if row.state in UNPAID:
            tables.insert(0, _waits(row))
        return Page(tables=tables)

    def _many(self, act: Act) -> Callable[[HttpRequest], HttpResponse]:
        def view(request: HttpRequest) -> HttpResponse:
            return self._change_many(request, act)

        return view

    def _change_many(self, request: HttpRequest, act: Act) -> HttpResponse:
        """Do it to every row that was ticked, and say of each what came of it."""
        if not may(request, act.permission):
            raise PermissionDenied
        back = reverse("admin:affiliates_commission_changelist")
        if request.method != "POST":
            return redirect(back)
        ids, form = picked(request)[:AT_ONCE], ReasonForm(request.POST)
        if not ids or not form.is_valid():
            self.message_user(request, "Tick rows, and say in a few words why.", messages.ERROR)
            return redirect(back)
        reach = self.get_queryset(request).filter(program__in=self.programs(request, act.permission))
        rows = list(reach.filter(pk__in=ids).select_related("affiliate", "asset").order_by("pk"))
        outcomes: dict[UUID, DomainError | None] = {}
        for program_id in {row.program_id for row in rows}:
            own = [row.pk for row in rows if row.program_id == program_id]
            outcomes |= _change(act.name, own, program_id, form.cleaned_data["reason"], at=timezone.now())
        context = {
            **self.admin_site.each_context(request), "title": f"{act.button}: what came of it", "back": back,
            "table": _outcome_table(rows, outcomes, _DONE[act.name]), "missing": len(ids) - len(rows),
        }  # fmt: skip
        return TemplateResponse(request, "admin/affiliates/outcome.html", context)


def _change(act: str, ids: Sequence[UUID], program_id: UUID, reason: str, *, at: datetime) -> Outcomes:
    """Do it, row by row, and return what came of each."""
    if act == "void":
        return {pk: _void(pk, program_id, reason, at=at) for pk in ids}
    many = hold_commissions if act == "hold" else release_commissions
    bulk = many(ids, program_id=program_id, reason=reason, at=at)
    return {pk: bulk.refused.get(pk) for pk in ids}


def _void(pk: UUID, program_id: UUID, reason: str, *, at: datetime) -> DomainError | None:
    try:
        with transaction.atomic():
            void_commission(pk, program_id=program_id, reason=reason, at=at)
    except DomainError as refusal:
        return refusal
    return None


def _outcome_table(rows: Sequence[Commission], outcomes: Outcomes, done: str) -> Table:
    return Table(
        "Row by row", ("Commission", "Affiliate", "#Amount", "What came of it"),
        [
            (Cell(row.get_type_display(), page_of(row)), row.affiliate.code, grouped(row.amount, row.asset, named=True),
             str(outcomes[row.pk] or done))
            for row in rows
        ],
        empty="None of the rows is in your reach.",
    )  # fmt: skip


def _waits(row: Commission) -> Table:
    found = payability(row, situation=situation_of(row.affiliate, row.asset.code), at=timezone.now())
    return Table(
        "Why it is not paid yet", ("What stands in the way", "Goes by itself"),
        [
            (one.text, f"{one.clears_at:%Y-%m-%d %H:%M} UTC" if one.clears_at else "no: somebody has to do something")
            for one in found.obstacles
        ],
        empty="Nothing stands in its way: it goes with the next payout.",
        more=("All of this affiliate's", listed("commission", affiliate__id__exact=row.affiliate_id)),
    )  # fmt: skip
