"""What is set aside in a wallet until somebody takes it or lets it go."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User
from ledger.states import HoldState


class HoldQuerySet(models.QuerySet["Hold"]):
    """Holds."""

    def for_user(self, user: User) -> "HoldQuerySet":
        """Those of the programs whose books ``user`` may read."""
        return self.filter(program_id__in=Membership.objects.programs_where(user, "ledger.read"))

    def locked(self) -> "HoldQuerySet":
        """Take the hold's lock: captures and releases come one after the other."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class Hold(models.Model):
    """An amount in a wallet's reserved account: captured in parts, or released; never more than was held."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program_id = models.UUIDField()
    key = models.CharField(max_length=255)
    wallet = models.ForeignKey("ledger.Account", on_delete=models.PROTECT, related_name="holds")
    reserved = models.ForeignKey("ledger.Account", on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    captured = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    released = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    state = models.CharField(max_length=8, choices=HoldState, default=HoldState.OPEN)
    expires_at = models.DateTimeField(null=True)  # null: it waits for something that is under way
    held_at = models.DateTimeField()

    objects: ClassVar = HoldQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(name="ledger_hold_key_once", fields=("program_id", "key")),
            # What points to a hold names its program too.
            models.UniqueConstraint(name="ledger_hold_in_program", fields=("id", "program_id")),
            models.CheckConstraint(name="ledger_hold_state_is_known", condition=Q(state__in=HoldState.values)),
            models.CheckConstraint(
                name="ledger_hold_never_gives_more_than_it_holds",
                condition=Q(amount__gt=0, captured__gte=0, released__gte=0, amount__gte=F("captured") + F("released")),
            ),
            models.CheckConstraint(
                name="ledger_hold_ends_with_nothing_left",
                condition=Q(state=HoldState.OPEN) | Q(amount=F("captured") + F("released")),
            ),
        )
        indexes = (
            models.Index(
                name="ledger_hold_expiring",
                fields=("expires_at",),
                condition=Q(state=HoldState.OPEN, expires_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_state_display()} hold {self.key}"

    @property
    def left(self) -> Decimal:
        """How much is still held."""
        return self.amount - self.captured - self.released
