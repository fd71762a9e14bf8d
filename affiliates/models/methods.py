"""Where affiliates can be paid."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from affiliates.states import MethodKind, MethodState
from identity.models import Membership, User


class PayoutMethodQuerySet(models.QuerySet["PayoutMethod"]):
    """Payout methods."""

    def for_user(self, user: User) -> "PayoutMethodQuerySet":
        """Those of the programs whose affiliates ``user`` may read, and their own."""
        everywhere = Membership.objects.programs_where(user, "affiliate.read")
        own = Membership.objects.programs_with_own(user, "affiliate.read")
        return self.filter(Q(program__in=everywhere) | Q(affiliate__user=user, program__in=own))

    def locked(self) -> "PayoutMethodQuerySet":
        """Take their locks."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")

    def live(self) -> "PayoutMethodQuerySet":
        """Those that were not retired."""
        return self.exclude(state=MethodState.RETIRED)


class PayoutMethod(models.Model):
    """A destination. It never changes: another destination is another method, which cools anew."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    affiliate = models.ForeignKey(
        "affiliates.Affiliate", on_delete=models.PROTECT, related_name="methods", db_constraint=False
    )
    kind = models.CharField(max_length=6, choices=MethodKind)
    destination = models.CharField(max_length=120)
    # Who it is there, where the rail asks: a bank's account has a holder.
    holder = models.CharField(max_length=120, blank=True)
    # The same in every program, so that one destination of two people is seen without being read.
    destination_digest = models.CharField(max_length=32)
    state = models.CharField(max_length=8, choices=MethodState, default=MethodState.ADDED)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=250)
    verified_at = models.DateTimeField(null=True)
    verified_by = models.CharField(max_length=250, blank=True)
    usable_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    objects: ClassVar = PayoutMethodQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="affiliates_method_in_program", fields=("id", "program")),
            models.UniqueConstraint(
                name="affiliates_method_once",
                fields=("affiliate", "kind", "destination_digest"),
                condition=~Q(state=MethodState.RETIRED),
            ),
            models.CheckConstraint(name="affiliates_method_kind_is_known", condition=Q(kind__in=MethodKind.values)),
            models.CheckConstraint(name="affiliates_method_state_is_known", condition=Q(state__in=MethodState.values)),
            models.CheckConstraint(
                name="affiliates_method_cools_before_use",
                condition=Q(state__in=(MethodState.ADDED, MethodState.RETIRED))
                | Q(verified_at__isnull=False, usable_at__gt=models.F("verified_at")),
            ),
        )
        indexes = (
            models.Index(name="affiliates_method_shared", fields=("program", "destination_digest")),
            models.Index(
                name="affiliates_method_cooling", fields=("usable_at",), condition=Q(state=MethodState.VERIFIED)
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.masked}"

    @property
    def masked(self) -> str:
        """What is shown of it: enough to know one's own."""
        return f"{self.destination[:4]}…{self.destination[-4:]}" if len(self.destination) > 10 else self.destination
