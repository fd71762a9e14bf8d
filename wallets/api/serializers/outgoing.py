"""What is owed to people outside: what the API shows of it, and takes."""

from rest_framework import serializers

from ledger.money import plain
from ledger.queries.balances import balance_now
from wallets.api.serializers.wallets import AmountOutput, OnceInput, PaymentOutput, Plain, WalletTransactionOutput
from wallets.models import Outgoing


class OwedOutput(AmountOutput):
    """What is left of it in the books, where a rail carries it in parts."""

    def __init__(self) -> None:
        super().__init__(source="*", help_text="What no rail has carried yet.")

    def to_representation(self, value: Outgoing) -> str:  # type: ignore[override]
        """Say what the list has read for all of them, or ask for one."""
        return plain(value.owed if hasattr(value, "owed") else balance_now(value.account))


class OutgoingOutput(serializers.ModelSerializer[Outgoing]):
    """What is owed to somebody outside until a rail has carried it."""

    asset = serializers.CharField(source="asset.code", read_only=True)
    amount = AmountOutput()
    owed = OwedOutput()
    payment_id = serializers.UUIDField(read_only=True)

    class Meta:
        model = Outgoing
        fields = (
            "id", "rail", "asset", "amount", "owed", "state", "payment_id", "destination", "holder", "addressed_by",
            "requested_at",
        )  # fmt: skip
        read_only_fields = fields


class RefundOutput(Plain):
    """A refund: into the payer's wallet, or out of the house."""

    amount = AmountOutput()
    payment = PaymentOutput()
    wallet_transaction = WalletTransactionOutput(allow_null=True)
    outgoing = OutgoingOutput(allow_null=True)


class AddressInput(OnceInput):
    """Where something owed goes, as its rail knows it, and whose account that is."""

    destination = serializers.CharField(max_length=120)
    holder = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
