"""What was answered to a request that must happen once."""

from django.db import models
from uuid_utils.compat import uuid7


class IdempotencyRecord(models.Model):
    """The outcome under one key of one caller on one route. Only work that is going on has none yet.

    The row is inserted before the work and commits with it: a twin waits on the unique index and then reads the
    outcome, or does the work itself when the first one came to nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, null=True, related_name="+")
    caller = models.CharField(max_length=240)
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    # field -> SHA-256 of its value: enough to name what differs, and no secret or name is kept.
    fields = models.JSONField()
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="identity_idempotency_once", fields=("program", "caller", "route", "key"), nulls_distinct=False
            ),
            models.CheckConstraint(
                name="identity_idempotency_outcome_is_final",
                condition=models.Q(status=None) | models.Q(status__gte=200, status__lt=500),
            ),
        )

    def __str__(self) -> str:
        return f"{self.route}: {self.key}"
