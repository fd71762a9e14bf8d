"""What affiliates earn, and why.

A row never changes what it is about: a refund adds a claw-back, and what is paid stays paid. What an affiliate has
earned and is not paid is the sum of their rows that are neither paid nor voided, and that is what the ledger says of
their two accounts.
"""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from affiliates.states import UNPAID, CommissionState, CommissionType
from identity.models import Membership, User

_EARNED = (CommissionType.DIRECT, CommissionType.OVERRIDE)


class Purse(models.Model):
    """An affiliate's accounts of one asset in the books: what is earned, and what is in an approved payout."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    affiliate = models.ForeignKey(
        "affiliates.Affiliate", on_delete=models.PROTECT, related_name="purses", db_constraint=False
    )
    asset = models.ForeignKey("ledger.Asset", on_delete=models.PROTECT, related_name="+")
    liability = models.OneToOneField("ledger.Account", on_delete=models.PROTECT, related_name="+", db_constraint=False)
    reserved = models.OneToOneField("ledger.Account", on_delete=models.PROTECT, related_name="+", db_constraint=False)

    is_final: ClassVar = True

    class Meta:
        ordering = ("asset",)
        constraints = (
            models.UniqueConstraint(name="affiliates_purse_once", fields=("affiliate", "asset")),
            # What is earned points here: without accounts there is nowhere to book it.
            models.UniqueConstraint(name="affiliates_purse_in_program", fields=("affiliate", "asset", "program")),
        )

    def __str__(self) -> str:
        return f"affiliate:{self.affiliate_id}"


class CommissionQuerySet(models.QuerySet["Commission"]):
    """Commissions."""

    def for_user(self, user: User) -> "CommissionQuerySet":
        """Those of the programs whose commissions ``user`` may read, and their own."""
        everywhere = Membership.objects.programs_where(user, "commission.read")
        own = Membership.objects.programs_with_own(user, "commission.read")
        return self.filter(Q(program__in=everywhere) | Q(affiliate__user=user, program__in=own))

    def locked(self, *, skip: bool = False) -> "CommissionQuerySet":
        """Take their locks, or leave out those that somebody works on."""
        return self.select_for_update(no_key=True, of=("self",), skip_locked=skip).order_by("pk")

    def unpaid(self) -> "CommissionQuerySet":
        """Those that stand in the ledger as earned and not paid."""
        return self.filter(state__in=UNPAID)


class Commission(models.Model):
    """A row of what an affiliate earned, or of what was put right. Claw-backs are below zero."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey(
        "identity.Program", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    affiliate = models.ForeignKey(
        "affiliates.Affiliate",
        on_delete=models.PROTECT,
        related_name="commissions",
        db_constraint=False,
        db_index=False,
    )
    asset = models.ForeignKey(
        "ledger.Asset", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    type = models.CharField(max_length=13, choices=CommissionType)
    state = models.CharField(max_length=7, choices=CommissionState, default=CommissionState.ACCRUED)
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    settlement = models.ForeignKey(
        "affiliates.Settlement", on_delete=models.PROTECT, null=True, related_name="commissions", db_constraint=False
    )
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="corrections", db_constraint=False, db_index=False
    )
    reversal = models.ForeignKey(
        "affiliates.Reversal",
        on_delete=models.PROTECT,
        null=True,
        related_name="commissions",
        db_constraint=False,
        db_index=False,
    )
    # How the amount came about: the base, the rate that held, and what that is before it was rounded half-even.
    base = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    rate = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    exact = models.DecimalField(max_digits=44, decimal_places=24, null=True)
    rate_from = models.CharField(max_length=120, blank=True)  # whose rate it was, and what was cut off
    accrued_at = models.DateTimeField()
    payable_at = models.DateTimeField()  # when its hold period is over
    held_reason = models.CharField(max_length=500, blank=True)
    freed_by = models.CharField(
        max_length=250, blank=True, default="", db_default=""
    )  # who let it go on: they have no vote on paying it
    reason = models.CharField(max_length=500, blank=True)  # of what was put right or voided
    ledger_transaction = models.ForeignKey(
        "ledger.Transaction", on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    paid_at = models.DateTimeField(null=True)

    objects: ClassVar = CommissionQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="affiliates_commission_in_program", fields=("id", "program")),
            # One family of each settlement.
            models.UniqueConstraint(
                name="affiliates_commission_earned_once",
                fields=("settlement", "type"),
                condition=Q(type__in=_EARNED),
            ),
            models.UniqueConstraint(
                name="affiliates_commission_corrected_once",
                fields=("reversal", "corrects"),
                condition=Q(reversal__isnull=False),
            ),
            models.CheckConstraint(
                name="affiliates_commission_type_is_known", condition=Q(type__in=CommissionType.values)
            ),
            models.CheckConstraint(
                name="affiliates_commission_state_is_known", condition=Q(state__in=CommissionState.values)
            ),
            models.CheckConstraint(
                name="affiliates_commission_says_how_it_came_about",
                condition=~Q(type__in=_EARNED)
                | Q(
                    amount__gte=0, settlement__isnull=False, base__gt=0, rate__gte=0, exact__isnull=False,
                    corrects=None, reversal=None,
                ),
            ),
            models.CheckConstraint(
                name="affiliates_commission_corrects_in_its_direction",
                condition=~Q(type__in=(CommissionType.CLAWBACK, CommissionType.REINSTATEMENT))
                | Q(type=CommissionType.CLAWBACK, amount__lt=0, corrects__isnull=False)
                | Q(type=CommissionType.REINSTATEMENT, amount__gt=0),
            ),
            # What was put right can be paid at once; only what is earned waits.
            models.CheckConstraint(
                name="affiliates_commission_corrections_are_born_due",
                condition=Q(type__in=_EARNED) | ~Q(state=CommissionState.ACCRUED),
            ),
            models.CheckConstraint(
                name="affiliates_commission_held_for_a_reason",
                condition=~Q(state=CommissionState.HELD) | ~Q(held_reason=""),
            ),
            models.CheckConstraint(
                name="affiliates_commission_paid_at_a_time",
                condition=Q(state=CommissionState.PAID, paid_at__isnull=False)
                | (~Q(state=CommissionState.PAID) & Q(paid_at=None)),
            ),
        )  # fmt: skip
        indexes = (
            models.Index(name="affiliates_commission_of", fields=("affiliate", "asset", "-id")),
            models.Index(name="affiliates_commission_listed", fields=("program", "state", "-id")),
            models.Index(
                name="affiliates_commission_maturing",
                fields=("payable_at",),
                condition=Q(state=CommissionState.ACCRUED),
            ),
            # Rows come in the order of this time, so a few bytes for each hundred pages find a month.
            BrinIndex(name="affiliates_commission_reported", fields=("accrued_at",)),
            models.Index(
                name="affiliates_commission_paid", fields=("program", "paid_at"), condition=Q(paid_at__isnull=False)
            ),
            # What somebody let go on that is in a payout now: they have no vote on it.
            models.Index(
                name="affiliates_commission_freed",
                fields=("program",),
                condition=Q(state=CommissionState.BATCHED) & ~Q(freed_by=""),
            ),
            # What was put right, and by which reversal: most rows were not.
            models.Index(
                name="affiliates_commission_corrects", fields=("corrects",), condition=Q(corrects__isnull=False)
            ),
            models.Index(
                name="affiliates_commission_reversed", fields=("reversal",), condition=Q(reversal__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.amount.normalize():f}"


class Tally(models.Model):
    """How many of what an affiliate has, and of how much: triggers add a row for each change, a task adds rows up.

    Nobody waits for a counter that everybody touches, and the sum of the rows is right at every moment.
    """

    id = models.BigAutoField(primary_key=True)
    program = models.ForeignKey(
        "identity.Program", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    affiliate = models.ForeignKey(
        "affiliates.Affiliate", on_delete=models.PROTECT, related_name="tallies", db_constraint=False, db_index=False
    )
    asset = models.ForeignKey("ledger.Asset", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    what = models.CharField(max_length=24)  # CLICK, MEMBER, SETTLED, DOWNLINE, or TYPE of a commission and its STATE
    count = models.BigIntegerField()
    amount = models.DecimalField(max_digits=38, decimal_places=18)

    class Meta:
        verbose_name_plural = "tallies"
        indexes = (models.Index(name="affiliates_tally_of", fields=("affiliate", "asset", "what")),)

    def __str__(self) -> str:
        return f"{self.what} {self.count}"
