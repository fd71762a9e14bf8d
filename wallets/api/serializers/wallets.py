"""What the API takes and shows of wallets. Amounts are text, exact: in digits, and without zeros at the end."""

import re
from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ledger.models import Hold
from ledger.money import exactly, plain
from wallets.models import PaymentRecord, Wallet, WalletTransaction
from wallets.queries.checking import REASON_AT_MOST

Plain = serializers.Serializer[Any]

_DIGITS: Final = r"[0-9]{1,20}(\.[0-9]{1,18})?"
_VERSION: Final = 2**63 - 1
_MEMO_AT_MOST: Final = 500


class AmountOutput(serializers.CharField):
    """An exact amount."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"read_only": True, "help_text": 'Exact, as text: "12.5".', **options})

    def to_representation(self, value: Decimal) -> str:  # type: ignore[override]
        return plain(value)


@extend_schema_field({"type": "string", "pattern": f"^{_DIGITS}$", "example": "12.5"})
class AmountInput(serializers.Field[Decimal, Any, str, Any]):
    """An exact amount, as text: a number of JSON has been through binary fractions before anybody could look."""

    pattern = re.compile(_DIGITS)

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not self.pattern.fullmatch(data):
            raise serializers.ValidationError('An amount is text, in digits: "12.5".')
        return Decimal(data)

    def to_representation(self, value: Decimal) -> str:
        return plain(value)


@extend_schema_field({"type": "string", "pattern": f"^-?{_DIGITS}$", "example": "-12.5"})
class SignedAmountInput(AmountInput):
    """An amount that may be below zero."""

    pattern = re.compile(f"-?{_DIGITS}")


# What is shown


class WalletOutput(serializers.ModelSerializer[Wallet]):
    """A wallet, and what it holds now."""

    asset = serializers.CharField(source="asset.code", read_only=True)
    available = AmountOutput(source="available_amount", help_text="What can be spent.")
    reserved = AmountOutput(source="reserved_amount", help_text="What is held.")
    owed = AmountOutput(source="owed_amount", help_text="What its owner owes after a charge-back.")
    total = serializers.SerializerMethodField(help_text="What is there, held or not.")
    version = serializers.IntegerField(read_only=True, help_text="Grows with every change: name the one you have seen.")

    class Meta:
        model = Wallet
        fields = ("id", "party_id", "asset", "state", "version", "available", "reserved", "owed", "total",
                  "last_transaction_at", "opened_at")  # fmt: skip
        read_only_fields = fields

    def get_total(self, wallet: Any) -> str:
        with exactly():
            return plain(wallet.available_amount + wallet.reserved_amount)


class BalancesOutput(Plain):
    """What somebody has: a wallet for each asset."""

    user_id = serializers.UUIDField(allow_null=True, help_text="Who signs in; null for somebody who does not.")
    party_id = serializers.UUIDField()
    wallets = WalletOutput(many=True)


class WalletTransactionOutput(serializers.ModelSerializer[WalletTransaction]):
    """A change of what a wallet holds: what was there before and after, held or not."""

    asset = serializers.CharField(source="wallet.asset.code", read_only=True)
    amount = AmountOutput()
    owed_change = AmountOutput(help_text="What is owed more by it, or less.")
    balance_before = AmountOutput(allow_null=True)
    balance_after = AmountOutput(allow_null=True)
    metadata = serializers.DictField(read_only=True)

    class Meta:
        model = WalletTransaction
        fields: tuple[str, ...] = (
            "id", "wallet_id", "asset", "number", "type", "status", "amount", "is_credit", "owed_change",
            "balance_before", "balance_after", "description", "metadata", "payment_id", "ledger_transaction_id",
            "created_at", "completed_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class BookedOutput(WalletTransactionOutput):
    """The same, with the version that the wallet has now."""

    version = serializers.IntegerField(source="wallet.version", read_only=True)

    class Meta(WalletTransactionOutput.Meta):
        fields = (*WalletTransactionOutput.Meta.fields, "version")
        read_only_fields = fields


class WalletInfoOutput(BalancesOutput):
    """What the caller has, and what happened last."""

    party_id = serializers.UUIDField(allow_null=True, help_text="Null while there is no account here.")
    transactions = WalletTransactionOutput(many=True)


class PaymentOutput(serializers.ModelSerializer[PaymentRecord]):
    """A payment, whatever it was paid with."""

    asset = serializers.CharField(source="asset.code", read_only=True)
    payee = serializers.CharField(source="payee.code", read_only=True, help_text="An account's code.")
    amount = AmountOutput()
    refunded = AmountOutput()
    charged_back = AmountOutput()
    metadata = serializers.DictField(read_only=True)

    class Meta:
        model = PaymentRecord
        fields = ("id", "method", "state", "party_id", "wallet_id", "asset", "amount", "payee", "rail", "description",
                  "metadata", "refunded", "charged_back", "receipt", "wallet_transaction_id",
                  "ledger_transaction_id", "created_at", "paid_at")  # fmt: skip
        read_only_fields = fields


class HoldOutput(serializers.ModelSerializer[Hold]):
    """What is set aside in a wallet."""

    wallet_id = serializers.SerializerMethodField()
    amount = AmountOutput()
    captured = AmountOutput()
    released = AmountOutput()
    left = AmountOutput()

    class Meta:
        model = Hold
        fields = ("id", "wallet_id", "state", "amount", "captured", "released", "left", "expires_at", "held_at")
        read_only_fields = fields

    def get_wallet_id(self, hold: Hold) -> str:
        return hold.wallet.code.removeprefix("wallet:")


# What is asked


class OnceInput(Plain):
    """Something that happens once."""

    idempotency_key = serializers.CharField(
        required=False, max_length=255, help_text="Instead of the header Idempotency-Key; with both, they are equal."
    )


class SeenInput(OnceInput):
    """Something done with a wallet as it was seen."""

    version = serializers.IntegerField(
        required=False, default=None, min_value=0, max_value=_VERSION,
        help_text="The version that was seen, or the header If-Match. If the wallet has changed since: 409.",
    )  # fmt: skip


class BookingInput(SeenInput):
    """An amount, and what is to be remembered of it."""

    amount = AmountInput()
    description = serializers.CharField(required=False, default="", allow_blank=True, max_length=_MEMO_AT_MOST)
    metadata = serializers.DictField(required=False, default=dict, help_text="Whatever you want to find there again.")


class OfAssetInput(BookingInput):
    """The same, in the wallet of an asset."""

    asset = serializers.CharField(max_length=20, help_text="Its code: KES, GOLD.")


class TopUpInput(OfAssetInput):
    """What was paid in, and where it was received."""

    rail = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=64,
        help_text="The rail account that received it: needed for money, and none for points.",
    )  # fmt: skip


class ManualPaymentInput(OfAssetInput):
    """What is paid, and to whom."""

    payee = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=120,
        help_text="The code of the account that is paid; without one the program itself.",
    )  # fmt: skip


class DirectPaymentInput(OnceInput):
    """What is paid through a rail, and to whom."""

    asset = serializers.CharField(max_length=20, help_text="Its code: KES.")
    amount = AmountInput()
    rail = serializers.CharField(max_length=64, help_text="The rail account that is going to receive it.")
    payee = ManualPaymentInput().fields["payee"]
    description = serializers.CharField(required=False, default="", allow_blank=True, max_length=_MEMO_AT_MOST)
    metadata = serializers.DictField(required=False, default=dict)


class OpenInput(OnceInput):
    """Whose wallet, and of what."""

    owner = serializers.UUIDField(help_text="A party's id, or that of the user who signs in for it.")
    asset = serializers.CharField(max_length=20, help_text="Its code: KES, GOLD.")


class TransferInput(BookingInput):
    """To which wallet."""

    to = serializers.UUIDField(help_text="The other wallet's id.")


class AdjustInput(SeenInput):
    """How much more, or less."""

    amount = SignedAmountInput(help_text="Below zero to take it.")
    reason = serializers.CharField(max_length=REASON_AT_MOST)


class WalletReasonInput(SeenInput):
    """Why."""

    reason = serializers.CharField(max_length=REASON_AT_MOST)


class HoldInput(SeenInput):
    """How much is set aside, and until when."""

    amount = AmountInput()
    expires_at = serializers.DateTimeField(required=False, default=None, help_text="When it is let go by itself.")


class CaptureInput(OnceInput):
    """How much of what is held is paid, and to whom."""

    amount = AmountInput()
    payee = serializers.CharField(required=False, default="", allow_blank=True, max_length=120)
    description = serializers.CharField(required=False, default="", allow_blank=True, max_length=_MEMO_AT_MOST)
    metadata = serializers.DictField(required=False, default=dict)


class RefundInput(OnceInput):
    """How much, where to, and why."""

    amount = AmountInput(required=False, default=None, help_text="All that is left when it is left out.")
    rail = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=64,
        help_text="The rail account that sends it; without one it goes into the payer's wallet.",
    )  # fmt: skip
    reason = serializers.CharField(max_length=REASON_AT_MOST)
