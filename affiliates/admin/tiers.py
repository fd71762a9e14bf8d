"""Tiers and their rates, and what other rates would have come to."""

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils import timezone

from affiliates.admin.forms import TierForm, WhatIfForm
from affiliates.admin.rates import propose_rates, rates_table
from affiliates.admin.screens import AffiliatesScreen, Page, Table, listed, page_of
from affiliates.models import Tier
from affiliates.operations import open_tier
from affiliates.queries.what_if import Outcome, Wish, what_if
from audit.access import may
from audit.admin import column, instant, whole_id
from audit.errors import DomainError
from identity.models import Program
from ledger.admin.shown import end_of, grouped, start_of
from ledger.models import Asset


@admin.register(Tier)
class TierAdmin(AffiliatesScreen):
    """Steps that affiliates stand on, and what each earns."""

    change_list_template = "admin/affiliates/tier_list.html"
    permission_to_view = "affiliate.read"

    list_display = ("name", column("count", "Affiliates", lambda row: f"{row.count:,}"), "program",
                    instant("created_at", "Opened"))  # fmt: skip
    list_select_related = ("program",)
    search_fields = ("name",)
    fields = ("name", "program", instant("created_at", "Opened"), whole_id())
    ordering = ("name", "pk")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(count=Count("affiliates"))

    def get_urls(self) -> list[URLPattern]:
        return [
            self.address("open/", self.open_view, "open"),
            self.address("what-if/", self.what_if_view, "what_if"),
            self.address("<uuid:pk>/rate/", self.rate_view, "rate"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        told = {"may_open": may(request, "affiliate.manage"), "may_ask": may(request, "commission.read")}
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def page(self, request: HttpRequest, row: Tier) -> Page:
        return Page(buttons=self.way(request, row, "rate", "Propose rates", "terms.propose"), tables=[rates_table(row)])

    def ties(self, request: HttpRequest, row: Tier) -> list[tuple[str, str]]:
        return [("Who stands on it", listed("affiliate", tier__id__exact=row.pk))]

    def rate_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Propose rates of a tier."""
        return propose_rates(self, request, self.asked_for(request, pk, "terms.propose"), key="tier")

    def open_view(self, request: HttpRequest) -> HttpResponse:
        """Add a tier."""
        form = TierForm(request.POST or None, programs=self._programs(request, "affiliate.manage"))
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            try:
                tier = open_tier(program=said["program"], name=said["name"], at=timezone.now())
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                self.message_user(request, "It is there. Propose its rates next.", messages.SUCCESS)
                return redirect(page_of(tier))
        return self.dialog(
            request, None, form, title="A new tier", button="Open",
            about="Affiliates are moved to it from their own pages. Until it has rates, the program's hold.",
            facts=[], back=reverse("admin:affiliates_tier_changelist"),
        )  # fmt: skip

    def what_if_view(self, request: HttpRequest) -> HttpResponse:
        """Work out what other rates would have come to over past days."""
        programs = self._programs(request, "commission.read")
        asked = "direct" in request.GET
        form = WhatIfForm(
            request.GET if asked else None, programs=programs,
            initial={"program": request.GET.get("program"), "of": request.GET.get("of", "")[:80]},
        )  # fmt: skip
        table: Table | None = None
        if asked and form.is_valid():
            try:
                table = _came_to(form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
        context = {
            **self.admin_site.each_context(request), "title": "What would it have come to?", "form": form,
            "table": table, "back": reverse("admin:affiliates_tier_changelist"),
        }  # fmt: skip
        return TemplateResponse(request, "admin/affiliates/what_if.html", context)

    def _programs(self, request: HttpRequest, permission: str) -> list[Program]:
        """Return where the person may do it.

        :raises PermissionDenied: if nowhere.
        """
        if not may(request, permission):
            raise PermissionDenied
        return list(Program.objects.filter(pk__in=self.programs(request, permission)).order_by("name")[:200])


def _came_to(said: dict[str, Any]) -> Table:
    program, tier, affiliate = said["program"], said.get("tier"), said.get("affiliate")
    wish = Wish(
        tier_id=tier.pk if tier else None, affiliate_id=affiliate.pk if affiliate else None, direct=said["direct"],
        override=said["override"],
    )  # fmt: skip
    zone, instant_later = ZoneInfo(program.time_zone), timedelta(microseconds=1)
    start, end = start_of(said["since"], zone) + instant_later, end_of(said["until"], program) + instant_later
    outcomes = what_if(program, wish, start=start, end=end)
    assets = {asset.code: asset for asset in Asset.objects.filter(code__in=[one.asset for one in outcomes])}
    return Table(
        f"{program}, {said['since']:%Y-%m-%d} to {said['until']:%Y-%m-%d}",
        ("Asset", "#Settlements", "#Direct, was", "#would be", "#Override, was", "#it would be", "#Difference"),
        [_line(one, assets[one.asset]) for one in outcomes],
        empty="Nothing was settled in these days by members whom somebody brought.",
    )


def _line(one: Outcome, asset: Asset) -> tuple[str, ...]:
    sums = (one.was_direct, one.would_be_direct, one.was_override, one.would_be_override, one.difference)
    return (one.asset, f"{one.settlements:,}", *(grouped(each, asset) for each in sums))
