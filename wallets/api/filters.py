"""What lists of the API can be narrowed by."""

from django_filters import rest_framework as filters

from wallets.models import RailAccount, RailEvent
from wallets.states import RailAccountState, RailEventState


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
