"""Members, and what they claim to have paid."""

from typing import Any, Final

from django.contrib import admin
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from affiliates.admin.screens import AffiliatesScreen, Cell, Page, Table, day, labels, listed, page_of
from affiliates.models import Claim, Member
from affiliates.operations import approve_claim, change_member_state, reject_claim
from affiliates.states import CLAIM_TRANSITIONS, MEMBER_TRANSITIONS, ClaimState, MemberState
from audit.access import may
from audit.admin import column, instant, whole_id
from ledger.admin.shown import grouped
from wallets.admin.acts import Act

_MEMBER_ACTS: Final = (
    Act(
        name="suspend", title="Suspend them", button="Suspend", permission="member.manage",
        text="They can't claim any more. What is proven to be paid still counts.",
        states=frozenset({MemberState.REGISTERED}),
    ),
    Act(
        name="reinstate", title="Let them go on", button="Reinstate", permission="member.manage",
        text="They can claim again.", states=frozenset({MemberState.SUSPENDED}),
    ),
)  # fmt: skip
_CLAIM_ACTS: Final = (
    Act(
        name="approve", title="Look for the payment", button="Approve", permission="claim.decide",
        text="A worker asks the chain. Only what is proven there is recognised.",
        states=frozenset({ClaimState.REQUESTED}),
    ),
    Act(
        name="reject", title="Turn it down", button="Reject", permission="claim.decide",
        text="The member reads why. Proof that comes later still counts.",
        states=frozenset({ClaimState.REQUESTED, ClaimState.APPROVED}),
    ),
)  # fmt: skip


@admin.register(Member)
class MemberAdmin(AffiliatesScreen):
    """Who was brought, and by whom."""

    permission_to_view = "member.read"
    acts = _MEMBER_ACTS

    list_display = (
        column("address", "Address", lambda row: row.shown_address),
        column("party", "Name", lambda row: str(row.party)),
        "shown_state",
        column("affiliate", "Brought by", lambda row: row.affiliate.code if row.affiliate else ""),
        "program",
        instant("registered_at", "Registered"),
    )
    list_filter = ("state",)
    list_select_related = ("program", "party", "affiliate")
    search_fields = ("wallet_address__exact", "party__name", "party__user__email__exact", "affiliate__code__exact")
    search_help_text = "A whole address, a name, an e-mail address, an affiliate's code, or a whole id"
    id_fields = ("pk", "party", "affiliate", "program")
    linked_lookups = ("affiliate__id__exact", "party__id__exact")
    fields = (
        column("address", "Address", lambda row: row.shown_address),
        column("party", "Name", lambda row: str(row.party)),
        column("user", "Signs in as", lambda row: str(row.user or "nobody")),
        column("state", "State", lambda row: row.get_state_display()),
        column("why", "Why", lambda row: row.state_reason or None),
        column("affiliate", "Brought by", lambda row: row.affiliate.code if row.affiliate else "nobody"),
        instant("clicked_at", "Followed the link"),
        "program",
        instant("registered_at", "Registered"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=labels(MEMBER_TRANSITIONS), ordering="state")
    def shown_state(self, row: Member) -> tuple[str, str]:
        return row.state, MemberState(row.state).label

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        said = search_term.strip()
        return super().get_search_results(request, queryset, said.lower() if " " not in said else said)

    def do(self, act: str, request: HttpRequest, row: Member, reason: str) -> str:
        to = MemberState.SUSPENDED if act == "suspend" else MemberState.REGISTERED
        change_member_state(row.pk, program_id=row.program_id, to=to, reason=reason, at=timezone.now())
        return "Changed."

    def ties(self, request: HttpRequest, row: Member) -> list[tuple[str, str]]:
        tied = [("Their party", page_of(row.party))]
        if row.affiliate is not None and may(request, "affiliate.read"):
            tied.append(("Who brought them", page_of(row.affiliate)))
        if may(request, "claim.read"):
            tied.append(("Their claims", listed("claim", member__id__exact=row.pk)))
        if may(request, "settlement.read"):
            tied.append(("What they paid", listed("settlement", member__id__exact=row.pk)))
        return tied

    def page(self, request: HttpRequest, row: Member) -> Page:
        if not may(request, "settlement.read"):
            return Page()
        paid = row.settlements.select_related("asset")[:20]
        table = Table(
            "What they paid", ("What", "State", "Paid", "#Amount"),
            [
                (Cell(one.source_event, page_of(one)), one.get_state_display(), day(one.occurred_at),
                 grouped(one.amount, one.asset, named=True))
                for one in paid
            ],
            empty="Nothing yet.",
        )  # fmt: skip
        return Page(tables=[table])


@admin.register(Claim)
class ClaimAdmin(AffiliatesScreen):
    """What members say they paid; those that wait for a decision first."""

    permission_to_view = "claim.read"
    acts = _CLAIM_ACTS
    has_asset = True

    list_display = (
        column("reference", "Claim", lambda row: row.reference),
        column("member", "Member", lambda row: row.member.shown_address),
        column("amount", "Amount", lambda row: grouped(row.amount, row.asset, named=True)),
        "shown_state",
        column("chain", "Chain", lambda row: row.chain_id),
        "program",
        instant("requested_at", "Requested"),
    )
    list_filter = ("state",)
    list_select_related = ("program", "member", "asset")
    search_fields = ("reference__exact", "tx_hash__exact", "member__wallet_address__exact")
    search_help_text = "A whole reference, a transaction's hash, a member's address, or a whole id"
    id_fields = ("pk", "member", "settlement")
    linked_lookups = ("member__id__exact",)
    fields = (
        "reference",
        column("member", "Member", lambda row: row.member.shown_address),
        column("amount", "Amount", lambda row: grouped(row.amount, row.asset, named=True)),
        column("state", "State", lambda row: row.get_state_display()),
        column("why", "Why", lambda row: row.reason or None),
        "chain_id",
        whole_id("tx_hash", "Transaction"),
        column("note", "What the member says", lambda row: row.note or None),
        "program",
        instant("requested_at", "Requested"),
        instant("decided_at", "Decided"),
        column("decided_by", "Decided by", lambda row: row.decided_by or None),
        whole_id(),
    )

    @display(description="State", label=labels(CLAIM_TRANSITIONS), ordering="state")
    def shown_state(self, row: Claim) -> tuple[str, str]:
        return row.state, ClaimState(row.state).label

    def get_queryset(self, request: HttpRequest) -> Any:
        waits = Case(When(state=ClaimState.REQUESTED, then=Value(0)), default=Value(1), output_field=IntegerField())
        return super().get_queryset(request).annotate(turn=waits)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("turn", "-requested_at", "-pk")

    def do(self, act: str, request: HttpRequest, row: Claim, reason: str) -> str:
        decide = approve_claim if act == "approve" else reject_claim
        decide(row.pk, program_id=row.program_id, reason=reason, at=timezone.now())
        return "Approved. A worker looks for the payment." if act == "approve" else "Rejected. The member reads why."

    def ties(self, request: HttpRequest, row: Claim) -> list[tuple[str, str]]:
        tied = [("Its member", page_of(row.member))] if may(request, "member.read") else []
        if row.settlement is not None and may(request, "settlement.read"):
            tied.append(("What it settled", page_of(row.settlement)))
        return tied
