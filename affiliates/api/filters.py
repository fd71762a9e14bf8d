"""What the lists of affiliates can be narrowed by."""

from typing import Any

from django.db.models import Q
from django_filters import rest_framework as filters

from affiliates.models import Adjustment, Affiliate, Claim, Commission, CommissionReport, Settlement, Tier
from affiliates.states import (
    AdjustmentState,
    AffiliateState,
    ClaimState,
    CommissionState,
    CommissionType,
    ReportState,
    SettlementSource,
    SettlementState,
)


class AffiliateFilter(filters.FilterSet):
    """Affiliates by state, tier, code, parent and when they joined; `search` looks in codes, addresses and names."""

    state = filters.MultipleChoiceFilter(choices=AffiliateState.choices)
    tier = filters.UUIDFilter(field_name="tier_id")
    code = filters.CharFilter(max_length=32, lookup_expr="iexact")
    parent = filters.UUIDFilter(field_name="parent_id")
    after = filters.IsoDateTimeFilter(field_name="joined_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="joined_at", lookup_expr="lte")
    search = filters.CharFilter(field_name="code", method="of_words", max_length=80)

    class Meta:
        model = Affiliate
        fields = ()

    def of_words(self, rows: Any, name: str, value: str) -> Any:
        """Return those whose code or address begins so, or whose name holds it."""
        said = value.strip()
        begins = Q(code__startswith=said.lower()) | Q(wallet_address__startswith=said.lower())
        return rows.filter(begins | Q(party__name__icontains=said))


class CommissionFilter(filters.FilterSet):
    """Commissions by state, type, asset, settlement and when they were earned. It names no model: it serves twice."""

    state = filters.MultipleChoiceFilter(choices=CommissionState.choices)
    type = filters.MultipleChoiceFilter(choices=CommissionType.choices)
    asset = filters.CharFilter(field_name="asset__code", max_length=20)
    settlement = filters.UUIDFilter(field_name="settlement_id")
    after = filters.IsoDateTimeFilter(field_name="accrued_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="accrued_at", lookup_expr="lte")


class CommissionOfAnyFilter(CommissionFilter):
    """The same, of all affiliates."""

    affiliate = filters.UUIDFilter(field_name="affiliate_id")

    class Meta:
        model = Commission
        fields = ()


class TierFilter(filters.FilterSet):
    """Tiers by name."""

    name = filters.CharFilter(max_length=60, lookup_expr="iexact")

    class Meta:
        model = Tier
        fields = ()


class ClaimFilter(filters.FilterSet):
    """Claims by member, reference, state, asset, transaction and when they were made."""

    member = filters.UUIDFilter(field_name="member_id")
    reference = filters.CharFilter(max_length=80, lookup_expr="iexact")
    state = filters.MultipleChoiceFilter(choices=ClaimState.choices)
    asset = filters.CharFilter(field_name="asset__code", max_length=20)
    tx_hash = filters.CharFilter(max_length=66, lookup_expr="iexact")
    after = filters.IsoDateTimeFilter(field_name="requested_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="requested_at", lookup_expr="lte")

    class Meta:
        model = Claim
        fields = ()


class SettlementFilter(filters.FilterSet):
    """Settlements by state, source, what told of them, member, affiliate, asset, transaction and time."""

    state = filters.MultipleChoiceFilter(choices=SettlementState.choices)
    source = filters.MultipleChoiceFilter(choices=SettlementSource.choices)
    source_event = filters.CharFilter(max_length=200)
    member = filters.UUIDFilter(field_name="member_id")
    affiliate = filters.UUIDFilter(field_name="affiliate_id")
    asset = filters.CharFilter(field_name="asset__code", max_length=20)
    tx_hash = filters.CharFilter(max_length=66)
    after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lte")

    class Meta:
        model = Settlement
        fields = ()


class ReportFilter(filters.FilterSet):
    """Reports by affiliate, asset, state and period."""

    affiliate = filters.UUIDFilter(field_name="affiliate_id")
    asset = filters.CharFilter(field_name="asset__code", max_length=20)
    state = filters.MultipleChoiceFilter(choices=ReportState.choices)
    after = filters.IsoDateTimeFilter(field_name="period_start", lookup_expr="gte")
    until = filters.IsoDateTimeFilter(field_name="period_end", lookup_expr="lte")

    class Meta:
        model = CommissionReport
        fields = ()


class AdjustmentFilter(filters.FilterSet):
    """Adjustments by affiliate, report, asset, state and when they were asked for."""

    affiliate = filters.UUIDFilter(field_name="affiliate_id")
    report = filters.UUIDFilter(field_name="report_id")
    asset = filters.CharFilter(field_name="asset__code", max_length=20)
    state = filters.MultipleChoiceFilter(choices=AdjustmentState.choices)
    after = filters.IsoDateTimeFilter(field_name="asked_at", lookup_expr="gt")
    until = filters.IsoDateTimeFilter(field_name="asked_at", lookup_expr="lte")

    class Meta:
        model = Adjustment
        fields = ()
