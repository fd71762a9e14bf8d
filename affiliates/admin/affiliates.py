"""Affiliates: what each has come to, where they stand, and what can be done with them."""

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from unfold.decorators import display

from affiliates.admin.files import AFFILIATES, import_page, import_url
from affiliates.admin.forms import AdjustForm, MoveForm
from affiliates.admin.rates import propose_rates, rates_table
from affiliates.admin.screens import AffiliatesScreen, Page, as_id, labels, listed, page_of
from affiliates.admin.tables import figures_table, funnel_table, methods_table, shared_destinations, standings_table
from affiliates.admin.tree import tree_page
from affiliates.errors import CommissionAdjustmentNeedsTwo
from affiliates.models import Affiliate, CommissionReport
from affiliates.operations import adjust_commission, change_affiliate_state, move_affiliate
from affiliates.proposable import propose_commission_adjustment
from affiliates.queries.figures import figures_of
from affiliates.queries.limits import adjustable_alone
from affiliates.queries.tree import node
from affiliates.states import AFFILIATE_TRANSITIONS, AffiliateState
from audit.access import may
from audit.admin import column, instant, whole_id
from audit.errors import DomainError
from ledger.models import Asset
from ledger.money import plain
from wallets.admin.acts import Act
from wallets.admin.screens import person_of

_ACTS: Final = (
    Act(
        name="activate", title="Let them begin", button="Activate", permission="affiliate.manage",
        text="Their link brings members, and what was held because they waited is released.",
        states=frozenset({AffiliateState.PENDING}),
    ),
    Act(
        name="suspend", title="Suspend them", button="Suspend", permission="affiliate.manage",
        text="Their link brings nobody; what their members pay is earned and held, and nothing is paid to them.",
        states=frozenset({AffiliateState.ACTIVE}),
    ),
    Act(
        name="reinstate", title="Let them go on", button="Reinstate", permission="affiliate.manage",
        text="What was held because they were suspended is released.",
        states=frozenset({AffiliateState.SUSPENDED}),
    ),
    Act(
        name="close", title="Close them", button="Close", permission="affiliate.manage",
        text="For good, once nothing of theirs is unpaid. Nothing is earned any more.",
        states=frozenset({AffiliateState.PENDING, AffiliateState.ACTIVE, AffiliateState.SUSPENDED}),
    ),
)  # fmt: skip
_LEADS_TO: Final = {
    "activate": AffiliateState.ACTIVE, "suspend": AffiliateState.SUSPENDED, "reinstate": AffiliateState.ACTIVE,
    "close": AffiliateState.CLOSED,
}  # fmt: skip


# To begin and to go on again are two things, and both make somebody active.
_BEGINS_AT: Final = {"activate": AffiliateState.PENDING, "reinstate": AffiliateState.SUSPENDED}


