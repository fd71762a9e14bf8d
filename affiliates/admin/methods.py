"""Payout methods: whose they are, who else is paid there, and what shows it."""

from typing import Final

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from affiliates.admin.screens import AffiliatesScreen, Page, labels, page_of
from affiliates.models import PayoutMethod
from affiliates.operations import retire_method, verify_method
from affiliates.queries.destinations import shared_with
from affiliates.states import METHOD_TRANSITIONS, MethodState
from audit.admin import column, instant, whole_id
from wallets.admin.acts import Act

_ACTS: Final = (
    Act(
        name="verify", title="It is theirs", button="Verify", permission="method.manage",
        text="Say what shows it: a bank's letter, a call. It is used two days later.",
        states=frozenset({MethodState.ADDED}),
    ),
    Act(
        name="retire", title="Take it out of use", button="Retire", permission="method.manage",
        text="Nothing is paid to it any more. Added again, it cools anew.",
        states=frozenset({MethodState.ADDED, MethodState.VERIFIED, MethodState.USABLE}),
    ),
)  # fmt: skip


@admin.register(PayoutMethod)
class PayoutMethodAdmin(AffiliatesScreen):
    """Where affiliates are paid to."""

    permission_to_view = "affiliate.read"
    acts = _ACTS

    list_display = (
        column("affiliate", "Affiliate", lambda row: row.affiliate.code),
        column("method", "Method", str),
        "shown_state",
        "program",
        instant("added_at", "Added"),
        instant("usable_at", "Usable from"),
    )
    list_filter = ("state", "kind")
    list_select_related = ("program", "affiliate")
    search_fields = ("destination__exact", "affiliate__code__exact")
    search_help_text = "A whole destination, an affiliate's code, or a whole id"
    id_fields = ("pk", "affiliate")
    linked_lookups = ("affiliate__id__exact",)
    fields = (
        column("affiliate", "Affiliate", lambda row: row.affiliate.code),
        column("kind", "Kind", lambda row: row.get_kind_display()),
        whole_id("destination", "Destination"),
        column("holder", "Holder", lambda row: row.holder or None),
        column("state", "State", lambda row: row.get_state_display()),
        "program",
        instant("added_at", "Added"),
        column("added_by", "Added by", lambda row: row.added_by),
        instant("verified_at", "Verified"),
        column("verified_by", "Verified by", lambda row: row.verified_by or None),
        instant("usable_at", "Usable from"),
        instant("retired_at", "Retired"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=labels(METHOD_TRANSITIONS), ordering="state")
    def shown_state(self, row: PayoutMethod) -> tuple[str, str]:
        return row.state, MethodState(row.state).label

    def do(self, act: str, request: HttpRequest, row: PayoutMethod, reason: str) -> str:
        now = timezone.now()
        if act == "verify":
            verify_method(row.pk, program_id=row.program_id, evidence=reason, at=now)
            return "Verified. It is used in two days."
        retire_method(row.pk, program_id=row.program_id, at=now)
        return "Retired."

    def ties(self, request: HttpRequest, row: PayoutMethod) -> list[tuple[str, str]]:
        return [("Its affiliate", page_of(row.affiliate))]

    def page(self, request: HttpRequest, row: PayoutMethod) -> Page:
        others = shared_with(row)
        words = f"{', '.join(others[:20])} is paid to the same place. Ask before you verify it."
        return Page(warnings=[words] if others else [])
