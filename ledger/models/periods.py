"""Up to when a program's books are closed, and what every account held then."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User
from ledger.states import PeriodState


class PeriodQuerySet(models.QuerySet["Period"]):
    """Periods."""

    def for_user(self, user: User) -> "PeriodQuerySet":
        """Those of the programs whose books ``user`` may read."""
        return self.filter(program__in=Membership.objects.programs_where(user, "ledger.read"))

    def locked(self) -> "PeriodQuerySet":
        """Take the period's lock."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")

    def standing(self) -> "PeriodQuerySet":
        """Those that close the books: closed, or about to be."""
        return self.filter(state__in=(PeriodState.CLOSING, PeriodState.CLOSED))


class Period(models.Model):
    """Nothing more books with an effective time before ``ends_at``."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=PeriodState, default=PeriodState.CLOSING)
    closed_at = models.DateTimeField()

    objects: ClassVar = PeriodQuerySet.as_manager()

    class Meta:
        ordering = ("-ends_at",)
        constraints = (
            models.CheckConstraint(name="ledger_period_state_is_known", condition=Q(state__in=PeriodState.values)),
            models.UniqueConstraint(
                name="ledger_period_once",
                fields=("program", "ends_at"),
                condition=Q(state__in=(PeriodState.CLOSING, PeriodState.CLOSED)),
            ),
        )

    def __str__(self) -> str:
        return f"up to {self.ends_at:%Y-%m-%d %H:%M}"


class PeriodBalance(models.Model):
    """What an account held, by value date, when a period ended. It can't change any more, and later sums begin here."""

    period = models.ForeignKey("ledger.Period", on_delete=models.PROTECT, related_name="balances")
    account = models.ForeignKey("ledger.Account", on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=38, decimal_places=18)

    is_final: ClassVar = True

    class Meta:
        constraints = (models.UniqueConstraint(name="ledger_periodbalance_once", fields=("period", "account")),)

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount}"
