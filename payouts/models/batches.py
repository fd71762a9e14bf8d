"""Batches, who had a hand in them, and the brake that stops all of them."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User
from payouts.states import BatchState, Role


class PayoutBatchQuerySet(models.QuerySet["PayoutBatch"]):
    """Batches."""

    def for_user(self, user: User) -> "PayoutBatchQuerySet":
        """Those of the programs whose payouts ``user`` may read."""
        return self.filter(program__in=Membership.objects.programs_where(user, "payout.read"))

    def locked(self, *, skip: bool = False) -> "PayoutBatchQuerySet":
        """Take their locks, or leave out those that somebody works on: before those of the payouts in them."""
        return self.select_for_update(no_key=True, of=("self",), skip_locked=skip).order_by("pk")


class PayoutBatch(models.Model):
    """What is paid together, of one asset, and approved as a whole.

    ``digest`` is of the payouts as they were submitted; it stands in the proposal that others vote on, and nothing is
    sent of what does not give the same digest again.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    number = models.BigIntegerField(unique=True)  # what people call it
    key = models.CharField(max_length=200)
    asset = models.ForeignKey("ledger.Asset", on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    # The rail accounts to pay from, by name; none means whichever there is.
    accounts = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    until = models.DateTimeField(null=True)  # what fell due before; none is everything
    state = models.CharField(max_length=20, choices=BatchState, default=BatchState.DRAFT)
    revision = models.PositiveIntegerField(default=0)  # how often it was submitted
    digest = models.CharField(max_length=64, blank=True)
    count = models.PositiveIntegerField(default=0)  # as submitted, with the next
    total = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    proposal = models.ForeignKey(
        "identity.Proposal", null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    expires_at = models.DateTimeField(null=True)  # until when what was approved can be sent
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey("identity.User", null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar = PayoutBatchQuerySet.as_manager()

    class Meta:
        verbose_name = "payout batch"
        verbose_name_plural = "payout batches"
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="payouts_batch_in_program", fields=("id", "program")),
            models.UniqueConstraint(name="payouts_batch_of_asset", fields=("id", "program", "asset")),
            models.UniqueConstraint(name="payouts_batch_key_once", fields=("program", "key")),
            models.CheckConstraint(name="payouts_batch_state_is_known", condition=Q(state__in=BatchState.values)),
            models.CheckConstraint(
                name="payouts_batch_submitted_with_digest",
                condition=Q(state__in=(BatchState.DRAFT, BatchState.CANCELLED))
                | Q(digest__regex=r"^[0-9a-f]{64}$", proposal__isnull=False, revision__gte=1, total__gt=0),
            ),
        )
        indexes = (models.Index(name="payouts_batch_listed", fields=("program", "state", "-id")),)

    def __str__(self) -> str:
        return f"Payout batch {self.number}"


class BatchMaker(models.Model):
    """Somebody who had a hand in a batch, and therefore has no vote on it."""

    id = models.BigAutoField(primary_key=True)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="makers", db_constraint=False)
    user = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=9, choices=Role)
    at = models.DateTimeField()

    is_final: ClassVar = True

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(name="payouts_maker_once", fields=("batch", "user", "role")),)

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class BrakeQuerySet(models.QuerySet["Brake"]):
    """Brakes."""

    def locked(self) -> "BrakeQuerySet":
        """Take their locks: before all others of payouts."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class Brake(models.Model):
    """Whether anything of a program may be sent. The house's own brake stops all programs.

    One person pulls it, two let go of it. Whoever sends shares its lock just before, so that once it is pulled nothing
    more is sent.
    """

    program = models.OneToOneField("identity.Program", primary_key=True, on_delete=models.PROTECT, related_name="+")
    is_on = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)
    changed_at = models.DateTimeField()

    objects: ClassVar = BrakeQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="payouts_brake_pulled_for_a_reason", condition=Q(is_on=False) | ~Q(reason="")
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return "stopped" if self.is_on else "running"
