"""What the API's lists of identity can be narrowed by."""

from django_filters import rest_framework as filters

from identity.models import ApiKey, Program, Proposal, SettingVersion
from identity.states import ProgramStatus, ProposalState


class ProgramFilter(filters.FilterSet):
    """Programs by slug, status and age."""

    slug = filters.CharFilter(max_length=60)
    status = filters.MultipleChoiceFilter(choices=ProgramStatus.choices)
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Program
        fields = ()


class ProposalFilter(filters.FilterSet):
    """Proposals by where they stand, what they are, and whose."""

    state = filters.MultipleChoiceFilter(choices=ProposalState.choices)
    kind = filters.CharFilter(max_length=80)
    program = filters.CharFilter(field_name="program__slug", max_length=60)

    class Meta:
        model = Proposal
        fields = ()


class ApiKeyFilter(filters.FilterSet):
    """Keys by prefix, and whether they are revoked."""

    prefix = filters.CharFilter(max_length=16)
    revoked = filters.BooleanFilter(field_name="revoked_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = ApiKey
        fields = ()


class SettingVersionFilter(filters.FilterSet):
    """Versions of a setting by age."""

    after = filters.IsoDateTimeFilter(field_name="history_date", lookup_expr="gte")
    before = filters.IsoDateTimeFilter(field_name="history_date", lookup_expr="lt")

    class Meta:
        model = SettingVersion
        fields = ()
