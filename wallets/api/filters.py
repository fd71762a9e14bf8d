"""What the lists of wallets can be narrowed by."""

from django_filters import rest_framework as filters

from wallets.models import PaymentRecord, Wallet
from wallets.states import PaymentMethod, PaymentState, TransactionStatus, TransactionType, WalletState


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
