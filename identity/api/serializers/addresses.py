"""What the API takes and shows of wallet addresses."""

from typing import Any

from rest_framework import serializers

from identity import proofs
from identity.models import AddressChallenge, WalletAddress


class ProofRequest(serializers.Serializer[Any]):
    """Which address is to be proven."""

    address = serializers.CharField(max_length=100, help_text="In lower case, or with its checksum (EIP-55).")
    chain_id = serializers.IntegerField(
        min_value=1,
        max_value=proofs.LARGEST_CHAIN_ID,
        default=1,
        help_text="The chain that the wallet is on (EIP-155).",
    )


class ChallengeOutput(serializers.ModelSerializer[AddressChallenge]):
    """The text to sign."""

    message = serializers.CharField(
        source="text", read_only=True, help_text="Sign exactly this, as `personal_sign` does (EIP-4361, EIP-191)."
    )

    class Meta:
        model = AddressChallenge
        fields = ("message", "nonce", "expires_at")
        read_only_fields = fields


class ProofInput(serializers.Serializer[Any]):
    """The text that was given, and its signature."""

    message = serializers.CharField(max_length=1_000, trim_whitespace=False)
    signature = serializers.CharField(max_length=200, help_text="0x and 65 bytes in hexadecimal.")


class WalletAddressOutput(serializers.ModelSerializer[WalletAddress]):
    """A proven address."""

    address = serializers.CharField(source="shown", read_only=True, help_text="With its checksum (EIP-55).")

    class Meta:
        model = WalletAddress
        fields = ("id", "address", "chain_id", "proven_at")
        read_only_fields = fields
