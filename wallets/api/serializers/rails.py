"""What the API shows of rails. Secrets and the address that a rail calls are not among it."""

from typing import Any

from rest_framework import serializers

from wallets.models import RailAccount, RailEvent


class RailAccountOutput(serializers.ModelSerializer[RailAccount]):
    """An account at a rail."""

    class Meta:
        model = RailAccount
        fields = (
            "id", "name", "rail", "number", "assets", "state", "version", "fingerprint", "created_at", "changed_at",
        )  # fmt: skip
        read_only_fields = fields


class RailEventOutput(serializers.ModelSerializer[RailEvent]):
    """What a rail has told us, and what came of it."""

    rail_account = serializers.CharField(source="account.name", read_only=True)
    result = serializers.DictField(read_only=True, allow_null=True)
    duplicate_of = serializers.UUIDField(source="duplicate_of_id", read_only=True, allow_null=True)

    class Meta:
        model = RailEvent
        fields = (
            "id", "rail_account", "received_at", "state", "external_id", "kind", "occurred_at", "data", "duplicate_of",
            "is_changed", "attempts", "due_at", "verdict", "result", "settled_at",
        )  # fmt: skip
        read_only_fields = fields


class HookOutput(serializers.ModelSerializer[RailEvent]):
    """What a rail is answered: under which id its notice is kept."""

    class Meta:
        model = RailEvent
        fields = ("id", "state")
        read_only_fields = fields


class DraftInput(serializers.Serializer[Any]):
    """An account to be. Its secrets are those that its rail asks for, and are never shown again."""

    rail = serializers.CharField(max_length=20)
    name = serializers.CharField(max_length=40)
    number = serializers.CharField(max_length=120)
    assets = serializers.ListField(child=serializers.CharField(max_length=40), min_length=1, max_length=20)
    secrets = serializers.DictField(child=serializers.CharField(max_length=2_000))
