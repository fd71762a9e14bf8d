"""Keys with which other systems call: a program's, with scopes, stored hashed."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from uuid_utils.compat import uuid7

from identity.models.people import Membership, User
from identity.states import KeyCondition


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """Keys."""

    def for_user(self, user: User) -> "ApiKeyQuerySet":
        """Those of the programs in which ``user`` may read keys."""
        return self.filter(program__in=Membership.objects.programs_where(user, "key.read"))

    def locked(self) -> "ApiKeyQuerySet":
        """Take the key's lock: it is collected once and revoked once."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")

    def live(self, *, at: datetime) -> "ApiKeyQuerySet":
        """Those that open something: collected, not revoked, not expired."""
        return self.filter(revoked_at=None, expires_at__gt=at).exclude(secret_hash="")


class ApiKey(models.Model):
    """A key that a program gave to another system. Its secret is shown once and never stored."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=16, unique=True)
    # Empty until the maker of an approved key has collected its secret.
    secret_hash = models.CharField(max_length=64, blank=True)
    scopes = models.JSONField()
    created_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    objects: ClassVar = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                name="identity_apikey_hash_is_sha256", condition=models.Q(("secret_hash__regex", r"^([0-9a-f]{64})?$"))
            ),
            models.CheckConstraint(
                name="identity_apikey_prefix_is_plain", condition=models.Q(prefix__regex=r"^[a-z0-9]{12}$")
            ),
            models.CheckConstraint(name="identity_apikey_is_named", condition=~models.Q(name="")),
            models.CheckConstraint(
                name="identity_apikey_ends_after_it_begins", condition=models.Q(expires_at__gt=models.F("created_at"))
            ),
        )
        indexes = (
            # A program's keys, newest first.
            models.Index(name="identity_apikey_of_program", fields=("program", "-id")),
        )

    def condition(self, *, at: datetime) -> KeyCondition:
        """What the key is good for at that moment."""
        if self.revoked_at is not None:
            return KeyCondition.REVOKED
        if self.expires_at <= at:
            return KeyCondition.EXPIRED
        return KeyCondition.LIVE if self.secret_hash else KeyCondition.UNCOLLECTED

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
