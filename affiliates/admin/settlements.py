"""Settlements: what proves each, who earned from it, what was taken back."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from unfold.decorators import display

from affiliates.admin.files import SETTLEMENTS, import_page, import_url
from affiliates.admin.forms import AmountForm
from affiliates.admin.screens import AffiliatesScreen, Cell, Page, Table, day, labels, page_of
from affiliates.models import Settlement
from affiliates.operations import reverse_settlement, win_settlement_back
from affiliates.rules import percent
from affiliates.states import SETTLEMENT_TRANSITIONS, SettlementState
from audit.access import may
from audit.admin import column, instant, whole_id
from audit.errors import DomainError
from ledger.admin.shown import grouped
from ledger.money import exactly


@admin.register(Settlement)
class SettlementAdmin(AffiliatesScreen):
    """What members paid, once it is proven."""

    change_list_template = "admin/affiliates/importing_list.html"
    permission_to_view = "settlement.read"
    has_asset = True

    list_display = (
        column("event", "What", lambda row: row.source_event),
        column("member", "Member", lambda row: row.member.shown_address),
        column("amount", "Amount", lambda row: grouped(row.amount, row.asset, named=True)),
        column(
            "back", "Taken back", lambda row: grouped(row.reversed_amount, row.asset) if row.reversed_amount else ""
        ),
        "shown_state",
        column("affiliate", "Brought by", lambda row: row.affiliate.code if row.affiliate else ""),
        "program",
        instant("occurred_at", "Paid"),
    )
    list_filter = ("state", "source")
    list_select_related = ("program", "member", "asset", "affiliate")
    search_fields = ("source_event__exact", "tx_hash__exact", "member__wallet_address__exact", "affiliate__code__exact")
    search_help_text = "A whole event, a transaction's hash, a member's address, an affiliate's code, or a whole id"
    id_fields = ("pk", "member", "affiliate", "rail_event", "ledger_transaction")
    linked_lookups = ("affiliate__id__exact", "member__id__exact")
    date_hierarchy = "created_at"
    fields = (
        column("event", "What", lambda row: row.source_event),
        column("member", "Member", lambda row: row.member.shown_address),
        column("amount", "Amount", lambda row: grouped(row.amount, row.asset, named=True)),
        column("back", "Taken back", lambda row: grouped(row.reversed_amount, row.asset, named=True)),
        column("state", "State", lambda row: row.get_state_display()),
        column("affiliate", "Brought by", lambda row: row.affiliate.code if row.affiliate else "nobody"),
        column("parent", "Who stood above", lambda row: row.parent.code if row.parent else "nobody"),
        column("source", "Proven by", lambda row: row.get_source_display()),
        column("rail", "Came in at", lambda row: row.rail or None),
        column("chain", "Chain", lambda row: row.chain_id),
        whole_id("tx_hash", "Transaction"),
        column("place", "Where in it", lambda row: row.position),
        column("block", "Block", lambda row: row.block_number),
        column("verdict", "What was seen last", lambda row: row.verdict or None),
        "program",
        instant("occurred_at", "Paid"),
        instant("confirmed_at", "Confirmed"),
        instant("verified_at", "Looked at"),
        instant("due_at", "Looked for next"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=labels(SETTLEMENT_TRANSITIONS), ordering="state")
    def shown_state(self, row: Settlement) -> tuple[str, str]:
        return row.state, SettlementState(row.state).label

    def get_urls(self) -> list[URLPattern]:
        return [
            self.address("import/", self.import_view, "import"),
            self.address("<uuid:pk>/reverse/", self.reverse_view, "reverse"),
            self.address("<uuid:pk>/win/", self.win_view, "win"),
            *super().get_urls(),
        ]

    def ties(self, request: HttpRequest, row: Settlement) -> list[tuple[str, str]]:
        asked = (
            ("Its member", row.member, "member.read"), ("Who brought them", row.affiliate, "affiliate.read"),
            ("Its claim", getattr(row, "claim", None), "claim.read"),
            ("In the books", row.ledger_transaction, "ledger.read"),
        )  # fmt: skip
        return [(words, page_of(tied)) for words, tied, permission in asked if tied and may(request, permission)]

    def page(self, request: HttpRequest, row: Settlement) -> Page:
        buttons: list[tuple[str, str]] = []
        if row.is_recognised and row.reversed_amount < row.amount:
            buttons += self.way(request, row, "reverse", "Take back", "settlement.reverse")
        if row.reversed_amount:
            buttons += self.way(request, row, "win", "Win back", "settlement.reverse")
        family = [_family(row)] if may(request, "commission.read") else []
        return Page(buttons=buttons, tables=[*family, _reversals(row)])

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        told = {"import_url": import_url(request, SETTLEMENTS)}
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take in settlements from a file: they are looked up, as claims are."""
        return import_page(self, request, SETTLEMENTS)

    def reverse_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Take back some of a settlement, or all that is left."""
        row = self.asked_for(request, pk, "settlement.reverse")
        return self._correct(
            request, row, reverse_settlement, title="Take back", button="Take back", said="Taken back.",
            about="What both levels earned from it is clawed back in proportion, paid or not.",
        )  # fmt: skip

    def win_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Let count again what was taken back."""
        row = self.asked_for(request, pk, "settlement.reverse")
        return self._correct(
            request, row, win_settlement_back, title="Win back", button="Win back", said="It counts again.",
            about="What was clawed back for it is given again, due at once.",
        )  # fmt: skip

    def _correct(
        self, request: HttpRequest, row: Settlement, verb: Any, *, title: str, button: str, said: str, about: str
    ) -> HttpResponse:
        form = AmountForm(request.POST if request.method == "POST" else None, asset=row.asset)
        if request.method == "POST" and form.is_valid():
            sent = form.cleaned_data
            try:
                verb(
                    row.pk, program_id=row.program_id, amount=sent["amount"], key=f"admin:{row.pk}:{sent['key']}",
                    reason=sent["reason"], at=timezone.now(),
                )  # fmt: skip
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                self.message_user(request, said, messages.SUCCESS)
                return redirect(page_of(row))
        with exactly():
            left = row.amount - row.reversed_amount
        return self.dialog(
            request, row, form, title=title, button=button, about=about, back=page_of(row),
            facts=[
                ("Member", row.member.shown_address), ("Paid", grouped(row.amount, row.asset, named=True)),
                ("Taken back", grouped(row.reversed_amount, row.asset, named=True)),
                ("Left", grouped(left, row.asset, named=True)),
            ],
        )  # fmt: skip


def _family(row: Settlement) -> Table:
    rows = row.commissions.select_related("affiliate").order_by("pk")[:100]
    return Table(
        "Who earned from it", ("Affiliate", "What", "State", "#Rate", "#Amount"),
        [
            (
                one.affiliate.code, Cell(one.get_type_display(), page_of(one)), one.get_state_display(),
                percent(one.rate) if one.rate is not None else "", grouped(one.amount, row.asset, named=True),
            )
            for one in rows
        ],
        empty="Nobody: nobody brought this member, or it is not confirmed.",
    )  # fmt: skip


def _reversals(row: Settlement) -> Table:
    return Table(
        "What was taken back", ("When", "Why", "Key", "#Amount", "#Taken back after it"),
        [
            (day(one.at), one.reason, one.key, grouped(one.amount, row.asset, named=True),
             grouped(one.reversed_after, row.asset))
            for one in row.reversals.all()[:100]
        ],
        empty="Nothing.",
    )  # fmt: skip
