"""What is owed to people outside, and where it goes: said by one, agreed to by others in the batch that pays it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from audit.access import may_with
from audit.admin import LABELS, column, instant, whole_id
from audit.errors import DomainError
from ledger.admin.shown import grouped
from ledger.queries.balances import balance_now
from wallets.admin.screens import WalletsScreen
from wallets.models import Outgoing
from wallets.operations import address_outgoing
from wallets.states import OUTGOING_TRANSITIONS, OutgoingState

OUTGOING_LABELS = {state: LABELS[colour] for state, colour in OUTGOING_TRANSITIONS.colours.items()}
_PERMISSION = "payment.refund"
_OPEN = (OutgoingState.REQUESTED, OutgoingState.APPROVED)


class AddressForm(forms.Form):
    """Where it goes, and whose account that is."""

    destination = forms.CharField(
        max_length=120, widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "spellcheck": "false"}),
        help_text="As the rail knows it: a phone's number, an account, an address on its chain.",
    )  # fmt: skip
    holder = forms.CharField(
        label="Whose account", max_length=120, required=False,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )  # fmt: skip


class AddressedFilter(admin.SimpleListFilter):
    """Finds what waits for somebody to say where it goes."""

    title = "address"
    parameter_name = "address"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("missing", "Nobody has said where it goes"), ("known", "Known")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "missing":
            return queryset.filter(destination="", state__in=_OPEN)
        return queryset.exclude(destination="") if self.value() == "known" else queryset


@admin.register(Outgoing)
class OutgoingAdmin(WalletsScreen):
    """Refunds that leave the house: how much, through which rail, where to, and how far they are."""

    change_form_template = "admin/wallets/outgoing/change_form.html"

    list_display = (
        column("party", "To", lambda row: str(row.payment.party)),
        column("amount", "Amount", lambda row: grouped(row.amount, row.asset, named=True)),
        "shown_state",
        column("rail", "Through", lambda row: row.rail),
        column("destination", "Where", lambda row: row.destination or "Nobody has said"),
        instant("requested_at", "Since"),
        "program",
    )
    list_filter = ("state",)
    list_select_related = ("payment__party", "asset", "program")
    search_fields = ("key__exact", "destination__exact", "payment__key__exact")
    search_help_text = "A key, a payment's key, where it goes, or a whole id"
    id_fields = ("pk", "payment", "ledger_transaction")
    linked_lookups = ("payment__id__exact",)
    date_hierarchy = "requested_at"
    fields = (
        column("party", "To", lambda row: str(row.payment.party)),
        column("amount", "Amount", lambda row: grouped(row.amount, row.asset, named=True)),
        column("owed", "Still owed", lambda row: grouped(balance_now(row.account), row.asset, named=True)),
        column("state", "State", lambda row: row.get_state_display()),
        column("rail", "Through", lambda row: row.rail),
        column("destination", "Where it goes", lambda row: row.destination or "Nobody has said"),
        column("holder", "Whose account", lambda row: row.holder or None),
        column("addressed_by", "Said by", lambda row: row.addressed_by or None),
        "program",
        instant("requested_at", "Since"),
        whole_id("key", "Key"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=OUTGOING_LABELS, ordering="state")
    def shown_state(self, row: Outgoing) -> tuple[str, str]:
        return row.state, OutgoingState(row.state).label

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [AddressedFilter, *super().get_list_filter(request)]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == AddressedFilter.parameter_name or super().lookup_allowed(lookup, value, request)

    def get_urls(self) -> list[URLPattern]:
        address = path(
            "<uuid:pk>/address/", self.admin_site.admin_view(self.address_view), name="wallets_outgoing_address"
        )
        return [address, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if self.has_view_permission(request) else None
        may_address = row is not None and row.state in _OPEN and may_with(row, request, _PERMISSION)
        return super().change_view(request, object_id, form_url, {"may_address": may_address, **(extra_context or {})})

    def ties(self, request: HttpRequest, row: Outgoing) -> list[tuple[str, str]]:
        return [
            ("The payment", reverse("admin:wallets_paymentrecord_change", args=[row.payment_id])),
            ("In the books", reverse("admin:ledger_transaction_change", args=[row.ledger_transaction_id])),
        ]

    def address_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Say where it goes."""
        row: Outgoing = self.asked_for(request, pk, _PERMISSION)
        back = reverse("admin:wallets_outgoing_change", args=[row.pk])
        form = AddressForm(request.POST or None, initial={"destination": row.destination, "holder": row.holder})
        if request.method == "POST" and form.is_valid():
            try:
                address_outgoing(row.pk, program_id=row.program_id, **form.cleaned_data, at=timezone.now())
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                self.message_user(request, "The next batch can pay it. You have no vote on that.", messages.SUCCESS)
                return redirect(back)
        return self.dialog(
            request, row, form, title="Say where it goes", button="Say so", back=back,
            about="It goes back to whom the payment came from. Others agree to it in the batch that pays it; in one"
            " that they have agreed to it is held back.",
            facts=[
                ("To", str(row.payment.party)), ("Amount", grouped(row.amount, row.asset, named=True)),
                ("Through", row.rail), ("The payment", row.payment.receipt or row.payment.key),
            ],
        )  # fmt: skip
