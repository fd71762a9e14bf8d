"""Reconciliation: what was asked when, and what did not agree. Findings are a queue of work and never dropped."""

from typing import ClassVar

from django.db import models
from uuid_utils.compat import uuid7

from audit.access import narrowed
from audit.states import FindingState, RunState


class RunQuerySet(models.QuerySet["ReconciliationRun"]):
    """Runs."""

    def for_user(self, user: object) -> "RunQuerySet":
        """Only what ``user`` may see; nothing while nobody has said what that is."""
        return narrowed(self, user, "reconciliation.read")

    def locked(self) -> "RunQuerySet":
        """Take the run's lock: it ends once."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class FindingQuerySet(models.QuerySet["Finding"]):
    """Findings."""

    def for_user(self, user: object) -> "FindingQuerySet":
        """Only what ``user`` may see; nothing while nobody has said what that is."""
        return narrowed(self, user, "reconciliation.read")

    def locked(self) -> "FindingQuerySet":
        """Take the finding's lock."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")

    def unsettled(self) -> "FindingQuerySet":
        """Those that somebody has yet to explain or resolve."""
        return self.filter(state__in=(FindingState.OPEN, FindingState.ASSIGNED))


class ReconciliationRun(models.Model):
    """One evening's questions, and how they ended."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program_id = models.UUIDField(null=True)  # null: every program
    state = models.CharField(max_length=10, choices=RunState, default=RunState.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=250)
    correlation_id = models.CharField(max_length=64)

    objects: ClassVar = RunQuerySet.as_manager()

    class Meta:
        verbose_name = "reconciliation run"
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(name="audit_run_state_is_known", condition=models.Q(state__in=RunState.values)),
            models.CheckConstraint(
                name="audit_run_ends_once", condition=models.Q(state="RUNNING") | models.Q(finished_at__isnull=False)
            ),
            # One run of a program at a time, whoever starts it.
            models.UniqueConstraint(
                name="audit_run_one_at_a_time",
                fields=("program_id",),
                condition=models.Q(state="RUNNING"),
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_state_display()}, {self.started_at:%d %b %Y %H:%M}"


class CheckResult(models.Model):
    """What one check looked at in one run, and what came of it."""

    run = models.ForeignKey("audit.ReconciliationRun", on_delete=models.PROTECT, related_name="results")
    name = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=RunState)
    examined = models.BigIntegerField()
    found = models.IntegerField()
    error = models.TextField(blank=True)
    milliseconds = models.IntegerField()

    is_final: ClassVar = True

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(name="audit_checkresult_once", fields=("run", "name")),)

    def __str__(self) -> str:
        return f"{self.name}: {self.get_state_display()}"


class Finding(models.Model):
    """Something that does not agree, from the night it first showed to the day somebody explained or mended it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    check_name = models.CharField(max_length=100)
    # SHA-256 of check, key and program: the same discrepancy is one finding, however often it shows.
    fingerprint = models.CharField(max_length=64, unique=True)
    program_id = models.UUIDField(null=True)
    title = models.CharField(max_length=300)
    ours = models.JSONField(default=dict)
    theirs = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=FindingState, default=FindingState.OPEN)
    assignee_id = models.UUIDField(null=True)
    note = models.CharField(max_length=1000, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    times_seen = models.PositiveIntegerField(default=1)
    last_run = models.ForeignKey("audit.ReconciliationRun", on_delete=models.PROTECT, related_name="findings")

    objects: ClassVar = FindingQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                name="audit_finding_state_is_known", condition=models.Q(state__in=FindingState.values)
            ),
            models.CheckConstraint(
                name="audit_finding_settled_with_a_note",
                condition=models.Q(state__in=("OPEN", "ASSIGNED")) | ~models.Q(note=""),
            ),
        )
        indexes = (
            # The queue of work, oldest first.
            models.Index(
                name="audit_finding_queue", fields=("id",), condition=models.Q(state__in=("OPEN", "ASSIGNED"))
            ),
        )

    def __str__(self) -> str:
        return self.title
