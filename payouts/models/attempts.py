"""Tries to send something, and the desks that they are sent from."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User
from payouts.models.payouts import Part, Payout
from payouts.states import IN_FLIGHT, AttemptState, Trouble


class DeskQuerySet(models.QuerySet["Desk"]):
    """Desks."""

    def locked(self) -> "DeskQuerySet":
        """Take their locks: behind the brakes', before the payouts'."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class Desk(models.Model):
    """The one place from which a rail account sends: whoever has leased it, and nobody beside."""

    rail_account = models.OneToOneField(
        "wallets.RailAccount", primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    leased_by = models.CharField(max_length=120, blank=True)
    leased_until = models.DateTimeField(null=True)
    # The number of what is written next, at rails that count: a chain's nonce.
    next_number = models.BigIntegerField(null=True)
    # Why nothing is sent from here at the moment, and since when.
    waits_for = models.CharField(max_length=500, blank=True)
    waits_since = models.DateTimeField(null=True)

    objects: ClassVar = DeskQuerySet.as_manager()

    def __str__(self) -> str:
        return f"desk of {self.rail_account_id}"


class AttemptQuerySet(models.QuerySet["Attempt"]):
    """Tries."""

    def for_user(self, user: User) -> "AttemptQuerySet":
        """Those of the programs whose payouts ``user`` may read."""
        return self.filter(program__in=Membership.objects.programs_where(user, "payout.read"))

    def locked(self, *, skip: bool = False) -> "AttemptQuerySet":
        """Take their locks, or leave out those that somebody works on: behind the payouts'."""
        return self.select_for_update(no_key=True, of=("self",), skip_locked=skip).order_by("pk")

    def in_flight(self) -> "AttemptQuerySet":
        """Those of which the rail may have the money."""
        return self.filter(state__in=IN_FLIGHT)

    def to_ask_about(self, at: datetime) -> "AttemptQuerySet":
        """Those whose rail is to be asked now."""
        return self.filter(ask_at__lte=at).order_by("ask_at")


class Attempt(models.Model):
    """A try to send a part through a rail. It is stored, and booked as in flight, before the rail hears of it.

    ``wire`` is all that it needs to be sent, or sent again as it was. ``called_at`` is set just before the call:
    without it the rail has heard nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+", db_index=False)
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="attempts", db_constraint=False)
    part = models.ForeignKey(
        Part, on_delete=models.PROTECT, related_name="attempts", db_constraint=False, db_index=False
    )
    number = models.PositiveSmallIntegerField()
    rail_account = models.ForeignKey(
        "wallets.RailAccount", on_delete=models.PROTECT, related_name="attempts", db_constraint=False, db_index=False
    )
    reference = models.CharField(max_length=20)
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    state = models.CharField(max_length=9, choices=AttemptState, default=AttemptState.STORED)
    wire = models.JSONField(default=dict)
    rail_reference = models.CharField(max_length=120, blank=True)
    receipt = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    evidence = models.JSONField(default=dict)
    # What somebody has to look into though it is settled: reconciliation makes findings of it.
    trouble = models.CharField(max_length=20, choices=Trouble, blank=True)
    stored_at = models.DateTimeField()
    called_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    ask_at = models.DateTimeField(null=True)
    asked = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar = AttemptQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="payouts_attempt_in_program", fields=("id", "program")),
            models.UniqueConstraint(name="payouts_attempt_number_once", fields=("part", "number")),
            models.UniqueConstraint(name="payouts_attempt_reference_once", fields=("rail_account", "reference")),
            # Never two at once that may both be paid.
            models.UniqueConstraint(
                name="payouts_attempt_in_flight_once", fields=("part",), condition=Q(state__in=IN_FLIGHT)
            ),
            # A receipt shows one payment.
            models.UniqueConstraint(
                name="payouts_attempt_receipt_once", fields=("rail_account", "receipt"), condition=~Q(receipt="")
            ),
            models.CheckConstraint(
                name="payouts_attempt_state_is_known", condition=Q(state__in=AttemptState.values)
            ),
            models.CheckConstraint(name="payouts_attempt_is_something", condition=Q(amount__gt=0, number__gte=1)),
            models.CheckConstraint(
                name="payouts_attempt_confirmed_by_a_receipt",
                condition=~Q(state=AttemptState.CONFIRMED) | (~Q(receipt="") & Q(settled_at__isnull=False)),
            ),
        )  # fmt: skip
        indexes = (
            models.Index(name="payouts_attempt_troubled", fields=("program", "id"), condition=~Q(trouble="")),
            models.Index(name="payouts_attempt_to_ask", fields=("ask_at",), condition=Q(ask_at__isnull=False)),
            # What is found when a dispatcher begins: stored, and perhaps sent by one that died.
            models.Index(
                name="payouts_attempt_open", fields=("rail_account", "id"), condition=Q(state__in=IN_FLIGHT)
            ),
            models.Index(
                name="payouts_attempt_rail_reference",
                fields=("rail_account", "rail_reference"),
                condition=~Q(rail_reference=""),
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.reference
