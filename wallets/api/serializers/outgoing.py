"""What is owed to people outside: what the API shows of it, and takes."""

from rest_framework import serializers

from ledger.money import plain
from wallets.api.serializers.wallets import AmountOutput, OnceInput, PaymentOutput, Plain, WalletTransactionOutput
from wallets.models import Outgoing


class OutgoingOutput(serializers.ModelSerializer[Outgoing]):
    """What is owed to somebody outside until a rail has carried it."""

    asset = serializers.CharField(source="asset.code", read_only=True)
    amount = AmountOutput()
    owed = serializers.SerializerMethodField(help_text="What of it no rail has carried yet. Exact, as text.")
    payment_id = serializers.UUIDField(read_only=True)

    class Meta:
        model = Outgoing
        fields = (
            "id", "rail", "asset", "amount", "owed", "state", "payment_id", "destination", "holder", "addressed_by",
            "requested_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_owed(self, row: Outgoing) -> str:
        (left,) = row.account.balances.all()  # it has a floor, and so one balance
        return plain(left.amount)


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
