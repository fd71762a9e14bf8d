"""What is told to whom, and how far the journal has been read."""

from typing import ClassVar
from uuid import UUID

from django.db import models
from uuid_utils.compat import uuid7

from identity.models import Membership, User
from notifications.states import DeliveryState


class TailPosition(models.Model):
    """How far a reader has come in the journal, in the count of transactions of one database."""

    reader = models.CharField(max_length=40, primary_key=True)
    system_identifier = models.CharField(max_length=40)
    transaction_id = models.BigIntegerField()
    entry_id = models.UUIDField()
    moved_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.reader} at {self.transaction_id}"

    @property
    def position(self) -> tuple[int, UUID]:
        """What the journal's reader goes on from."""
        return self.transaction_id, self.entry_id


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries."""

    def for_user(self, user: User) -> "DeliveryQuerySet":
        """Those of the programs in which ``user`` may read them."""
        return self.filter(program__in=Membership.objects.programs_where(user, "notification.read"))

    def locked(self) -> "DeliveryQuerySet":
        """Take the delivery's lock: it is sent, given up or tried again by one at a time."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class Delivery(models.Model):
    """One message to one person."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # What makes it the same message: planned a second time, it is there already.
    key = models.CharField(max_length=300, unique=True)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="deliveries")
    message = models.CharField(max_length=60)
    heading = models.CharField(max_length=200)
    subject_type = models.CharField(max_length=100)
    subject_id = models.CharField(max_length=200)
    entry_id = models.UUIDField()  # the line of the journal it tells of
    state = models.CharField(max_length=7, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                name="notifications_delivery_state_is_known", condition=models.Q(state__in=DeliveryState.values)
            ),
            models.CheckConstraint(
                name="notifications_delivery_sent_has_its_time",
                condition=~models.Q(state=DeliveryState.SENT) | models.Q(sent_at__isnull=False),
            ),
        )
        indexes = (
            models.Index(
                name="notifications_delivery_due", fields=("due_at",), condition=models.Q(state=DeliveryState.WAITING)
            ),
            models.Index(name="notifications_delivery_subject", fields=("subject_type", "subject_id")),
        )

    def __str__(self) -> str:
        return self.heading
