"""Transactions: each with its entries as T-accounts."""

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from audit.admin import RecordedAdmin, as_json, column, instant, whole_id
from ledger.admin import searching
from ledger.admin.shown import grouped, kind_in_words
from ledger.errors import BadSearch, SearchTooWide
from ledger.models import Account, Entry, Transaction
from ledger.queries.searching import patience


@dataclass
class TAccount:
    """An account and what one transaction puts on either side of it."""

    account: Account
    url: str
    debits: list[str] = field(default_factory=list)
    credits: list[str] = field(default_factory=list)
    left: str = ""


_TOO_WIDE: Final = "_search_too_wide"  # on a request whose search was ended: it is not begun again


@admin.register(Transaction)
class TransactionAdmin(RecordedAdmin):
    """What was booked: found by key, kind, who, and what it moved."""

    permission_to_view = "ledger.read"
    change_form_template = "admin/ledger/transaction/change_form.html"
    change_list_template = "admin/ledger/transaction/change_list.html"

    list_display = (
        column("kind", "What", lambda transaction: kind_in_words(transaction.kind), ordering="kind"),
        column("key", "Key", lambda transaction: transaction.key),
        column("moved", "Moved", lambda transaction: _moved(transaction)),
        instant("booked_at", "Booked"),
        column("actor", "By", lambda transaction: f"{transaction.actor_type} {transaction.actor_id}"),
    )
    list_filter = ("kind",)
    search_fields = ("key__exact",)  # Django shows a box for it; what is looked for where says get_search_results
    search_help_text = searching.HELP
    id_fields = ("pk", "reverses_id", "corrects_id")
    fields = (
        column("kind", "What", lambda transaction: kind_in_words(transaction.kind)),
        whole_id("key", "Key"),
        "memo",
        instant("booked_at", "Booked"),
        instant("counts_at", "Effective"),
        column("actor", "By", lambda transaction: f"{transaction.actor_type} {transaction.actor_id}"),
        whole_id("correlation_id", "Correlation id"),
        as_json("metadata", "Metadata"),
        whole_id(),
    )
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("entries__debit_account__asset")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        if getattr(request, _TOO_WIDE, False):
            return queryset.none(), False
        named = self._by_id(queryset, search_term)
        if named is not None or not search_term.strip():
            return queryset if named is None else named, False
        person: Any = request.user
        accounts = Account.objects.for_user(person)
        # The list has patience; a field that completes what one types has none.
        is_patient = str(request.resolver_match and request.resolver_match.url_name).endswith("changelist")
        term = search_term.replace("\0", " ")[:500]
        try:
            return searching.found(queryset, term, accounts=accounts, is_patient=is_patient), False
        except BadSearch as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return queryset.none(), False

    def _by_id(self, rows: Any, term: str) -> Any:
        try:
            whole = UUID(term.strip())
        except ValueError:
            return None
        named = rows.filter(Q.create([(field, whole) for field in self.id_fields], connector=Q.OR))
        return named if named.exists() else None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        try:
            with patience():
                return super().changelist_view(request, extra_context)
        except SearchTooWide as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            # The same page with nothing on it: what was typed stays in its box, to be narrowed.
            setattr(request, _TOO_WIDE, True)
            return super().changelist_view(request, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        transaction = self.get_object(request, object_id) if self.has_view_permission(request) else None
        # It is its own line of the journal, so there is no timeline.
        told = {"t_accounts": _t_accounts(transaction), "timeline": None} if transaction else {}
        return super().change_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def ties(self, request: HttpRequest, row: Transaction) -> list[tuple[str, str]]:
        reversal = row.reversals.first()
        tied = [("What it takes back", row.reverses_id), ("Its reversal", reversal.pk if reversal else None),
                ("What it corrects", row.corrects_id)]  # fmt: skip
        return [(words, reverse("admin:ledger_transaction_change", args=[pk])) for words, pk in tied if pk]


def _moved(transaction: Transaction) -> str:
    entries = list(transaction.entries.all())
    first = grouped(entries[0].amount, entries[0].asset, named=True) if entries else ""
    return first if len(entries) < 2 else f"{first} and {len(entries) - 1} more"


def _t_accounts(transaction: Transaction) -> list[TAccount]:
    entries = Entry.objects.filter(transaction=transaction).order_by("id")
    found: dict[int, TAccount] = {}
    for entry in entries.select_related("debit_account__asset", "credit_account__asset")[:1000]:
        amount = grouped(entry.amount, entry.asset, named=True)
        debit, credit = _t_account(found, entry.debit_account), _t_account(found, entry.credit_account)
        debit.debits.append(amount)
        credit.credits.append(amount)
        debit.left, credit.left = grouped(entry.debit_balance, entry.asset), grouped(entry.credit_balance, entry.asset)
    return list(found.values())


def _t_account(found: dict[int, TAccount], account: Account) -> TAccount:
    if account.pk not in found:
        found[account.pk] = TAccount(account, reverse("admin:ledger_account_change", args=[account.pk]))
    return found[account.pk]
