"""What the API takes and shows of batches."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from payouts.models import PayoutBatch
from payouts.queries.batches import counts_of, totals_by_rail
from payouts.queries.flags import flags_of
from payouts.states import PayeeType, PayoutState
from wallets.api.serializers import AmountOutput, OnceInput
from wallets.queries.checking import REASON_AT_MOST

Plain = serializers.Serializer[Any]


class RailTotalOutput(Plain):
    """What is sent from one rail account, or into wallets here."""

    account = serializers.CharField()
    count = serializers.IntegerField()
    total = AmountOutput()
    fees = AmountOutput(allow_null=True, help_text="About what sending it costs, where that is known beforehand.")


class CountOutput(Plain):
    """How many payouts are in a state, and what they come to."""

    state = serializers.ChoiceField(choices=PayoutState.choices)
    count = serializers.IntegerField()
    total = AmountOutput()


class BatchLineOutput(serializers.ModelSerializer[PayoutBatch]):
    """A batch as a line of the list. A vote names ``revision`` and ``digest``."""

    asset = serializers.CharField(source="asset.code", read_only=True)
    total = AmountOutput(help_text="As it was submitted.")
    proposal = serializers.UUIDField(source="proposal_id", read_only=True, allow_null=True)

    class Meta:
        model = PayoutBatch
        fields: tuple[str, ...] = (
            "id", "number", "asset", "note", "accounts", "until", "state", "revision", "digest", "count", "total",
            "proposal", "expires_at", "created_at", "submitted_at", "approved_at", "started_at", "ended_at",
        )  # fmt: skip
        read_only_fields = fields


class BatchOutput(BatchLineOutput):
    """A batch: what is in it, and how far it is. A vote names ``revision`` and ``digest``."""

    rails = serializers.SerializerMethodField()
    counts = serializers.SerializerMethodField()
    flags = serializers.SerializerMethodField(help_text="What to look at twice: how many payouts, by what is strange.")

    class Meta(BatchLineOutput.Meta):
        fields = read_only_fields = (*BatchLineOutput.Meta.fields, "rails", "counts", "flags")

    @extend_schema_field(RailTotalOutput(many=True))
    def get_rails(self, batch: PayoutBatch) -> Any:
        return RailTotalOutput(totals_by_rail(batch), many=True).data

    @extend_schema_field(CountOutput(many=True))
    def get_counts(self, batch: PayoutBatch) -> Any:
        counts = counts_of(batch)
        rows = [{"state": state, "count": count, "total": total} for state, (count, total) in sorted(counts.items())]
        return CountOutput(rows, many=True).data

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_flags(self, batch: PayoutBatch) -> Any:
        return flags_of(batch, at=self.context["at"])


class CollectedOutput(Plain):
    """How many a batch pays now, and how many it leaves out. Why, stands on each of its payouts."""

    ready = serializers.IntegerField()
    left_out = serializers.IntegerField()
    batch = BatchOutput()


class ProofOutput(Plain):
    """All that the digest is of, who had a hand in it, and who voted on it."""

    batch = serializers.UUIDField()
    number = serializers.IntegerField()
    program = serializers.CharField()
    asset = serializers.CharField()
    revision = serializers.IntegerField()
    digest = serializers.CharField()
    state = serializers.CharField()
    count = serializers.IntegerField()
    total = serializers.CharField()
    items = serializers.ListField(child=serializers.ListField())
    makers = serializers.ListField(child=serializers.DictField())
    proposal = serializers.DictField(allow_null=True)
    votes = serializers.ListField(child=serializers.DictField())


class BatchInput(OnceInput):
    """A batch to begin. Its idempotency key is its key for good."""

    asset = serializers.CharField(max_length=20)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    accounts = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, default=list, max_length=20,
        help_text="The rail accounts to pay from, by name. None: whichever there is.",
    )  # fmt: skip
    until = serializers.DateTimeField(
        required=False, default=None, allow_null=True, help_text="Only what fell due before."
    )


class AddInput(OnceInput):
    """Somebody to put in, with all that is due to them: an amount is never said."""

    payee_type = serializers.ChoiceField(choices=PayeeType.choices, default=PayeeType.AFFILIATE)
    payee = serializers.UUIDField()


class ExplainInput(OnceInput):
    """Why something is done."""

    reason = serializers.CharField(max_length=REASON_AT_MOST)


class RemoveInput(ExplainInput):
    """A payout to take out."""

    payout = serializers.UUIDField()


class SubmitInput(ExplainInput):
    """A batch to put before others."""

    waits_for_float = serializers.BooleanField(
        default=False, help_text="Also where less is at a rail than it pays: what there is no money for waits."
    )


class BatchVoteInput(Plain):
    """A vote on exactly what was read."""

    revision = serializers.IntegerField(min_value=1)
    digest = serializers.RegexField(r"^[0-9a-f]{64}$")
    comment = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)
