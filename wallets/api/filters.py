"""What the lists of wallets and rails can be narrowed by."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from wallets.models import Outgoing, PaymentRecord, RailAccount, RailEvent, RailStatement, Wallet, Withdrawal
from wallets.states import (
    DestinationKind,
    OutgoingState,
    PaymentMethod,
    PaymentState,
    RailAccountState,
    RailEventState,
    TransactionStatus,
    TransactionType,
    WalletState,
    WithdrawalState,
)


class WalletFilter(filters.FilterSet):
    """Wallets by owner, asset, state and when they were opened."""

    party = filters.UUIDFilter(field_name="party_id")
    user = filters.UUIDFilter(field_name="party__user_id")
    asset = filters.CharFilter(field_name="asset__code", max_length=20)
    state = filters.MultipleChoiceFilter(choices=WalletState.choices)
    after = filters.IsoDateTimeFilter(field_name="opened_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="opened_at", lookup_expr="lte")

    class Meta:
        model = Wallet
        fields = ()


class LineFilter(filters.FilterSet):
    """A wallet's transactions by kind, status, payment and time. It names no model: it serves at a wallet's address."""

    type = filters.MultipleChoiceFilter(choices=TransactionType.choices)
    status = filters.MultipleChoiceFilter(choices=TransactionStatus.choices)
    payment = filters.UUIDFilter(field_name="payment_id")
    after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lte")


class LineOfAnyFilter(LineFilter):
    """The same, of all that somebody has."""

    asset = filters.CharFilter(field_name="wallet__asset__code", max_length=20)


class PaymentFilter(filters.FilterSet):
    """Payments by payer, wallet, asset, state, how they are paid, receipt and time."""

    party = filters.UUIDFilter(field_name="party_id")
    wallet = filters.UUIDFilter(field_name="wallet_id")
    asset = filters.CharFilter(field_name="asset__code", max_length=20)
    state = filters.MultipleChoiceFilter(choices=PaymentState.choices)
    method = filters.MultipleChoiceFilter(choices=PaymentMethod.choices)
    receipt = filters.CharFilter(max_length=200)
    after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lte")

    class Meta:
        model = PaymentRecord
        fields = ()


class RailAccountFilter(filters.FilterSet):
    """Rail accounts by name, rail and state."""

    name = filters.CharFilter(max_length=40)
    rail = filters.CharFilter(max_length=20)
    state = filters.MultipleChoiceFilter(choices=RailAccountState.choices)

    class Meta:
        model = RailAccount
        fields = ()


class RailEventFilter(filters.FilterSet):
    """Events by account, state, kind, the rail's own name for them, and when they came."""

    rail_account = filters.CharFilter(field_name="account__name", max_length=40)
    state = filters.MultipleChoiceFilter(choices=RailEventState.choices)
    kind = filters.CharFilter(max_length=120)
    external_id = filters.CharFilter(max_length=120)
    is_changed = filters.BooleanFilter()
    after = filters.IsoDateTimeFilter(field_name="received_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="received_at", lookup_expr="lte")

    class Meta:
        model = RailEvent
        fields = ()


class RailStatementFilter(filters.FilterSet):
    """Statements by account, asset and the time that they tell of."""

    rail_account = filters.CharFilter(field_name="account__name", max_length=40)
    asset = filters.CharFilter(field_name="asset__code", max_length=20)
    after = filters.IsoDateTimeFilter(field_name="ends_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="begins_at", lookup_expr="lte")

    class Meta:
        model = RailStatement
        fields = ()


class OutgoingFilter(filters.FilterSet):
    """What goes out by payment, asset, rail and state, and whether it is known where to."""

    payment = filters.UUIDFilter(field_name="payment_id")
    asset = filters.CharFilter(field_name="asset__code", max_length=20)
    rail = filters.CharFilter(max_length=64)
    state = filters.MultipleChoiceFilter(choices=OutgoingState.choices)
    is_addressed = filters.BooleanFilter(field_name="destination", method="_addressed")

    class Meta:
        model = Outgoing
        fields = ()

    def _addressed(self, rows: QuerySet[Outgoing], name: str, value: bool) -> QuerySet[Outgoing]:
        return rows.exclude(destination="") if value else rows.filter(destination="")


class WithdrawalFilter(filters.FilterSet):
    """What is taken out, by wallet, owner, asset, state, kind of destination and when it was asked for."""

    wallet = filters.UUIDFilter(field_name="wallet_id")
    party = filters.UUIDFilter(field_name="wallet__party_id")
    asset = filters.CharFilter(field_name="wallet__asset__code", max_length=20)
    state = filters.MultipleChoiceFilter(choices=WithdrawalState.choices)
    kind = filters.MultipleChoiceFilter(field_name="destination_kind", choices=DestinationKind.choices)
    after = filters.IsoDateTimeFilter(field_name="requested_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="requested_at", lookup_expr="lte")

    class Meta:
        model = Withdrawal
        fields = ()
