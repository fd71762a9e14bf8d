"""What the API shows of identity."""

from rest_framework import serializers

from identity.models import Program


class ProgramOutput(serializers.ModelSerializer[Program]):
    """A program."""

    class Meta:
        model = Program
        fields = ("id", "name", "slug", "status", "time_zone", "default_asset_code", "created_at")
        read_only_fields = fields
