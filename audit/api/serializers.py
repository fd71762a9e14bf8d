"""What the API takes and shows of audit."""

from typing import Any

from rest_framework import serializers

from audit.models import CheckResult, Entry, Finding, ReconciliationRun


class EntryOutput(serializers.ModelSerializer[Entry]):
    """A line of the journal."""

    class Meta:
        model = Entry
        fields = ("id", "at", "action", "actor_type", "actor_id", "program_id", "subject_type", "subject_id", "payload",
                  "correlation_id")  # fmt: skip
        read_only_fields = fields


class CheckResultOutput(serializers.ModelSerializer[CheckResult]):
    """What one check came to."""

    class Meta:
        model = CheckResult
        fields = ("name", "state", "examined", "found", "error", "milliseconds")
        read_only_fields = fields


class RunOutput(serializers.ModelSerializer[ReconciliationRun]):
    """A reconciliation run with a line for each check."""

    results = CheckResultOutput(many=True, read_only=True)

    class Meta:
        model = ReconciliationRun
        fields = ("id", "program_id", "state", "started_at", "finished_at", "asked_by", "correlation_id", "results")
        read_only_fields = fields


class FindingOutput(serializers.ModelSerializer[Finding]):
    """Something that does not agree, with both sides."""

    class Meta:
        model = Finding
        fields = ("id", "check_name", "program_id", "title", "ours", "theirs", "state", "assignee_id", "note",
                  "first_seen_at", "last_seen_at", "times_seen", "last_run")  # fmt: skip
        read_only_fields = fields


class ReconcileInput(serializers.Serializer[Any]):
    """What to ask: everything, when both are left out."""

    program_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    checks = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, allow_null=True, default=None, max_length=100
    )


class NoteInput(serializers.Serializer[Any]):
    """The words that the next reader needs."""

    note = serializers.CharField(max_length=1000)


class AssignInput(serializers.Serializer[Any]):
    """Who looks into it: the caller, when it is left out."""

    assignee_id = serializers.UUIDField(required=False)
