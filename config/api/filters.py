"""Filters that refuse what they don't know instead of quietly returning everything."""

from datetime import UTC, datetime
from typing import Any

from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError

# Asked for on every list, whatever it filters by.
_ALWAYS = frozenset({"cursor", "page_size", "ordering", "format", "program"})


class StrictFilterBackend(DjangoFilterBackend):
    """django-filter, and a misspelt filter is a 400: an unfiltered list would be taken for a filtered one."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        known = set(filterset.filters) if filterset is not None else set()
        unknown = sorted(set(request.query_params) - known - _ALWAYS)
        if unknown:
            raise ValidationError({name: ["There is no such filter."] for name in unknown})
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise ValidationError(filterset.errors)
        asked = filterset.form.cleaned_data
        for name, value in asked.items():
            if isinstance(value, datetime):
                asked[name] = _in_utc(name, value)
        return filterset.qs


def _in_utc(name: str, at: datetime) -> datetime:
    # The database knows no zone that is sixteen hours away, and Python does.
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValidationError({name: ["There is no such time."]}) from None
