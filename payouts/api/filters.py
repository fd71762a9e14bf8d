"""What the lists of payouts can be narrowed by."""

from django_filters import rest_framework as filters

from payouts.models import Payout, PayoutBatch
from payouts.states import BatchState, PayeeType, PayoutState


class BatchFilter(filters.FilterSet):
    """Batches by state, asset and when they were begun."""

    state = filters.MultipleChoiceFilter(choices=BatchState.choices)
    asset = filters.CharFilter(field_name="asset__code", max_length=20)
    number = filters.NumberFilter()
    after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lte")

    class Meta:
        model = PayoutBatch
        fields = ()


class PayoutFilter(filters.FilterSet):
    """Payouts by batch, payee, state, asset, rail account, receipt, or our reference or the rail's."""

    batch = filters.UUIDFilter(field_name="batch_id")
    affiliate = filters.UUIDFilter(field_name="affiliate_id")
    withdrawal = filters.UUIDFilter(field_name="withdrawal_id")
    state = filters.MultipleChoiceFilter(choices=PayoutState.choices)
    payee_type = filters.MultipleChoiceFilter(choices=PayeeType.choices)
    asset = filters.CharFilter(field_name="asset__code", max_length=20)
    rail = filters.CharFilter(field_name="rail_account__name", max_length=40)
    receipt = filters.CharFilter(max_length=200)
    reference = filters.CharFilter(field_name="attempts__reference", max_length=20)
    rail_reference = filters.CharFilter(field_name="attempts__rail_reference", max_length=120)
    why = filters.CharFilter(max_length=40)

    class Meta:
        model = Payout
        fields = ()
