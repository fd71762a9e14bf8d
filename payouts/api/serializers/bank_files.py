"""What the API takes and shows of files to banks and from them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ledger.interchange.verdicts import Judgement
from payouts.models import BankFile
from wallets.api.serializers import AmountOutput, OnceInput

Plain = serializers.Serializer[Any]


class BankFileOutput(serializers.ModelSerializer[BankFile]):
    """A file that tells a bank what to pay. What stands in it, a GET of the same address gives out."""

    account = serializers.CharField(source="rail_account.name", read_only=True)
    total = AmountOutput()

    class Meta:
        model = BankFile
        fields = ("id", "batch_id", "account", "number", "name", "sha256", "count", "total", "written_at")
        read_only_fields = fields


class FileQuery(Plain):
    """Which file of a batch."""

    number = serializers.IntegerField(
        required=False, default=None, allow_null=True, min_value=1, max_value=32_767, help_text="None: the last."
    )


class WriteFileInput(OnceInput):
    """The account that it is for; it need not be named where the batch pays by file from one alone."""

    account = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)


class ResultFileInput(OnceInput):
    """What the bank gave back."""

    file = serializers.FileField(help_text="CSV in UTF-8, as the bank wrote it.")


class LineOutput(Plain):
    """What became of a line."""

    line = serializers.IntegerField()
    reference = serializers.CharField()
    verdict = serializers.ChoiceField(choices=[each.value for each in Judgement])
    message = serializers.CharField()


class ReadingOutput(Plain):
    """What became of a file from a bank, line by line."""

    of = BankFileOutput()
    is_new = serializers.BooleanField(help_text="Whether it was read for the first time.")
    sha256 = serializers.CharField(source="file.sha256")
    counts = serializers.SerializerMethodField()
    lines = LineOutput(source="verdicts", many=True)

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_counts(self, reading: Any) -> Any:
        return {each.value: sum(one.verdict is each for one in reading.verdicts) for each in Judgement}
