"""What owners take out, and whether it is fit to be paid: one says so, and others agree to the batch that pays it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from audit.access import may_with
from audit.admin import LABELS, column, instant, whole_id
from audit.errors import DomainError
from ledger.admin.shown import grouped
from wallets.admin.forms import ReasonForm
from wallets.admin.screens import WalletsScreen, person_of
from wallets.models import Withdrawal
from wallets.operations import approve_withdrawal, reject_withdrawal
from wallets.queries.holdings import holding
from wallets.states import ENDABLE_WITHDRAWALS, WITHDRAWAL_TRANSITIONS, DestinationKind, WithdrawalState

WITHDRAWAL_LABELS = {state: LABELS[colour] for state, colour in WITHDRAWAL_TRANSITIONS.colours.items()}
_PERMISSION = "withdrawal.decide"


def _amount(row: Withdrawal) -> str:
    return grouped(row.amount, row.wallet.asset, named=True)


def _place(row: Withdrawal) -> str:
    return f"{DestinationKind(row.destination_kind).label}: {row.destination}"


@admin.register(Withdrawal)
class WithdrawalAdmin(WalletsScreen):
    """What owners take out of their wallets: how much, where to, and how far it is."""

    change_form_template = "admin/wallets/withdrawal/change_form.html"
    asset_path = "wallet__asset"

    list_display = (
        column("owner", "Owner", lambda row: str(row.wallet.party)),
        column("amount", "Amount", _amount),
        "shown_state",
        column("place", "Where", _place),
        column("holder", "Whose account", lambda row: row.holder),
        instant("requested_at", "Asked for"),
        "program",
    )
    list_filter = ("state", "destination_kind")
    list_select_related = ("wallet__party", "wallet__asset", "program")
    search_fields = ("key__exact", "destination__exact", "receipt__exact")
    search_help_text = "A key, where it goes, a receipt, or a whole id"
    id_fields = ("pk", "wallet", "hold", "wallet_transaction")
    linked_lookups = ("wallet__id__exact",)
    date_hierarchy = "requested_at"
    fields = (
        column("owner", "Owner", lambda row: str(row.wallet.party)),
        column("amount", "Amount", _amount),
        column("state", "State", lambda row: row.get_state_display()),
        column("reason", "Why", lambda row: row.reason or None),
        whole_id("receipt", "Receipt"),
        column("place", "Where it goes", _place),
        column("holder", "Whose account", lambda row: row.holder or None),
        column("requested_by", "Asked for by", lambda row: row.requested_by),
        column("approved_by", "Approved by", lambda row: row.approved_by or None),
        "program",
        instant("requested_at", "Asked for"),
        instant("approved_at", "Approved"),
        instant("batched_at", "In a batch since"),
        instant("ended_at", "Ended"),
        whole_id("key", "Key"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=WITHDRAWAL_LABELS, ordering="state")
    def shown_state(self, row: Withdrawal) -> tuple[str, str]:
        return row.state, WithdrawalState(row.state).label

    def get_urls(self) -> list[URLPattern]:
        def address(name: str, view: Callable[..., HttpResponse]) -> Any:
            return path(f"<uuid:pk>/{name}/", self.admin_site.admin_view(view), name=f"wallets_withdrawal_{name}")

        return [address("approve", self.approve_view), address("reject", self.reject_view), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told: dict[str, Any] = dict(extra_context or {})
        if row is not None and row.batched_at is None and may_with(row, request, _PERMISSION):
            told |= {
                "may_approve": row.state == WithdrawalState.REQUESTED, "may_reject": row.state in ENDABLE_WITHDRAWALS
            }  # fmt: skip
        return super().change_view(request, object_id, form_url, told)

    def ties(self, request: HttpRequest, row: Withdrawal) -> list[tuple[str, str]]:
        return [
            ("The wallet", reverse("admin:wallets_wallet_change", args=[row.wallet_id])),
            ("Its line there", reverse("admin:wallets_wallettransaction_change", args=[row.wallet_transaction_id])),
            ("What is held for it", reverse("admin:ledger_hold_change", args=[row.hold_id])),
        ]

    def approve_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Take it as fit to be paid."""

        def approve(row: Withdrawal, said: dict[str, Any]) -> str:
            approve_withdrawal(row.pk, program_id=row.program_id, by=person_of(request), at=timezone.now())
            return "Approved: the next batch can pay it. You have no vote on that."

        return self._decide(
            request, pk, forms.Form, approve, title="Approve the withdrawal", button="Approve",
            about="Look at whose account it is. A batch pays it, and others agree to that.",
        )  # fmt: skip

    def reject_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Turn it down."""

        def reject(row: Withdrawal, said: dict[str, Any]) -> str:
            reject_withdrawal(row.pk, program_id=row.program_id, reason=said["reason"], at=timezone.now())
            return "Rejected: it is in the wallet again."

        return self._decide(
            request, pk, ReasonForm, reject, title="Reject the withdrawal", button="Reject",
            about="What is held for it is its owner's again, who reads the reason.",
        )  # fmt: skip

    def _decide(
        self, request: HttpRequest, pk: UUID, kind: type[forms.Form], do: Callable[[Withdrawal, dict[str, Any]], str],
        *, title: str, button: str, about: str,
    ) -> HttpResponse:  # fmt: skip
        row: Withdrawal = self.asked_for(request, pk, _PERMISSION)
        back = reverse("admin:wallets_withdrawal_change", args=[row.pk])
        form = kind(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                said = do(row, form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                self.message_user(request, said, messages.SUCCESS)
                return redirect(back)
        there = holding(row.wallet)
        return self.dialog(
            request, row, form, title=title, button=button, about=about, back=back,
            facts=[
                ("Owner", str(row.wallet.party)), ("Amount", _amount(row)), ("Where it goes", _place(row)),
                ("Whose account", row.holder or "not said"),
                ("Left in the wallet", grouped(there.available, row.wallet.asset, named=True)),
            ],
        )  # fmt: skip
