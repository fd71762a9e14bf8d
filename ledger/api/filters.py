"""What the API's lists of the books can be narrowed by."""

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from ledger import chart
from ledger.models import Account, Entry, Transaction
from ledger.states import AccountStatus

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
    asset = filters.CharFilter(field_name="asset__code", max_length=20)
    after = filters.IsoDateTimeFilter(field_name="booked_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="booked_at", lookup_expr="lte")

    class Meta:
        model = Entry
        fields = ()

    def of_account(self, rows: QuerySet[Entry], name: str, value: Any) -> QuerySet[Entry]:
        """Return those that debit or credit the account."""
        return rows.filter(Q(debit_account=int(value)) | Q(credit_account=int(value)))


class TransactionFilter(filters.FilterSet):
    """Transactions by key, kind, who, why, time and what they take back."""

    key = filters.CharFilter(max_length=255)
    kind = filters.CharFilter(max_length=24)
    actor_id = filters.CharFilter(max_length=200)
    correlation_id = filters.CharFilter(max_length=64)
    reverses = filters.UUIDFilter(field_name="reverses_id")
    account = filters.NumberFilter(method="of_account", min_value=1, max_value=2**62, decimal_places=0)
    after = filters.IsoDateTimeFilter(field_name="booked_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="booked_at", lookup_expr="lte")

    class Meta:
        model = Transaction
        fields = ()

    def of_account(self, rows: QuerySet[Transaction], name: str, value: Any) -> QuerySet[Transaction]:
        """Return those with an entry on the account."""
        entries = Entry.objects.filter(Q(debit_account=int(value)) | Q(credit_account=int(value)))
        return rows.filter(pk__in=entries.values("transaction"))
