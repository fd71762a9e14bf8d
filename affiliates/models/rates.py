"""What a tier, or one affiliate, earns instead of what the program's terms say.

Rows are only added, each begins after the moment it is written, and of those that have begun by a moment the one
written last holds: what was worked out can't come to have had another rate (migrations/*_guards.py).
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User


class TierQuerySet(models.QuerySet["Tier"]):
    """Tiers."""

    def for_user(self, user: User) -> "TierQuerySet":
        """Those of the programs whose affiliates ``user`` may read."""
        return self.filter(program__in=Membership.objects.programs_where(user, "affiliate.read"))


class Tier(models.Model):
    """A step that affiliates of a program can stand on."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    created_at = models.DateTimeField()

    objects: ClassVar = TierQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(name="affiliates_tier_in_program", fields=("id", "program")),
            models.UniqueConstraint("program", models.functions.Lower("name"), name="affiliates_tier_name_once"),
            models.CheckConstraint(name="affiliates_tier_is_named", condition=~Q(name="")),
        )

    def __str__(self) -> str:
        return self.name


class RateQuerySet(models.QuerySet["Rate"]):
    """Rates."""

    def for_user(self, user: User) -> "RateQuerySet":
        """Those of the programs whose affiliates ``user`` may read."""
        return self.filter(program__in=Membership.objects.programs_where(user, "affiliate.read"))


class Rate(models.Model):
    """What a tier or an affiliate earns from a moment on; without rates, what it would earn without the row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, null=True, related_name="rates", db_constraint=False)
    affiliate = models.ForeignKey(
        "affiliates.Affiliate", on_delete=models.PROTECT, null=True, related_name="rates", db_constraint=False
    )
    # The order in which those of the same tier or affiliate were written.
    number = models.PositiveIntegerField()
    valid_from = models.DateTimeField()
    # Fractions of what was settled: 0.125 is 12.5 %.
    direct_rate = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    override_rate = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=250)
    reason = models.CharField(max_length=500)

    objects: ClassVar = RateQuerySet.as_manager()
    is_final: ClassVar = True

    class Meta:
        ordering = ("-recorded_at", "-number")
        constraints = (
            models.UniqueConstraint(
                name="affiliates_rate_of_tier_once", fields=("tier", "number"), condition=Q(tier__isnull=False)
            ),
            models.UniqueConstraint(
                name="affiliates_rate_of_affiliate_once",
                fields=("affiliate", "number"),
                condition=Q(affiliate__isnull=False),
            ),
            models.CheckConstraint(
                name="affiliates_rate_is_of_one",
                condition=Q(tier=None, affiliate__isnull=False) | Q(tier__isnull=False, affiliate=None),
            ),
            models.CheckConstraint(
                name="affiliates_rate_says_both_or_neither",
                condition=Q(direct_rate=None, override_rate=None)
                | Q(direct_rate__gte=0, override_rate__gte=0, direct_rate__lte=1 - models.F("override_rate")),
            ),
        )

    def __str__(self) -> str:
        said = "as without it" if self.direct_rate is None else f"{self.direct_rate:f} and {self.override_rate:f}"
        return f"{said} from {self.valid_from:%Y-%m-%d}"
