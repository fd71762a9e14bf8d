"""Payments: from wallets and directly through rails, refunded with a reason, or proven by two people."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from audit.access import may_with
from audit.admin import LABELS, as_json, column, instant, whole_id
from audit.errors import DomainError
from identity.operations import propose
from ledger.admin.shown import grouped
from wallets.admin.forms import ProvenForm, RefundForm
from wallets.admin.screens import WalletsScreen, person_of
from wallets.models import PaymentRecord
from wallets.operations import refund
from wallets.operations.refund import REFUNDABLE
from wallets.proposable import CONFIRM_PAYMENT
from wallets.states import PAYMENT_TRANSITIONS, PaymentMethod, PaymentState

PAYMENT_LABELS = {state: LABELS[colour] for state, colour in PAYMENT_TRANSITIONS.colours.items()}
_PROVABLE = (PaymentState.PENDING, PaymentState.FAILED, PaymentState.REVIEW)


def _amount(field: str, *, named: bool = False) -> Any:
    return lambda payment: grouped(getattr(payment, field), payment.asset, named=named)


@admin.register(PaymentRecord)
class PaymentRecordAdmin(WalletsScreen):
    """Who paid whom how much, with what, and what went back."""

    change_form_template = "admin/wallets/paymentrecord/change_form.html"

    list_display = (
        column("party", "Payer", lambda payment: str(payment.party)),
        column("amount", "Amount", _amount("amount", named=True)),
        "shown_state",
        column("refunded", "Refunded", _amount("refunded")),
        column("method", "With", lambda payment: payment.rail or "wallet", ordering="method"),
        column("key", "Key", lambda payment: payment.key),
        instant("created_at", "Since"),
    )
    list_filter = ("state", "method")
    list_select_related = ("party", "asset")
    search_fields = ("key__exact", "receipt__exact", "party__name", "party__user__email__exact")
    search_help_text = "A key, a receipt, a payer's name or e-mail address, or a whole id"
    id_fields = ("pk", "party", "wallet", "ledger_transaction")
    linked_lookups = ("wallet__id__exact", "party__id__exact")
    date_hierarchy = "created_at"
    fields = (
        column("party", "Payer", lambda payment: str(payment.party)),
        column("amount", "Amount", _amount("amount", named=True)),
        column("state", "State", lambda payment: payment.get_state_display()),
        column("refunded", "Refunded", _amount("refunded")),
        column("charged_back", "Charged back", _amount("charged_back")),
        column("payee", "Paid to", lambda payment: payment.payee.code),
        column("method", "With", lambda payment: payment.get_method_display()),
        "rail",
        whole_id("receipt", "Receipt"),
        "description",
        "program",
        instant("created_at", "Since"),
        instant("paid_at", "Paid"),
        as_json("metadata", "Metadata"),
        whole_id("key", "Key"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=PAYMENT_LABELS, ordering="state")
    def shown_state(self, payment: PaymentRecord) -> tuple[str, str]:
        return payment.state, PaymentState(payment.state).label

    def get_urls(self) -> list[URLPattern]:
        def address(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"wallets_paymentrecord_{name}")  # type: ignore[no-any-return]

        return [
            address("<uuid:pk>/refund/", self.refund_view, "refund"),
            address("<uuid:pk>/prove/", self.prove_view, "prove"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        payment = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told: dict[str, Any] = dict(extra_context or {})
        if payment is not None:
            is_refundable = payment.state in REFUNDABLE and bool(payment.left)
            is_provable = payment.method == PaymentMethod.DIRECT and payment.state in _PROVABLE
            told |= {
                "may_refund": is_refundable and may_with(payment, request, "payment.refund"),
                "may_prove": is_provable and may_with(payment, request, "ledger.propose"),
                "left": grouped(payment.left, payment.asset, named=True),
            }
        return super().change_view(request, object_id, form_url, told)

    def ties(self, request: HttpRequest, row: PaymentRecord) -> list[tuple[str, str]]:
        tied = (
            ("Its wallet", "wallets_wallet", row.wallet_id), ("Its payer", "identity_party", row.party_id),
            ("Its line in the wallet", "wallets_wallettransaction", row.wallet_transaction_id),
            ("In the books", "ledger_transaction", row.ledger_transaction_id),
            ("Who was paid", "ledger_account", row.payee_id),
        )  # fmt: skip
        lines = f"{reverse('admin:wallets_wallettransaction_changelist')}?q={row.pk}"
        links = [(words, reverse(f"admin:{screen}_change", args=[pk])) for words, screen, pk in tied if pk]
        return [*links, ("All its lines", lines)]

    def refund_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Give back some of a payment, or all that is left."""
        payment = self.asked_for(request, pk, "payment.refund")
        form = RefundForm(request.POST if request.method == "POST" else None, asset=payment.asset, rail=payment.rail)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            try:
                done = refund(
                    payment.pk, program_id=payment.program_id, amount=said["amount"], rail=said["to"],
                    key=f"admin:{payment.pk}:{said['key']}", reason=said["reason"], at=timezone.now(),
                )  # fmt: skip
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                words = "waits for its payout" if done.outgoing else "is in the payer's wallet"
                amount = grouped(done.amount, payment.asset, named=True)
                self.message_user(request, f"Refunded: {amount} {words}.", messages.SUCCESS)
                return redirect("admin:wallets_paymentrecord_change", payment.pk)
        return self.dialog(
            request, payment, form, title="Refund a payment", button="Refund",
            about="All refunds of a payment together are never more than was paid. Who was paid gives it back.",
            facts=[
                ("Payer", str(payment.party)), ("Paid", grouped(payment.amount, payment.asset, named=True)),
                ("Refunded", grouped(payment.refunded, payment.asset, named=True)),
                ("Left", grouped(payment.left, payment.asset, named=True)),
            ],
            back=reverse("admin:wallets_paymentrecord_change", args=[payment.pk]),
        )  # fmt: skip

    def prove_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Propose that a payment is taken as proven, where no rail can say."""
        payment = self.asked_for(request, pk, "ledger.propose")
        form = ProvenForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            payload = {"payment": str(payment.pk), "receipt": form.cleaned_data["receipt"]}
            try:
                proposal = propose(
                    CONFIRM_PAYMENT, program=payment.program, payload=payload, reason=form.cleaned_data["reason"],
                    subject=("wallets.paymentrecord", str(payment.pk)), by=person_of(request), at=timezone.now(),
                )  # fmt: skip
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                self.message_user(request, "Proposed: another person decides. Nothing has moved yet.", messages.INFO)
                return redirect("admin:identity_proposal_change", proposal.pk)
        return self.dialog(
            request, payment, form, title="Take a payment as proven", button="Propose",
            about="A rail proves its payments by itself. Where it can't, two people do, by its receipt.",
            facts=[
                ("Payer", str(payment.party)), ("Amount", grouped(payment.amount, payment.asset, named=True)),
                ("Through", payment.rail or "a wallet"), ("State", payment.get_state_display()),
            ],
            back=reverse("admin:wallets_paymentrecord_change", args=[payment.pk]),
        )  # fmt: skip
