"""What the API takes and shows of programs and their commission rates."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from identity.api.serializers import Plain
from identity.models import Program
from identity.queries.terms import DatedTerms
from identity.values import RATE, NotAValue

_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class RateInput(serializers.CharField):
    """A part of something, exact, as text."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", 'A fraction from 0 to 1 as text, up to six decimal places: "0.125" is 12.5 %.')
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Decimal:  # type: ignore[override]
        try:
            return RATE.value(RATE.read(data))
        except NotAValue as no:
            raise serializers.ValidationError(f"This {no}.") from None


class RateOutput(serializers.DecimalField):
    """The same, as it is shown."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=9, decimal_places=6, normalize_output=True, read_only=True, **options)


class ProgramOutput(serializers.ModelSerializer[Program]):
    """A program, with the commission rates that hold now."""

    base_commission_rate = RateOutput(allow_null=True, help_text="For what an affiliate brings; null: none agreed on.")
    override_commission_rate = RateOutput(allow_null=True, help_text="For whoever brought that affiliate.")

    class Meta:
        model = Program
        fields = ("id", "name", "slug", "status", "time_zone", "default_asset_code", "base_commission_rate",
                  "override_commission_rate", "created_at")  # fmt: skip
        read_only_fields = fields


class TermsOutput(Plain):
    """Commission rates, and the time they hold."""

    number = serializers.IntegerField(source="terms.number")
    base_commission_rate = RateOutput(source="terms.base_commission_rate")
    override_commission_rate = RateOutput(source="terms.override_commission_rate")
    valid_from = serializers.DateTimeField(source="span.start")
    valid_until = serializers.DateTimeField(
        source="span.end", allow_null=True, help_text="When others take over; before `valid_from` if they never held."
    )
    state = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField(source="terms.recorded_at")
    recorded_by = serializers.CharField(source="terms.recorded_by")
    reason = serializers.CharField(source="terms.reason")

    def get_state(self, dated: DatedTerms) -> str:
        return dated.state(at=self.context["at"])


class ProgramInput(Plain):
    """What opens a program."""

    name = serializers.CharField(max_length=120)
    slug = serializers.RegexField(_SLUG, max_length=60)
    time_zone = serializers.CharField(max_length=64, default="UTC")
    default_asset_code = serializers.CharField(max_length=20, default="USD")
    base_commission_rate = RateInput(required=False)
    override_commission_rate = RateInput(required=False)


class ProgramReplacement(Plain):
    """What of a program can be changed, all of it."""

    name = serializers.CharField(max_length=120)
    time_zone = serializers.CharField(max_length=64)
    base_commission_rate = RateInput(required=False, help_text="As it holds now; another one is proposed.")
    override_commission_rate = RateInput(required=False, help_text="As it holds now; another one is proposed.")


class ProgramChange(Plain):
    """What of a program can be changed, some of it."""

    base_commission_rate = RateInput(required=False, help_text="As it holds now; another one is proposed.")
    override_commission_rate = RateInput(required=False, help_text="As it holds now; another one is proposed.")

    name = serializers.CharField(max_length=120, required=False)
    time_zone = serializers.CharField(max_length=64, required=False)