@admin.register(Affiliate)
class AffiliateAdmin(AffiliatesScreen):
    """Who brings members, and what they earn for it."""

    change_list_template = "admin/affiliates/importing_list.html"
    permission_to_view = "affiliate.read"
    acts = _ACTS

    list_display = (
        "code",
        column("party", "Name", lambda row: str(row.party)),
        "shown_state",
        column("tier", "Tier", lambda row: str(row.tier or "")),
        column("parent", "Under", lambda row: row.parent.code if row.parent else ""),
        "program",
        instant("joined_at", "Joined"),
    )
    list_filter = ("state",)
    list_select_related = ("program", "party", "tier", "parent")
    search_fields = ("code__exact", "wallet_address__exact", "party__name", "party__user__email__exact")
    search_help_text = "A whole code, a whole address in lower case, a name, an e-mail address, or a whole id"
    id_fields = ("pk", "party", "program")
    linked_lookups = ("parent__id__exact", "tier__id__exact", "party__id__exact")
    fields = (
        column("code", "Code", lambda row: row.code),
        column("party", "Name", lambda row: str(row.party)),
        column("user", "Signs in as", lambda row: str(row.user or "nobody")),
        column("state", "State", lambda row: row.get_state_display()),
        column("why", "Why", lambda row: row.state_reason or None),
        column("tier", "Tier", lambda row: str(row.tier or "none")),
        column("parent", "Under", lambda row: row.parent.code if row.parent else "nobody"),
        column("address", "Wallet address", lambda row: row.shown_address or None),
        "program",
        instant("joined_at", "Joined"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=labels(AFFILIATE_TRANSITIONS), ordering="state")
    def shown_state(self, row: Affiliate) -> tuple[str, str]:
        return row.state, AffiliateState(row.state).label

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        said = search_term.strip()
        # Codes and addresses are kept in lower case.
        return super().get_search_results(request, queryset, said.lower() if " " not in said else said)

    def get_urls(self) -> list[URLPattern]:
        return [
            self.address("tree/", self.tree_view, "tree"),
            self.address("import/", self.import_view, "import"),
            self.address("<uuid:pk>/move/", self.move_view, "move"),
            self.address("<uuid:pk>/adjust/", self.adjust_view, "adjust"),
            self.address("<uuid:pk>/rate/", self.rate_view, "rate"),
            *super().get_urls(),
        ]

    def do(self, act: str, request: HttpRequest, row: Affiliate, reason: str) -> str:
        change_affiliate_state(
            row.pk, program_id=row.program_id, to=_LEADS_TO[act], only_from=_BEGINS_AT.get(act), reason=reason,
            at=timezone.now(),
        )  # fmt: skip
        return "Changed."

    def ties(self, request: HttpRequest, row: Affiliate) -> list[tuple[str, str]]:
        tied = [("Their party", page_of(row.party))]
        tied += [("In the tree", f"{reverse('admin:affiliates_affiliate_tree')}?under={row.pk}")]
        lists = (
            ("Their commissions", "commission", "commission.read"), ("Their reports", "commissionreport",
            "commission.read"), ("Their adjustments", "adjustment", "commission.read"),
            ("Their members", "member", "member.read"), ("What their members paid", "settlement", "settlement.read"),
        )  # fmt: skip
        tied += [
            (words, listed(screen, affiliate__id__exact=row.pk))
            for words, screen, permission in lists
            if may(request, permission)
        ]
        return tied

    def page(self, request: HttpRequest, row: Affiliate) -> Page:
        buttons = [
            *self.way(request, row, "move", "Move", "affiliate.manage"),
            *self.way(request, row, "adjust", "Adjust earnings", "commission.adjust"),
            *self.way(request, row, "rate", "Propose rates", "terms.propose"),
        ]
        is_over = row.state == AffiliateState.CLOSED
        return Page(
            warnings=shared_destinations(row), buttons=[] if is_over else buttons,
            tables=[
                *([figures_table(row)] if may(request, "commission.read") else []), funnel_table(row),
                methods_table(row), standings_table(row), rates_table(row),
            ],
        )  # fmt: skip

    def move_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Let an affiliate stand elsewhere from now on."""
        row = self.asked_for(request, pk, "affiliate.manage")
        stands = {"parent": row.parent.code if row.parent else "", "tier": str(row.tier_id or "")}
        form = MoveForm(request.POST if request.method == "POST" else None, program=row.program, initial=stands)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            try:
                move_affiliate(
                    row.pk, program_id=row.program_id, parent_id=said["parent"], tier_id=said["tier"],
                    reason=said["reason"], at=timezone.now(),
                )  # fmt: skip
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                self.message_user(request, "Moved. What was earned until now stays.", messages.SUCCESS)
                return redirect(page_of(row))
        return self.dialog(
            request, row, form, title=f"Move {row.code}", button="Move", back=page_of(row),
            about="From now on overrides go to who stands above. What was earned until now is not touched.",
            facts=[("Under", stands["parent"] or "nobody"), ("Tier", str(row.tier or "none")),
                   ("Right under them", str(node(row).children))],
        )  # fmt: skip

    def adjust_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Add to what somebody earned, or take from it: alone up to the limit, beyond it by a proposal."""
        row = self.asked_for(request, pk, "commission.adjust")
        code = row.program.default_asset_code
        report = _draft_of(row, request.GET.get("report"))
        form = AdjustForm(
            request.POST if request.method == "POST" else None,
            initial={"asset": report.asset.code if report else code},
        )
        if request.method == "POST" and form.is_valid():
            try:
                return self._adjust(request, row, form.cleaned_data, report)
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
        asset = Asset.objects.filter(code=code).first()
        most = adjustable_alone(row.program, asset) if asset else Decimal(0)
        due = {one.asset: one.due for one in figures_of(row.pk).earnings.values()}
        return self.dialog(
            request, row, form, title=f"Adjust what {row.code} earned", button="Adjust or propose", back=page_of(row),
            about=f"Within a day, one person adjusts up to {plain(most)} {code} of an affiliate. What is more, or in"
            " another asset, becomes a proposal, and a second person decides.",
            facts=[("Name", str(row.party)), *((f"Due, {each}", plain(amount)) for each, amount in due.items()),
                   ("Into the report", str(report) if report else "none: it comes into the next")],
        )  # fmt: skip

    def _adjust(
        self, request: HttpRequest, row: Affiliate, said: dict[str, Any], report: CommissionReport | None
    ) -> HttpResponse:
        amount = said["amount"] if said["direction"] == "add" else -said["amount"]
        asked: dict[str, Any] = {
            "asset_code": said["asset"], "amount": amount, "reason": said["reason"],
            "key": f"admin:{row.pk}:{said['key']}", "report_id": report.pk if report else None,
        }  # fmt: skip
        try:
            adjust_commission(row.pk, program_id=row.program_id, **asked, at=timezone.now())
        except CommissionAdjustmentNeedsTwo:
            made = propose_commission_adjustment(
                row.pk, program=row.program, **asked, by=person_of(request), at=timezone.now()
            )
            words = "This takes two: it is proposed, and another person decides. Nothing has moved yet."
            self.message_user(request, words, messages.INFO)
            return redirect("admin:identity_proposal_change", made.proposal)
        self.message_user(request, f"Adjusted by {plain(amount)} {said['asset']}.", messages.SUCCESS)
        return redirect(page_of(row))

    def rate_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Propose rates of an affiliate's own."""
        row = self.asked_for(request, pk, "terms.propose")
        return propose_rates(self, request, row, key="affiliate")

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take in affiliates from a file."""
        return import_page(self, request, AFFILIATES)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        told = {"import_url": import_url(request, AFFILIATES)}
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def tree_view(self, request: HttpRequest) -> HttpResponse:
        """Show who stands under whom, one level at a time."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return tree_page(self, request)


def _draft_of(row: Affiliate, said: str | None) -> CommissionReport | None:
    pk = as_id(said)
    return row.reports.filter(pk=pk, state="DRAFT").select_related("asset").first() if pk else None
