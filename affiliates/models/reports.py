"""Reports of what an affiliate earned in a period, and what was adjusted."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from affiliates.states import AdjustmentState, ReportState
from identity.models import Membership, User


class CommissionReportQuerySet(models.QuerySet["CommissionReport"]):
    """Reports."""

    def for_user(self, user: User) -> "CommissionReportQuerySet":
        """Those of the programs whose commissions ``user`` may read, and their own that are final."""
        everywhere = Membership.objects.programs_where(user, "commission.read")
        own = Membership.objects.programs_with_own(user, "commission.read")
        theirs = Q(affiliate__user=user, program__in=own) & ~Q(state=ReportState.DRAFT)
        return self.filter(Q(program__in=everywhere) | theirs)

    def locked(self) -> "CommissionReportQuerySet":
        """Take their locks."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class CommissionReport(models.Model):
    """What an affiliate earned in one asset in a period. It selects rows and books nothing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+", db_index=False)
    affiliate = models.ForeignKey(
        "affiliates.Affiliate", on_delete=models.PROTECT, related_name="reports", db_constraint=False, db_index=False
    )
    asset = models.ForeignKey("ledger.Asset", on_delete=models.PROTECT, related_name="+", db_index=False)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()  # the first moment after it
    state = models.CharField(max_length=9, choices=ReportState, default=ReportState.DRAFT)
    lines_count = models.PositiveIntegerField(default=0)
    # What came of the rows by type, as it was when it was made final.
    earned = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    clawed_back = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    adjusted = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    total = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    digest = models.CharField(max_length=64, blank=True)  # of its lines, once it is final
    created_at = models.DateTimeField()
    finalized_at = models.DateTimeField(null=True)
    finalized_by = models.CharField(max_length=250, blank=True)
    paid_at = models.DateTimeField(null=True)

    objects: ClassVar = CommissionReportQuerySet.as_manager()

    class Meta:
        ordering = ("-period_end", "-id")
        constraints = (
            models.UniqueConstraint(name="affiliates_report_in_program", fields=("id", "program")),
            models.UniqueConstraint(
                name="affiliates_report_once", fields=("affiliate", "asset", "period_start", "period_end")
            ),
            models.CheckConstraint(
                name="affiliates_report_has_a_period", condition=Q(period_end__gt=models.F("period_start"))
            ),
            models.CheckConstraint(name="affiliates_report_state_is_known", condition=Q(state__in=ReportState.values)),
            models.CheckConstraint(
                name="affiliates_report_final_has_a_digest",
                condition=Q(state=ReportState.DRAFT, digest="", finalized_at=None)
                | (~Q(state=ReportState.DRAFT) & ~Q(digest="") & Q(finalized_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="affiliates_report_adds_up",
                condition=Q(total=models.F("earned") + models.F("clawed_back") + models.F("adjusted")),
            ),
        )
        # None begins with the program: while the table is new, the check of a line would take such an index and
        # read all the program's reports for each line.
        indexes = (models.Index(name="affiliates_report_listed", fields=("-period_end", "-id")),)

    def __str__(self) -> str:
        return f"{self.affiliate_id}, {self.period_start:%Y-%m-%d} to {self.period_end:%Y-%m-%d}"


class ReportLine(models.Model):
    """A commission in a report; it stands in one."""

    id = models.BigAutoField(primary_key=True)
    program = models.ForeignKey(
        "identity.Program", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    report = models.ForeignKey(CommissionReport, on_delete=models.PROTECT, related_name="lines", db_constraint=False)
    commission = models.OneToOneField(
        "affiliates.Commission", on_delete=models.PROTECT, related_name="report_line", db_constraint=False
    )

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"line {self.pk}"


class AdjustmentQuerySet(models.QuerySet["Adjustment"]):
    """Adjustments."""

    def for_user(self, user: User) -> "AdjustmentQuerySet":
        """Those of the programs whose commissions ``user`` may read."""
        return self.filter(program__in=Membership.objects.programs_where(user, "commission.read"))

    def locked(self) -> "AdjustmentQuerySet":
        """Take their locks."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class Adjustment(models.Model):
    """An amount that somebody adds to what an affiliate earned, or takes from it, and why."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    affiliate = models.ForeignKey(
        "affiliates.Affiliate", on_delete=models.PROTECT, related_name="adjustments", db_constraint=False
    )
    asset = models.ForeignKey("ledger.Asset", on_delete=models.PROTECT, related_name="+")
    report = models.ForeignKey(
        CommissionReport, on_delete=models.PROTECT, null=True, related_name="adjustments", db_constraint=False
    )
    key = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=AdjustmentState, default=AdjustmentState.PROPOSED)
    proposal = models.UUIDField(null=True)  # what two people agree on, where one is not enough
    commission = models.OneToOneField(
        "affiliates.Commission", on_delete=models.PROTECT, null=True, related_name="adjustment", db_constraint=False
    )
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=250)
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar = AdjustmentQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="affiliates_adjustment_once", fields=("program", "key")),
            models.CheckConstraint(name="affiliates_adjustment_moves_something", condition=~Q(amount=0)),
            models.CheckConstraint(
                name="affiliates_adjustment_state_is_known", condition=Q(state__in=AdjustmentState.values)
            ),
            models.CheckConstraint(
                name="affiliates_adjustment_applied_is_a_row",
                condition=Q(state=AdjustmentState.APPLIED, commission__isnull=False)
                | (~Q(state=AdjustmentState.APPLIED) & Q(commission=None)),
            ),
        )
        indexes = (models.Index(name="affiliates_adjustment_queue", fields=("program", "state", "-id")),)

    def __str__(self) -> str:
        return f"{self.amount.normalize():f}"
