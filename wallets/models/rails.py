"""Accounts at rails, and the inbox of what the rails tell us."""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User
from identity.vault import Place
from wallets.states import RailAccountState, RailEventState


class RailAccountQuerySet(models.QuerySet["RailAccount"]):
    """Accounts at rails."""

    def for_user(self, user: User) -> "RailAccountQuerySet":
        """Those of the programs whose rails ``user`` may see."""
        return self.filter(program__in=Membership.objects.programs_where(user, "rail.read"))

    def locked(self) -> "RailAccountQuerySet":
        """Take the accounts' locks."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class RailAccount(models.Model):
    """An account that a program has at a rail. Its money stands in the books, under ``rail:{name}:…``.

    Secrets are encrypted for this row and this version of them. The address that the rail calls holds a token, of which
    the digest finds the row, and which is kept encrypted as well: adapters have to tell the rail where to call.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=40)
    rail = models.CharField(max_length=20)
    number = models.CharField(max_length=120)
    assets = ArrayField(models.CharField(max_length=40))
    state = models.CharField(max_length=7, choices=RailAccountState, default=RailAccountState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    ciphertext = models.TextField()
    # All that is shown of the secrets: whether two versions have the same.
    fingerprint = models.CharField(max_length=32)
    hook_ciphertext = models.TextField()
    hook_sha256 = models.BinaryField(max_length=32, unique=True)
    hook_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects: ClassVar = RailAccountQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(name="wallets_railaccount_name_once", fields=("program", "name")),
            models.UniqueConstraint(name="wallets_railaccount_in_program", fields=("id", "program")),
            # One account out there belongs to one program.
            models.UniqueConstraint(
                name="wallets_railaccount_number_once",
                fields=("rail", "number"),
                condition=~Q(state=RailAccountState.CLOSED),
            ),
            models.CheckConstraint(
                name="wallets_railaccount_state_is_known", condition=Q(state__in=RailAccountState.values)
            ),
            models.CheckConstraint(
                name="wallets_railaccount_name_fits_the_books", condition=Q(name__regex=r"^[a-z0-9][a-z0-9_-]*$")
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> Place:
        """Where its secrets stand."""
        return Place("rail_account", self.program_id, str(self.pk), self.version)

    @property
    def hook_place(self) -> Place:
        """Where the token of its address stands."""
        return Place("rail_hook", self.program_id, str(self.pk), self.hook_version)


class RailEventQuerySet(models.QuerySet["RailEvent"]):
    """What rails have told us."""

    def for_user(self, user: User) -> "RailEventQuerySet":
        """Those of the programs whose rails ``user`` may see."""
        return self.filter(program__in=Membership.objects.programs_where(user, "rail.read"))

    def locked(self, *, skip: bool = False) -> "RailEventQuerySet":
        """Take the events' locks, or leave out those that somebody works on; before every other lock of wallets."""
        return self.select_for_update(no_key=True, of=("self",), skip_locked=skip).order_by("pk")

    def due(self, at: datetime) -> "RailEventQuerySet":
        """Those that wait to be proven or applied."""
        return self.filter(due_at__lte=at).order_by("due_at")


class RailEvent(models.Model):
    """Something that came to a rail account's address: kept as it came, before anybody believes it.

    What it says is filled in when it is proven. ``external_id`` is on the first of those that tell the same; the others
    point to it, and ``is_changed`` when they tell it differently.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(RailAccount, on_delete=models.PROTECT, related_name="events")
    received_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    headers = models.JSONField()
    body = models.BinaryField()
    state = models.CharField(max_length=8, choices=RailEventState, default=RailEventState.RECEIVED)
    external_id = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=120, blank=True)
    occurred_at = models.DateTimeField(null=True)
    data = models.JSONField(null=True)
    duplicate_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="duplicates")
    is_changed = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=500, blank=True)  # why it is where it is, in words
    fault = models.TextField(blank=True)  # where our own code broke, for those who mend it
    result = models.JSONField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar = RailEventQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                name="wallets_railevent_once",
                fields=("account", "external_id"),
                condition=~Q(external_id="") & Q(duplicate_of=None) & ~Q(state=RailEventState.REJECTED),
            ),
            models.UniqueConstraint(name="wallets_railevent_in_program", fields=("id", "program")),
            models.CheckConstraint(
                name="wallets_railevent_state_is_known", condition=Q(state__in=RailEventState.values)
            ),
            models.CheckConstraint(
                name="wallets_railevent_proven_says_something",
                condition=Q(state__in=(RailEventState.RECEIVED, RailEventState.REJECTED))
                | (~Q(external_id="") & ~Q(kind="") & Q(occurred_at__isnull=False, data__isnull=False)),
            ),
        )
        indexes = (
            models.Index(name="wallets_railevent_due", fields=("due_at",), condition=Q(due_at__isnull=False)),
            models.Index(name="wallets_railevent_inbox", fields=("program", "state", "-id")),
        )

    def __str__(self) -> str:
        return f"{self.kind or 'notice'} {self.external_id or self.pk}"
