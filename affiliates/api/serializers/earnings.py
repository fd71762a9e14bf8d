"""What the API takes and shows of commissions, reports and adjustments."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from affiliates.models import Adjustment, Commission, CommissionReport
from affiliates.queries.payability import payability
from affiliates.states import CommissionState
from wallets.api.serializers import AmountInput, AmountOutput, OnceInput, SignedAmountInput
from wallets.queries.checking import REASON_AT_MOST

Plain = serializers.Serializer[Any]

AT_ONCE = 200


# What is shown


class ObstacleOutput(Plain):
    """Something that stands between a commission and its payout."""

    code = serializers.CharField()
    text = serializers.CharField()
    clears_at = serializers.DateTimeField(allow_null=True, help_text="When it goes away by itself, if it does.")


class WhyNotOutput(Plain):
    """What keeps a commission from being paid, and when all of that will have gone away by itself."""

    is_payable = serializers.BooleanField()
    obstacles = ObstacleOutput(many=True)
    clears_at = serializers.DateTimeField(allow_null=True)


class CommissionOutput(serializers.ModelSerializer[Commission]):
    """A row of what was earned, or of what put it right: how it came about, and why it is not paid yet."""

    affiliate_code = serializers.CharField(source="affiliate.code", read_only=True)
    asset = serializers.CharField(source="asset.code", read_only=True)
    amount = AmountOutput(help_text="Claw-backs are below zero.")
    base = AmountOutput(allow_null=True, help_text="What was settled.")
    rate = AmountOutput(allow_null=True, help_text="A fraction: 0.1 is 10 %.")
    exact = AmountOutput(allow_null=True, help_text="Base times rate, before it was rounded.")
    why_not = serializers.SerializerMethodField(help_text="Null once it is paid.")

    class Meta:
        model = Commission
        fields = (
            "id", "affiliate_id", "affiliate_code", "asset", "type", "state", "amount", "settlement_id", "corrects_id",
            "reversal_id", "base", "rate", "exact", "rate_from", "accrued_at", "payable_at", "held_reason", "reason",
            "ledger_transaction_id", "paid_at", "why_not",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(WhyNotOutput(allow_null=True))
    def get_why_not(self, row: Commission) -> Any:
        if row.state == CommissionState.PAID:
            return None
        situation = self.context["situations"][row.affiliate_id, row.asset.code]
        return WhyNotOutput(payability(row, situation=situation, at=self.context["at"])).data


class OutcomeOutput(Plain):
    """What came of one of many."""

    id = serializers.UUIDField()
    is_done = serializers.BooleanField()
    state = serializers.ChoiceField(choices=CommissionState.choices, allow_null=True, help_text="What it is now.")
    code = serializers.CharField(allow_null=True, help_text="Why not: of docs/errors.md.")
    message = serializers.CharField(allow_null=True)


class BulkOutput(Plain):
    """What came of each."""

    results = OutcomeOutput(many=True)


class WhatIfOutput(Plain):
    """What was earned in one asset, and what would have been."""

    asset = serializers.CharField()
    settlements = serializers.IntegerField()
    was_direct = AmountOutput()
    was_override = AmountOutput()
    would_be_direct = AmountOutput()
    would_be_override = AmountOutput()
    difference = AmountOutput(help_text="How much more the program would have paid.")


class WhatIfsOutput(Plain):
    """Asset by asset."""

    results = WhatIfOutput(many=True)


class ReportOutput(serializers.ModelSerializer[CommissionReport]):
    """What an affiliate earned in one asset in a period."""

    affiliate_code = serializers.CharField(source="affiliate.code", read_only=True)
    asset = serializers.CharField(source="asset.code", read_only=True)
    earned = AmountOutput()
    clawed_back = AmountOutput()
    adjusted = AmountOutput()
    total = AmountOutput()

    class Meta:
        model = CommissionReport
        fields = (
            "id", "affiliate_id", "affiliate_code", "asset", "period_start", "period_end", "state", "lines_count",
            "earned", "clawed_back", "adjusted", "total", "digest", "created_at", "finalized_at", "paid_at",
        )  # fmt: skip
        read_only_fields = fields


class DraftedOutput(Plain):
    """How many drafts the period has now."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    drafts = serializers.IntegerField()


class AdjustmentOutput(serializers.ModelSerializer[Adjustment]):
    """What somebody adds to what an affiliate earned, or takes from it."""

    affiliate_code = serializers.CharField(source="affiliate.code", read_only=True)
    asset = serializers.CharField(source="asset.code", read_only=True)
    amount = AmountOutput()

    class Meta:
        model = Adjustment
        fields = (
            "id", "affiliate_id", "affiliate_code", "asset", "report_id", "amount", "reason", "state", "proposal",
            "commission_id", "asked_at", "asked_by", "settled_at",
        )  # fmt: skip
        read_only_fields = fields


# What is asked


class BulkInput(OnceInput):
    """What is done with which commissions, and why."""

    verb = serializers.ChoiceField(choices=["hold", "release", "void"])
    ids = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=AT_ONCE)
    reason = serializers.CharField(max_length=REASON_AT_MOST)


class WhatIfInput(Plain):
    """Rates that a tier, an affiliate, or with neither the program might have had from ``start`` to before ``end``."""

    tier = serializers.UUIDField(required=False, default=None, allow_null=True)
    affiliate = serializers.UUIDField(required=False, default=None, allow_null=True)
    direct_rate = AmountInput(help_text="A fraction: 0.1 is 10 %.")
    override_rate = AmountInput()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class PeriodInput(OnceInput):
    """From when on, and up to before when."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class CommissionAdjustInput(OnceInput):
    """How much more, or less, and why."""

    amount = SignedAmountInput(help_text="Below zero to take it.")
    reason = serializers.CharField(max_length=REASON_AT_MOST)
    propose = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Put it before a second person: more than one may do alone has to be.",
    )
