"""What the API's lists of audit can be narrowed by."""

from django_filters import rest_framework as filters

from audit.models import Entry, Finding, ReconciliationRun
from audit.states import FindingState, RunState


class EntryFilter(filters.FilterSet):
    """The journal by actor, subject, action, program, time and correlation id."""

    actor_type = filters.CharFilter(max_length=40)
    actor_id = filters.CharFilter(max_length=200)
    subject_type = filters.CharFilter(max_length=100)
    subject_id = filters.CharFilter(max_length=200)
    action = filters.CharFilter(max_length=120)
    program_id = filters.UUIDFilter()
    correlation_id = filters.CharFilter(max_length=64)
    after = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    before = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = Entry
        fields = ()


class RunFilter(filters.FilterSet):
    """Runs by how they ended and whose they are."""

    state = filters.MultipleChoiceFilter(choices=RunState.choices)
    program_id = filters.UUIDFilter()

    class Meta:
        model = ReconciliationRun
        fields = ()


class FindingFilter(filters.FilterSet):
    """Findings by how far somebody has come, which check, and whose they are."""

    state = filters.MultipleChoiceFilter(choices=FindingState.choices)
    check_name = filters.CharFilter(max_length=100)
    program_id = filters.UUIDFilter()
    assignee_id = filters.UUIDFilter()

    class Meta:
        model = Finding
        fields = ()
