"""What the API's lists of the books can be narrowed by."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from ledger import chart
from ledger.models import Account, Entry, Intent, Transaction
from ledger.queries.searching import Criteria, entries_after, entries_until, matching, of_asset
from ledger.states import AccountStatus, IntentState

ROLES = [(role.name, role.label) for role in chart.ROLES.values()]


class AccountFilter(filters.FilterSet):
    """Accounts by code or its beginning, role, asset and status."""

    code = filters.CharFilter(max_length=120)
    prefix = filters.CharFilter(field_name="code", lookup_expr="startswith", max_length=120)
    role = filters.MultipleChoiceFilter(choices=ROLES)
    asset = filters.CharFilter(field_name="asset__code", max_length=20)
    status = filters.MultipleChoiceFilter(choices=AccountStatus.choices)

    class Meta:
        model = Account
        fields = ()


class EntryFilter(filters.FilterSet):
    """Entries by account, either side, by transaction and time."""

    account = filters.NumberFilter(method="of_account", min_value=1, max_value=2**62, decimal_places=0)
    transaction = filters.UUIDFilter(field_name="transaction_id")
    asset = filters.CharFilter(field_name="debit_account__asset__code", method="of_asset", max_length=20)
    after = filters.IsoDateTimeFilter(field_name="booked_at", method="booked_after")
    until = filters.IsoDateTimeFilter(field_name="booked_at", method="booked_until")

    class Meta:
        model = Entry
        fields = ()

    def of_account(self, rows: QuerySet[Entry], name: str, value: Any) -> QuerySet[Entry]:
        """Return those that debit or credit the account."""
        return rows.filter(Q(debit_account=int(value)) | Q(credit_account=int(value)))

    def of_asset(self, rows: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        """Return those of the asset."""
        view: Any = self.request.parser_context["view"]
        return of_asset(rows, value, accounts=Account.objects.filter(program=view.program))

    def booked_after(self, rows: QuerySet[Entry], name: str, value: datetime) -> QuerySet[Entry]:
        """Return those booked behind the time."""
        return entries_after(rows, value)

    def booked_until(self, rows: QuerySet[Entry], name: str, value: datetime) -> QuerySet[Entry]:
        """Return those booked up to the time."""
        return entries_until(rows, value)


class TransactionFilter(filters.FilterSet):
    """Transactions by key, kind, memo, who, why, time, account, amount and what they take back or correct."""

    key = filters.CharFilter(max_length=255)
    kind = filters.CharFilter(max_length=24)
    memo = filters.CharFilter(max_length=100, help_text="Part of the memo, in any case.")
    actor_type = filters.CharFilter(max_length=40)
    actor_id = filters.CharFilter(max_length=200)
    correlation_id = filters.CharFilter(max_length=64)
    reverses = filters.UUIDFilter()
    corrects = filters.UUIDFilter()
    account = filters.NumberFilter(min_value=1, max_value=2**62, decimal_places=0, help_text="An account's id.")
    account_code = filters.CharFilter(max_length=120)
    asset = filters.CharFilter(max_length=20)
    amount = filters.NumberFilter(min_value=0, max_digits=38, decimal_places=18, help_text="Of one of the entries.")
    after = filters.IsoDateTimeFilter(field_name="booked_at", help_text="Booked behind this time.")
    until = filters.IsoDateTimeFilter(field_name="booked_at", help_text="Booked up to this time.")

    class Meta:
        model = Transaction
        fields = ()

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow the transactions through what has an index."""
        asked: dict[str, Any] = {name: value for name, value in self.form.cleaned_data.items() if value is not None}
        if "account" in asked:
            asked["account"] = int(asked["account"])
        view: Any = self.request.parser_context["view"]
        accounts = Account.objects.filter(program=view.program)  # a list is one program's
        return matching(queryset, Criteria(**asked), accounts=accounts)


class IntentFilter(filters.FilterSet):
    """Intents by key, kind, state and when they were asked for."""

    key = filters.CharFilter(method="of_key", max_length=255)
    kind = filters.CharFilter(max_length=40)
    state = filters.MultipleChoiceFilter(choices=IntentState.choices)
    after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lte")

    class Meta:
        model = Intent
        fields = ()

    def of_key(self, rows: Any, name: str, value: str) -> Any:
        """Return those that were asked for under the key, dead ones included."""
        return rows.with_key(value)
