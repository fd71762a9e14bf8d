"""Whom a program has to do with: the one who owns wallets, owes and is owed.

Users, agents, merchants, members and affiliates of other rooms point to a party. Its name and reference are personal
data: they live here, where they can be erased, and the journal keeps a salted digest of them, which says nothing once
the salt is gone too.
"""

import secrets
from typing import ClassVar

from django.db import models
from uuid_utils.compat import uuid7

from identity import rules
from identity.models.people import Membership, User
from identity.states import PartyKind, PartyStatus


def _salt() -> str:
    return secrets.token_hex(16)


class PartyQuerySet(models.QuerySet["Party"]):
    """Parties."""

    def for_user(self, user: User) -> "PartyQuerySet":
        """Those of the programs in which ``user`` may read parties."""
        return self.filter(program__in=Membership.objects.programs_where(user, "party.read"))

    def locked(self) -> "PartyQuerySet":
        """Take the party's lock."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class Party(models.Model):
    """A person or an organisation in one program."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="parties")
    kind = models.CharField(max_length=12, choices=PartyKind)
    name = models.CharField(max_length=200)
    # Who signs in for it, when somebody does.
    user = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="parties")
    # What the program's own systems call it.
    external_reference = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=6, choices=PartyStatus, default=PartyStatus.ACTIVE)
    salt = models.CharField(max_length=32, default=_salt, editable=False)
    created_at = models.DateTimeField()

    objects: ClassVar = PartyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "parties"
        ordering = ("-id",)
        constraints = (
            # What points to a party names its program too, so that nothing can point into another's.
            models.UniqueConstraint(name="identity_party_in_program", fields=("id", "program")),
            models.UniqueConstraint(
                name="identity_party_once_per_user", fields=("program", "user"), condition=models.Q(user__isnull=False)
            ),
            models.UniqueConstraint(
                name="identity_party_once_per_reference",
                fields=("program", "external_reference"),
                condition=~models.Q(external_reference=""),
            ),
            models.CheckConstraint(name="identity_party_kind_is_known", condition=models.Q(kind__in=PartyKind.values)),
            models.CheckConstraint(
                name="identity_party_status_is_known", condition=models.Q(status__in=PartyStatus.values)
            ),
        )

    def __str__(self) -> str:
        return self.name or "Somebody without a name"

    @property
    def details_digest(self) -> str:
        """What the journal keeps of its personal data."""
        return rules.details_digest(self.salt, name=self.name, external_reference=self.external_reference)
