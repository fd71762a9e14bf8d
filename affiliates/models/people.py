"""Affiliates and where they stand, those they bring, and the clicks in between."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from affiliates.states import AffiliateState, MemberState
from identity import proofs
from identity.models import Membership, User

_ADDRESS = r"^0x[0-9a-f]{40}$"


class AffiliateQuerySet(models.QuerySet["Affiliate"]):
    """Affiliates."""

    def for_user(self, user: User) -> "AffiliateQuerySet":
        """Those of the programs whose affiliates ``user`` may read, and the one they are themselves."""
        everywhere = Membership.objects.programs_where(user, "affiliate.read")
        own = Membership.objects.programs_with_own(user, "affiliate.read")
        return self.filter(Q(program__in=everywhere) | Q(user=user, program__in=own))

    def locked(self) -> "AffiliateQuerySet":
        """Take their locks."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class Affiliate(models.Model):
    """Somebody who brings a program members, and earns from what these settle.

    Parent and tier are where they stand now; ``Standing`` has since when, and where they stood before. A trigger keeps
    parents from going in a circle, whoever writes them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    party = models.OneToOneField("identity.Party", on_delete=models.PROTECT, related_name="+", db_constraint=False)
    user = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="affiliates")
    code = models.CharField(max_length=32, unique=True)
    wallet_address = models.CharField(max_length=42, null=True)
    # Kept here beside the account's, because some are brought in without one: only its digest, to tell the same apart.
    phone_digest = models.CharField(max_length=32, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="children", db_constraint=False
    )
    tier = models.ForeignKey(
        "affiliates.Tier", on_delete=models.PROTECT, null=True, related_name="affiliates", db_constraint=False
    )
    state = models.CharField(max_length=9, choices=AffiliateState, default=AffiliateState.PENDING)
    state_reason = models.CharField(max_length=500, blank=True)
    last_standing = models.PositiveIntegerField(default=0)
    joined_at = models.DateTimeField()

    objects: ClassVar = AffiliateQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            # What points to an affiliate names its program too.
            models.UniqueConstraint(name="affiliates_affiliate_in_program", fields=("id", "program")),
            models.UniqueConstraint(
                name="affiliates_affiliate_once_per_user", fields=("program", "user"), condition=Q(user__isnull=False)
            ),
            models.UniqueConstraint(
                name="affiliates_affiliate_once_per_address",
                fields=("program", "wallet_address"),
                condition=Q(wallet_address__isnull=False),
            ),
            models.CheckConstraint(
                name="affiliates_affiliate_address_is_lower_case",
                condition=Q(wallet_address=None) | Q(wallet_address__regex=_ADDRESS),
            ),
            models.CheckConstraint(
                name="affiliates_affiliate_code_fits_an_address",
                condition=Q(code__regex=r"^[a-z0-9][a-z0-9-]{1,30}[a-z0-9]$"),
            ),
            models.CheckConstraint(
                name="affiliates_affiliate_state_is_known", condition=Q(state__in=AffiliateState.values)
            ),
            models.CheckConstraint(name="affiliates_affiliate_is_not_its_parent", condition=~Q(parent=models.F("id"))),
        )
        indexes = (models.Index(name="affiliates_affiliate_tree", fields=("program", "parent", "-id")),)

    def __str__(self) -> str:
        return self.code

    @property
    def shown_address(self) -> str:
        """The address with its checksum."""
        return proofs.checksummed(self.wallet_address) if self.wallet_address else ""


class StandingQuerySet(models.QuerySet["Standing"]):
    """Standings."""

    def for_user(self, user: User) -> "StandingQuerySet":
        """Those of the programs whose affiliates ``user`` may read."""
        return self.filter(program__in=Membership.objects.programs_where(user, "affiliate.read"))


class Standing(models.Model):
    """Under whom and in which tier an affiliate stands, from a moment to the next row's.

    What was earned at a moment is earned by what stood then. The first row reaches back: nobody stood elsewhere before.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="standings", db_constraint=False)
    number = models.PositiveIntegerField()
    parent = models.ForeignKey(Affiliate, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False)
    tier = models.ForeignKey(
        "affiliates.Tier", on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    valid_from = models.DateTimeField()
    recorded_by = models.CharField(max_length=250)
    reason = models.CharField(max_length=500)

    objects: ClassVar = StandingQuerySet.as_manager()
    is_final: ClassVar = True

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(name="affiliates_standing_once", fields=("affiliate", "number")),)

    def __str__(self) -> str:
        return f"{self.affiliate_id} from {self.valid_from:%Y-%m-%d %H:%M}"


