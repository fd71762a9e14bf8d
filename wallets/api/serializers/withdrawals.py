"""What the API takes and shows of what owners take out."""

from rest_framework import serializers

from wallets.api.serializers.wallets import AmountInput, AmountOutput, OnceInput
from wallets.models import Withdrawal
from wallets.queries.checking import REASON_AT_MOST
from wallets.states import DestinationKind


class WithdrawalOutput(serializers.ModelSerializer[Withdrawal]):
    """What is taken out of a wallet, where it goes, and how far it has come."""

    asset = serializers.CharField(source="wallet.asset.code", read_only=True)
    amount = AmountOutput()
    kind = serializers.CharField(source="destination_kind", read_only=True, help_text="MPESA, BANK or EVM.")
    hold_id = serializers.UUIDField(read_only=True)
    wallet_id = serializers.UUIDField(read_only=True)
    wallet_transaction_id = serializers.UUIDField(
        read_only=True, help_text="Its line in the wallet: pending while it is under way."
    )

    class Meta:
        model = Withdrawal
        fields = (
            "id", "wallet_id", "asset", "amount", "kind", "destination", "holder", "state", "reason", "receipt",
            "hold_id", "wallet_transaction_id", "requested_at", "approved_at", "batched_at", "ended_at",
        )  # fmt: skip
        read_only_fields = fields


class WithdrawInput(OnceInput):
    """How much is taken out of which wallet, and where it goes."""

    wallet = serializers.UUIDField(help_text="The wallet's id.")
    amount = AmountInput()
    kind = serializers.ChoiceField(choices=DestinationKind.choices)
    destination = serializers.CharField(
        max_length=120, help_text="As the rail knows it: a phone's number, bank and account, an address on a chain."
    )
    holder = serializers.CharField(
        max_length=120, required=False, default="", allow_blank=True, help_text="Whose account it is: banks ask."
    )


class RejectInput(OnceInput):
    """Why; its owner reads it."""

    reason = serializers.CharField(max_length=REASON_AT_MOST)
