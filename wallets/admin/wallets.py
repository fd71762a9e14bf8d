"""Wallets: what each holds, what happened in it, and putting it right."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import DecimalField, F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from audit.access import may_with
from audit.admin import LABELS, column, instant, whole_id
from audit.errors import DomainError
from ledger.admin.shown import grouped
from ledger.errors import SearchTooWide
from ledger.models import Balance, Hold
from ledger.money import plain
from ledger.queries.searching import patience
from ledger.states import HoldState
from wallets.admin.forms import AdjustForm, StateForm
from wallets.admin.screens import WalletsScreen, person_of, signed
from wallets.errors import AdjustmentNeedsTwo
from wallets.models import Wallet
from wallets.operations import adjust, close, freeze, unfreeze
from wallets.proposable import propose_adjustment
from wallets.queries.holdings import holding
from wallets.queries.integrity import Scope, verify_wallet_integrity
from wallets.queries.limits import adjustable_alone
from wallets.queries.lines import Criteria, lines_of, others_in
from wallets.states import WALLET_TRANSITIONS, WalletState

WALLET_LABELS = {state: LABELS[colour] for state, colour in WALLET_TRANSITIONS.colours.items()}
HOLDS_SHOWN = 50
DIFFERENCES_SHOWN = 20
_VERBS = {
    WalletState.ACTIVE: ("Unfreeze", unfreeze), WalletState.FROZEN: ("Freeze", freeze),
    WalletState.CLOSED: ("Close for good", close),
}  # fmt: skip


def _held(account: str) -> Subquery:
    amount = Balance.objects.filter(account=OuterRef(account)).values("amount")[:1]
    return Subquery(amount, output_field=DecimalField(max_digits=38, decimal_places=18))


@admin.register(Wallet)
class WalletAdmin(WalletsScreen):
    """Who has what; a wallet's page is its transactions, its holds and what can be done now."""

    change_form_template = "admin/wallets/wallet/change_form.html"

    list_display = (
        column("party", "Owner", lambda wallet: str(wallet.party)),
        column("available", "Available", lambda wallet: grouped(wallet.available, wallet.asset, named=True)),
        column("held", "Reserved", lambda wallet: grouped(wallet.held, wallet.asset)),
        column("owing", "Owed", lambda wallet: grouped(wallet.owing, wallet.asset)),
        "shown_state",
        column("program", "Program", lambda wallet: str(wallet.program)),
        instant("last_transaction_at", "Last transaction"),
    )
    list_filter = ("state",)
    list_select_related = ("program", "party", "asset")
    search_fields = ("party__name", "party__external_reference__exact", "party__user__email__exact",
                     "account__code__exact")  # fmt: skip
    search_help_text = "An owner's name, reference or e-mail address, wallet:…, or a whole id"
    id_fields = ("pk", "party")
    linked_lookups = ("party__id__exact",)
    fields = (
        column("party", "Owner", lambda wallet: str(wallet.party)),
        column("available", "Available", lambda wallet: grouped(wallet.available, wallet.asset, named=True)),
        column("held", "Reserved", lambda wallet: grouped(wallet.held, wallet.asset, named=True)),
        column("owing", "Owed", lambda wallet: grouped(wallet.owing, wallet.asset, named=True)),
        column("state", "State", lambda wallet: wallet.get_state_display()),
        "program",
        instant("opened_at", "Opened"),
        instant("last_transaction_at", "Last transaction"),
        column("last_number", "Transactions", lambda wallet: f"{wallet.last_number:,}"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=WALLET_LABELS, ordering="state")
    def shown_state(self, wallet: Wallet) -> tuple[str, str]:
        return wallet.state, WalletState(wallet.state).label

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        amounts = {"available": _held("account"), "held": _held("reserved"), "owing": _held("owed")}
        rows: QuerySet[Any] = super().get_queryset(request).annotate(**amounts)
        return rows

    def get_urls(self) -> list[URLPattern]:
        def address(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"wallets_wallet_{name}")  # type: ignore[no-any-return]

        return [
            address("<uuid:pk>/adjust/", self.adjust_view, "adjust"),
            address("<uuid:pk>/state/", self.state_view, "state"),
            address("<uuid:pk>/verify/", self.verify_view, "verify"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        wallet = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told: dict[str, Any] = dict(extra_context or {})
        if wallet is not None:
            changes = [
                {"to": to, "label": _VERBS[WalletState(to)][0]} for to in WALLET_TRANSITIONS.targets(wallet.state)
            ]
            told |= {
                "lines": _lines(wallet), "holds": _holds(wallet), "asset": wallet.asset.code,
                "lines_url": f"{reverse('admin:wallets_wallettransaction_changelist')}?wallet__id__exact={wallet.pk}",
                "changes": changes if may_with(wallet, request, "wallet.freeze") else [],
                "may_adjust": not wallet.is_closed and may_with(wallet, request, "wallet.adjust"),
            }  # fmt: skip
        return super().change_view(request, object_id, form_url, told)

    def ties(self, request: HttpRequest, row: Wallet) -> list[tuple[str, str]]:
        accounts = (
            ("Its account", row.account_id),
            ("What is reserved", row.reserved_id),
            ("What is owed", row.owed_id),
        )
        payments = f"{reverse('admin:wallets_paymentrecord_changelist')}?wallet__id__exact={row.pk}"
        return [
            *((words, reverse("admin:ledger_account_change", args=[pk])) for words, pk in accounts),
            ("Its payments", payments),
            ("Its withdrawals", f"{reverse('admin:wallets_withdrawal_changelist')}?wallet__id__exact={row.pk}"),
            ("Its owner", reverse("admin:identity_party_change", args=[row.party_id])),
        ]

    def adjust_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Put a wallet right: alone up to the program's limit, and beyond it by a proposal."""
        wallet = self.asked_for(request, pk, "wallet.adjust")
        form = AdjustForm(request.POST if request.method == "POST" else None, asset=wallet.asset)
        if request.method == "POST" and form.is_valid():
            try:
                return self._adjust(request, wallet, form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
        there, most = holding(wallet), adjustable_alone(wallet.program, wallet.asset)
        return self.dialog(
            request, wallet, form, title="Adjust the wallet", button="Adjust or propose",
            about=_alone(most, wallet),
            facts=[
                ("Owner", str(wallet.party)),
                ("Available", grouped(there.available, wallet.asset, named=True)),
                ("Reserved", grouped(there.reserved, wallet.asset, named=True)),
                ("Owed", grouped(there.owed, wallet.asset, named=True)),
            ],
            back=reverse("admin:wallets_wallet_change", args=[wallet.pk]),
        )  # fmt: skip

    def _adjust(self, request: HttpRequest, wallet: Wallet, said: dict[str, Any]) -> HttpResponse:
        amount = said["amount"] if said["direction"] == "add" else -said["amount"]
        asked = {"amount": amount, "key": f"admin:{wallet.pk}:{said['key']}", "reason": said["reason"]}
        try:
            line = adjust(wallet.pk, program_id=wallet.program_id, **asked, at=timezone.now())
        except AdjustmentNeedsTwo:
            proposal = propose_adjustment(
                wallet.pk, program=wallet.program, **asked, by=person_of(request), at=timezone.now()
            )
            words = "This takes two: it is proposed, and another person decides. Nothing has moved yet."
            self.message_user(request, words, messages.INFO)
            return redirect("admin:identity_proposal_change", proposal.pk)
        words = f"Adjusted by {'+' if amount > 0 else '-'}{plain(line.amount)} {wallet.asset.code}."
        self.message_user(request, words, messages.SUCCESS)
        return redirect("admin:wallets_wallet_change", wallet.pk)

    def state_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Freeze a wallet, unfreeze it, or close it for good."""
        wallet = self.asked_for(request, pk, "wallet.freeze")
        form = StateForm(request.POST)
        if request.method == "POST" and form.is_valid():
            change = _VERBS[WalletState(form.cleaned_data["to"])][1]
            try:
                change(wallet.pk, program_id=wallet.program_id, reason=form.cleaned_data["reason"], at=timezone.now())
            except DomainError as refusal:
                self.refuse(request, refusal)
            else:
                self.message_user(request, "Changed.", messages.SUCCESS)
        elif request.method == "POST":
            self.message_user(request, "Say in a few words why: the next reader needs them.", messages.ERROR)
        return redirect("admin:wallets_wallet_change", wallet.pk)

    def verify_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Compute the wallet again from the books, and say what does not agree."""
        wallet = self.asked_for(request, pk, "wallet.read")
        if request.method != "POST":
            return redirect("admin:wallets_wallet_change", wallet.pk)
        scope = Scope(program_id=wallet.program_id, wallet_id=wallet.pk)
        try:
            with patience():
                found = list(verify_wallet_integrity(scope))
        except SearchTooWide:
            words = "There is too much in this wallet to look at here. `manage.py wallets_verify --wallet"
            self.message_user(request, f"{words} {wallet.pk}` does.", messages.WARNING)
            return redirect("admin:wallets_wallet_change", wallet.pk)
        for difference in found[:DIFFERENCES_SHOWN]:
            self.message_user(request, f"{difference.where}: {difference.says} ({difference.what})", messages.ERROR)
        looked = f"{_count(scope.transactions, 'transaction')} and {_count(scope.payments, 'payment')} looked at"
        if found:
            self.message_user(request, f"It does not agree: {len(found)} found, {looked}.", messages.ERROR)
        else:
            self.message_user(request, f"It agrees with the books and with itself: {looked}.", messages.SUCCESS)
        return redirect("admin:wallets_wallet_change", wallet.pk)


def _alone(most: Decimal, wallet: Wallet) -> str:
    if not most:
        return f"Nobody adjusts {wallet.asset.code} alone: this becomes a proposal, and a second person decides."
    return (
        f"Within a day, one person adjusts up to {grouped(most, wallet.asset, named=True)} of a wallet. "
        "What is more becomes a proposal, and a second person decides."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _lines(wallet: Wallet) -> list[dict[str, Any]]:
    lines = lines_of(wallet, Criteria()).lines
    others = others_in(lines)
    return [
        {
            "line": line, "other": others.get(line.pk, ""),
            "change": signed(line.amount, is_credit=line.is_credit, asset=wallet.asset),
            "balance": grouped(line.balance_after, wallet.asset),
            "url": reverse("admin:wallets_wallettransaction_change", args=[line.pk]),
        }
        for line in lines
    ]  # fmt: skip


def _holds(wallet: Wallet) -> list[dict[str, Any]]:
    open_ones = Hold.objects.filter(wallet=wallet.account_id, state=HoldState.OPEN).order_by(
        F("expires_at").asc(nulls_last=True), "id"
    )
    return [
        {
            "hold": hold, "left": grouped(hold.left, wallet.asset),
            "url": reverse("admin:ledger_hold_change", args=[hold.pk]),
        }
        for hold in open_ones[:HOLDS_SHOWN]
    ]  # fmt: skip