class MemberQuerySet(models.QuerySet["Member"]):
    """Members."""

    def for_user(self, user: User) -> "MemberQuerySet":
        """Those of the programs whose members ``user`` may read, and the one they are themselves."""
        everywhere = Membership.objects.programs_where(user, "member.read")
        own = Membership.objects.programs_with_own(user, "member.read")
        return self.filter(Q(program__in=everywhere) | Q(user=user, program__in=own))

    def locked(self) -> "MemberQuerySet":
        """Take their locks."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class Member(models.Model):
    """A program's user, known by a wallet address. Who brought them is decided once, when they come."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    party = models.OneToOneField("identity.Party", on_delete=models.PROTECT, related_name="+", db_constraint=False)
    user = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="members")
    wallet_address = models.CharField(max_length=42)
    phone_digest = models.CharField(max_length=32, blank=True)
    affiliate = models.ForeignKey(
        Affiliate, on_delete=models.PROTECT, null=True, related_name="members", db_constraint=False
    )
    clicked_at = models.DateTimeField(null=True)  # when the link was followed that brought them
    state = models.CharField(max_length=10, choices=MemberState, default=MemberState.PENDING)
    state_reason = models.CharField(max_length=500, blank=True)
    registered_at = models.DateTimeField()

    objects: ClassVar = MemberQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="affiliates_member_in_program", fields=("id", "program")),
            models.UniqueConstraint(name="affiliates_member_once_per_address", fields=("program", "wallet_address")),
            models.UniqueConstraint(
                name="affiliates_member_once_per_user", fields=("program", "user"), condition=Q(user__isnull=False)
            ),
            models.CheckConstraint(
                name="affiliates_member_address_is_lower_case", condition=Q(wallet_address__regex=_ADDRESS)
            ),
            models.CheckConstraint(name="affiliates_member_state_is_known", condition=Q(state__in=MemberState.values)),
        )
        indexes = (models.Index(name="affiliates_member_brought_by", fields=("affiliate", "-id")),)

    def __str__(self) -> str:
        return self.shown_address

    @property
    def shown_address(self) -> str:
        """The address with its checksum."""
        return proofs.checksummed(self.wallet_address)


class ClickQuerySet(models.QuerySet["Click"]):
    """Clicks."""

    def for_user(self, user: User) -> "ClickQuerySet":
        """Those of the programs whose affiliates ``user`` may read."""
        return self.filter(program__in=Membership.objects.programs_where(user, "affiliate.read"))

    def since(self, moment: datetime) -> "ClickQuerySet":
        """Those from a moment on."""
        return self.filter(at__gte=moment)


class Click(models.Model):
    """A referral link that somebody followed. Who it was is not kept: only whether it was the same as before."""

    id = models.BigAutoField(primary_key=True)
    program = models.ForeignKey(
        "identity.Program", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    affiliate = models.ForeignKey(
        Affiliate, on_delete=models.PROTECT, related_name="clicks", db_constraint=False, db_index=False
    )
    at = models.DateTimeField()
    visitor = models.CharField(max_length=32)
    campaign = models.CharField(max_length=40, blank=True)

    objects: ClassVar = ClickQuerySet.as_manager()
    is_final: ClassVar = True

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(name="affiliates_click_of_whom", fields=("affiliate", "visitor", "at")),)

    def __str__(self) -> str:
        return f"{self.affiliate_id} at {self.at:%Y-%m-%d %H:%M}"
