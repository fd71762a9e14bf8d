"""What the API takes and shows of claims, charges and settlements."""

from typing import Any

from rest_framework import serializers

from affiliates.models import Claim, Reversal, Settlement
from affiliates.states import ClaimState
from identity.proofs import LARGEST_CHAIN_ID
from ledger.api.serializers import IntentOutput
from wallets.api.serializers import AmountInput, AmountOutput, OnceInput
from wallets.queries.checking import REASON_AT_MOST

Plain = serializers.Serializer[Any]

_ADDRESS_AT_MOST = 100


# What is shown


class ClaimOutput(serializers.ModelSerializer[Claim]):
    """A claim. Until a worker has written it down its state is null, and the intent says how far it has come."""

    wallet_address = serializers.CharField(source="member.shown_address", read_only=True)
    member_id = serializers.UUIDField(read_only=True, allow_null=True)
    asset = serializers.CharField(source="asset.code", read_only=True)
    amount = AmountOutput()
    state = serializers.ChoiceField(choices=ClaimState.choices, read_only=True, allow_null=True)
    requested_at = serializers.DateTimeField(read_only=True, allow_null=True)
    intent = IntentOutput(read_only=True, allow_null=True, default=None)

    class Meta:
        model = Claim
        fields = (
            "id", "member_id", "wallet_address", "reference", "asset", "amount", "chain_id", "tx_hash", "note", "state",
            "reason", "settlement_id", "requested_at", "decided_at", "intent",
        )  # fmt: skip
        read_only_fields = fields


class ClaimedOutput(Plain):
    """Under which id the claim will be found, and the intent that writes it down."""

    id = serializers.UUIDField()
    intent = IntentOutput()


class SettlementOutput(serializers.ModelSerializer[Settlement]):
    """What a member paid, and how that was proven."""

    wallet_address = serializers.CharField(source="member.shown_address", read_only=True)
    asset = serializers.CharField(source="asset.code", read_only=True)
    amount = AmountOutput()
    reversed_amount = AmountOutput(help_text="What was taken back of it.")

    class Meta:
        model = Settlement
        fields: tuple[str, ...] = (
            "id", "member_id", "wallet_address", "affiliate_id", "parent_id", "asset", "amount", "reversed_amount",
            "state", "source", "source_event", "rail", "chain_id", "tx_hash", "position", "block_number", "occurred_at",
            "created_at", "confirmed_at", "verified_at", "verdict", "ledger_transaction_id",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class ReversalOutput(serializers.ModelSerializer[Reversal]):
    """What was taken back of a settlement, or, below zero, won back again."""

    amount = AmountOutput()
    reversed_after = AmountOutput(help_text="What was taken back in all, after it.")

    class Meta:
        model = Reversal
        fields: tuple[str, ...] = ("id", "amount", "reversed_after", "reason", "at", "ledger_transaction_id")
        read_only_fields: tuple[str, ...] = fields


class SettlementWithReversalsOutput(SettlementOutput):
    """The same, with everything that was taken back or won back."""

    reversals = ReversalOutput(many=True, read_only=True)

    class Meta(SettlementOutput.Meta):
        fields = (*SettlementOutput.Meta.fields, "reversals")
        read_only_fields = fields


class ReversedOutput(ReversalOutput):
    """A reversal, with its settlement as it is now."""

    settlement = SettlementOutput(read_only=True)

    class Meta(ReversalOutput.Meta):
        fields = (*ReversalOutput.Meta.fields, "settlement")
        read_only_fields = fields


# What is asked


class ClaimInput(Plain):
    """What was paid, and where it can be seen."""

    wallet_address = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=_ADDRESS_AT_MOST,
        help_text="The member's; without one the caller's own.",
    )  # fmt: skip
    reference = serializers.CharField(max_length=80, help_text="Your name for it: each is claimed once.")
    asset = serializers.CharField(max_length=20)
    amount = AmountInput()
    chain_id = serializers.IntegerField(min_value=1, max_value=LARGEST_CHAIN_ID)
    tx_hash = serializers.CharField(max_length=66)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)


class ChargeInput(Plain):
    """A charge that a member is going to pay at the provider."""

    charge = serializers.CharField(max_length=80, help_text="What the provider calls it.")
    wallet_address = serializers.CharField(max_length=_ADDRESS_AT_MOST)
    asset = serializers.CharField(max_length=20)
    amount = AmountInput()


class ReverseInput(OnceInput):
    """How much, why, and which rail has sent it back itself."""

    amount = AmountInput(required=False, default=None, help_text="All that is left when it is left out.")
    reason = serializers.CharField(max_length=REASON_AT_MOST)
    returned_from = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=40,
        help_text="The rail account that has sent the money back; without one the program still holds it.",
    )  # fmt: skip
