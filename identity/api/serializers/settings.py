"""What the API takes and shows of settings."""

from rest_framework import serializers

from identity.api.serializers import Plain
from identity.queries.settings import Standing


class SettingOutput(Plain):
    """A setting as it stands in a program."""

    key = serializers.CharField(source="spec.key")
    type = serializers.CharField(source="spec.type.code")
    purpose = serializers.CharField(source="spec.purpose")
    bounds = serializers.SerializerMethodField(help_text="What may stand here, in words.")
    unit = serializers.CharField(source="spec.type.unit")
    default = serializers.JSONField(source="spec.default", allow_null=True)
    value = serializers.JSONField(
        source="stored",
        allow_null=True,
        help_text="As set, or the default. Null for a secret, and for what is unreadable.",
    )
    is_set = serializers.BooleanField(help_text="False while the default holds.")
    is_secret = serializers.BooleanField(source="spec.is_secret")
    fingerprint = serializers.SerializerMethodField(help_text="Of a secret: the same for the same secret here.")
    needs_proposal = serializers.BooleanField(
        source="spec.needs_two", help_text="True: changed by a proposal of kind `identity.change_setting` only."
    )
    problem = serializers.CharField(allow_null=True, help_text="Why it can't be read, if it can't.")
    version = serializers.IntegerField(help_text="Name it when you change it; 0 until somebody sets it.")
    changed_at = serializers.DateTimeField(source="row.changed_at", default=None, allow_null=True)
    changed_by = serializers.CharField(source="row.changed_by", default=None, allow_null=True)

    def get_bounds(self, stands: Standing) -> str:
        return stands.spec.type.bounds()

    def get_fingerprint(self, stands: Standing) -> str:
        return stands.row.fingerprint if stands.row else ""


class SettingChange(Plain):
    """Another value, on top of the version that was seen."""

    version = serializers.IntegerField(min_value=0, max_value=2_147_483_647)
    value = serializers.JSONField(
        allow_null=True, help_text="Decimals and lengths of time are text. Null brings the default back."
    )
    reason = serializers.CharField(max_length=500)


class SettingVersionOutput(Plain):
    """What a setting was."""

    version = serializers.IntegerField()
    type = serializers.CharField()
    value = serializers.JSONField(allow_null=True, help_text="Null: the default, or a secret, which has a fingerprint.")
    is_secret = serializers.BooleanField()
    fingerprint = serializers.CharField()
    changed_at = serializers.DateTimeField(source="history_date")
    changed_by = serializers.CharField(source="history_user_id")
    reason = serializers.CharField(source="history_change_reason")
