"""Commission rates of a program, dated: what was decided stays, and the past has what it had.

Rows are only added, and each begins after the moment it is written, so no commission that was worked out can come to
have had another rate. Of the rows that have begun by a moment the one written last holds: a plan is replaced by writing
another that begins no later. The rules are triggers (migrations/*_terms.py).
"""

from datetime import datetime
from typing import ClassVar

from django.db import models
from uuid_utils.compat import uuid7


class ProgramTermsQuerySet(models.QuerySet["ProgramTerms"]):
    """Terms."""

    def in_force(self, *, at: datetime) -> "ProgramTermsQuerySet":
        """Those that hold at a moment come first."""
        return self.filter(valid_from__lte=at).order_by("-number")


class ProgramTerms(models.Model):
    """What a program pays for what its affiliates bring, from a moment on."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="terms")
    # The order in which they were written.
    number = models.PositiveIntegerField()
    valid_from = models.DateTimeField()
    # Fractions of the base: 0.125 is 12.5 %.
    base_commission_rate = models.DecimalField(max_digits=9, decimal_places=6)
    override_commission_rate = models.DecimalField(max_digits=9, decimal_places=6)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=250)
    reason = models.CharField(max_length=500)

    objects: ClassVar = ProgramTermsQuerySet.as_manager()
    is_final: ClassVar = True

    class Meta:
        verbose_name = verbose_name_plural = "program terms"
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(name="identity_terms_once", fields=("program", "number")),
            models.CheckConstraint(
                name="identity_terms_rates_are_fractions",
                condition=models.Q(base_commission_rate__gte=0, override_commission_rate__gte=0),
            ),
            # More than everything can't be given away.
            models.CheckConstraint(
                name="identity_terms_rates_are_at_most_the_base",
                condition=models.Q(base_commission_rate__lte=1 - models.F("override_commission_rate")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.base_commission_rate:f} and {self.override_commission_rate:f} from {self.valid_from:%Y-%m-%d}"
