"""The journal: one row per thing that happened, never changed and never removed."""

from typing import ClassVar

from django.db import models
from django.db.models.expressions import RawSQL
from uuid_utils.compat import uuid7

from audit import rules
from audit.access import narrowed


class EntryQuerySet(models.QuerySet["Entry"]):
    """Journal rows."""

    def for_user(self, user: object) -> "EntryQuerySet":
        """Only what ``user`` may read; nothing while nobody has said what that is."""
        return narrowed(self, user, "journal.read")

    def about(self, subject: models.Model) -> "EntryQuerySet":
        """Only what happened to ``subject``."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk))


class Entry(models.Model):
    """One thing that happened: who did what to which subject, when, and under which correlation id."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField()
    # The transaction that wrote the row, given by the database: readers that follow the journal stay below the
    # oldest one still running, because ids and times are not the order of commits.
    transaction_id = models.BigIntegerField(db_default=RawSQL("pg_current_xact_id()::text::bigint", []), editable=False)
    actor_type = models.CharField(max_length=40)
    actor_id = models.CharField(max_length=200)
    program_id = models.UUIDField(null=True)
    action = models.CharField(max_length=120)
    subject_type = models.CharField(max_length=100)
    subject_id = models.CharField(max_length=200)
    payload = models.JSONField(default=dict)
    correlation_id = models.CharField(max_length=64)

    objects: ClassVar = EntryQuerySet.as_manager()
    is_final: ClassVar = True

    class Meta:
        verbose_name = "journal entry"
        verbose_name_plural = "journal entries"
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                name="audit_entry_action_is_app_noun_past_tense",
                condition=models.Q(action__regex=r"^[a-z]+(\.[a-z0-9_]+){2}$"),
            ),
            models.CheckConstraint(
                name="audit_entry_actor_is_named",
                condition=~models.Q(actor_type="") & ~models.Q(actor_id=""),
            ),
        )
        indexes = (
            # An object's timeline; what one person did; everything one request caused; a program's journal.
            models.Index(name="audit_entry_subject", fields=("subject_type", "subject_id", "-id")),
            models.Index(name="audit_entry_actor", fields=("actor_type", "actor_id", "-id")),
            models.Index(name="audit_entry_correlation", fields=("correlation_id",)),
            models.Index(name="audit_entry_program", fields=("program_id", "-id")),
            # Whoever tails the journal reads it in this order.
            models.Index(name="audit_entry_tail", fields=("transaction_id", "id")),
        )

    def __str__(self) -> str:
        return f"{self.sentence} ({self.subject_id})"

    @property
    def sentence(self) -> str:
        """The action in words."""
        return rules.sentence(self.action, self.payload)
