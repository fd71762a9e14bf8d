"""What the API takes and shows of rails' statements."""

from typing import Any

from rest_framework import serializers

from wallets.api.serializers.wallets import AmountOutput, OnceInput
from wallets.models import RailStatement, StatementLine


class StatementInput(OnceInput):
    """A statement's file, as text."""

    content = serializers.CharField(max_length=1_000_000, trim_whitespace=False)


class RailStatementOutput(serializers.ModelSerializer[RailStatement]):
    """What a rail says of an account, from one moment to another, which is no longer in it."""

    rail_account = serializers.CharField(source="account.name", read_only=True)
    asset = serializers.CharField(source="asset.code", read_only=True)
    opening = AmountOutput()
    closing = AmountOutput()

    class Meta:
        model = RailStatement
        fields = (
            "id", "rail_account", "asset", "begins_at", "ends_at", "opening", "closing", "count", "sha256",
            "imported_by", "imported_at",
        )  # fmt: skip
        read_only_fields = fields


class RailStatementLineOutput(serializers.ModelSerializer[StatementLine]):
    """A line: above zero is what came in. ``number`` is the line's in its file."""

    amount = AmountOutput()
    balance = AmountOutput()

    class Meta:
        model = StatementLine
        fields = ("id", "number", "at", "type", "reference", "ours", "amount", "balance", "description")
        read_only_fields = fields


class LineVerdictOutput(serializers.Serializer[Any]):
    """What became of a line of the file: accepted, or a duplicate of one that is there just so."""

    line = serializers.IntegerField(read_only=True)
    reference = serializers.CharField(read_only=True)
    verdict = serializers.CharField(read_only=True)


class ImportedOutput(serializers.Serializer[Any]):
    """What became of a file."""

    statement = RailStatementOutput(read_only=True)
    is_replay = serializers.BooleanField(read_only=True)
    verdicts = LineVerdictOutput(many=True, read_only=True)
