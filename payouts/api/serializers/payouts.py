"""What the API takes and shows of payouts."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from payouts.api.serializers.batches import ExplainInput
from payouts.models import Attempt, Brake, Payout
from payouts.proposable.outcomes import OUTCOMES
from wallets.api.serializers import AmountOutput

Plain = serializers.Serializer[Any]


class AttemptOutput(serializers.ModelSerializer[Attempt]):
    """A try to send something."""

    amount = AmountOutput()
    part = serializers.IntegerField(source="part.number", read_only=True)

    class Meta:
        model = Attempt
        fields = (
            "id", "part", "number", "reference", "amount", "state", "rail_reference", "receipt", "code", "reason",
            "trouble", "stored_at", "called_at", "answered_at", "settled_at", "ask_at",
        )  # fmt: skip
        read_only_fields = fields


class PayoutOutput(serializers.ModelSerializer[Payout]):
    """What one payee gets of a batch, where it goes, and what became of it."""

    batch_number = serializers.IntegerField(source="batch.number", read_only=True)
    asset = serializers.CharField(source="asset.code", read_only=True)
    gross = AmountOutput(help_text="What was due: `amount`, `withheld` and `carried` together.")
    amount = AmountOutput(help_text="What is sent.")
    withheld = AmountOutput(help_text="What is withheld as tax when it is paid.")
    withheld_rate = AmountOutput(help_text="The fraction of `amount` and `withheld` together that is withheld.")
    carried = AmountOutput(help_text="What the rail can't carry: it stays due.")
    fee = AmountOutput(allow_null=True)
    account = serializers.SerializerMethodField(help_text="The rail account that it is sent from.")
    destination = serializers.SerializerMethodField(help_text="Shown in part.")
    attempts = serializers.SerializerMethodField()

    class Meta:
        model = Payout
        fields = (
            "id", "batch_id", "batch_number", "payee_type", "affiliate_id", "outgoing_id", "withdrawal_id", "asset",
            "gross", "amount", "withheld", "withheld_rate", "carried", "fee", "account", "destination_kind",
            "destination", "state", "why", "reason", "clears_at", "retry_at", "receipt", "created_at", "settled_at",
            "attempts",
        )  # fmt: skip
        read_only_fields = fields

    def get_account(self, payout: Payout) -> str:
        return payout.rail_account.name if payout.rail_account else ""

    def get_destination(self, payout: Payout) -> str:
        return payout.masked

    @extend_schema_field(AttemptOutput(many=True))
    def get_attempts(self, payout: Payout) -> Any:
        return AttemptOutput(payout.attempts.all(), many=True).data


class BrakeOutput(serializers.ModelSerializer[Brake]):
    """Whether anything is sent."""

    class Meta:
        model = Brake
        fields = ("is_on", "reason", "changed_at")
        read_only_fields = fields


class StopOutput(Plain):
    """That everything is stopped, and how many calls went out before and are not answered."""

    is_on = serializers.BooleanField()
    in_the_air = serializers.IntegerField()


class ResolveInput(ExplainInput):
    """What came of a payout of which nobody knows, and in ``reason`` what shows it. A second person has to agree."""

    outcome = serializers.ChoiceField(choices=list(OUTCOMES.items()))
    attempt = serializers.UUIDField(
        required=False, default=None, allow_null=True, help_text="Which, where several are unknown."
    )
    receipt = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
