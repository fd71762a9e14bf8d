"""What rails themselves say was there, came in and went out: their statements, line by line."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User
from wallets.states import StatementLineType


class RailStatementQuerySet(models.QuerySet["RailStatement"]):
    """Statements of rails."""

    def for_user(self, user: User) -> "RailStatementQuerySet":
        """Those of the programs whose rails ``user`` may see."""
        return self.filter(program__in=Membership.objects.programs_where(user, "rail.read"))


class RailStatement(models.Model):
    """What a rail says of one account and asset, from one moment to another: the second is no longer in it.

    Two of the same account and asset never speak of the same moment, and where one begins as another ends the balance
    is carried on. ``content`` is the file as it came, packed by zlib; ``sha256`` is that of the file.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey("wallets.RailAccount", on_delete=models.PROTECT, related_name="statements")
    asset = models.ForeignKey("ledger.Asset", on_delete=models.PROTECT, related_name="+", db_index=False)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    opening = models.DecimalField(max_digits=38, decimal_places=18)
    closing = models.DecimalField(max_digits=38, decimal_places=18)
    count = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    imported_by = models.CharField(max_length=250)
    imported_at = models.DateTimeField()

    objects: ClassVar = RailStatementQuerySet.as_manager()
    is_final: ClassVar = True

    class Meta:
        ordering = ("-ends_at",)
        constraints = (
            models.UniqueConstraint(name="wallets_railstatement_in_program", fields=("id", "program")),
            models.UniqueConstraint(name="wallets_railstatement_once", fields=("account", "asset", "sha256")),
            models.UniqueConstraint(name="wallets_railstatement_ends_once", fields=("account", "asset", "ends_at")),
            models.CheckConstraint(name="wallets_railstatement_takes_time", condition=Q(ends_at__gt=F("begins_at"))),
        )
        indexes = (models.Index(name="wallets_railstatement_listed", fields=("program", "-ends_at")),)

    def __str__(self) -> str:
        return f"{self.begins_at:%Y-%m-%d} to {self.ends_at:%Y-%m-%d}"


class StatementLineQuerySet(models.QuerySet["StatementLine"]):
    """Lines of statements."""

    def for_user(self, user: User) -> "StatementLineQuerySet":
        """Those of the programs whose rails ``user`` may see."""
        return self.filter(program__in=Membership.objects.programs_where(user, "rail.read"))


class StatementLine(models.Model):
    """One line: what came in (above zero) or went out, and what was there after it.

    ``reference`` is the rail's, ``ours`` what we had called it, where the rail tells that.
    """

    id = models.BigAutoField(primary_key=True)
    program = models.ForeignKey(
        "identity.Program", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    statement = models.ForeignKey(RailStatement, on_delete=models.PROTECT, related_name="lines", db_index=False)
    number = models.PositiveIntegerField()  # of the line in its file
    at = models.DateTimeField()
    type = models.CharField(max_length=5, choices=StatementLineType)
    reference = models.CharField(max_length=120, blank=True)
    ours = models.CharField(max_length=40, blank=True)
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    balance = models.DecimalField(max_digits=38, decimal_places=18)
    description = models.CharField(max_length=500, blank=True)

    objects: ClassVar = StatementLineQuerySet.as_manager()
    is_final: ClassVar = True

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(name="wallets_statementline_once", fields=("statement", "number")),
            models.CheckConstraint(
                name="wallets_statementline_type_is_known", condition=Q(type__in=StatementLineType.values)
            ),
            models.CheckConstraint(name="wallets_statementline_is_something", condition=~Q(amount=0)),
        )
        indexes = (
            models.Index(
                name="wallets_statementline_found", fields=("program", "reference"), condition=~Q(reference="")
            ),
        )

    def __str__(self) -> str:
        return self.reference or f"line {self.number}"
