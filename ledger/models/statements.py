"""Statements that were issued: what an account's owner was given, for good."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User

_FILES: Final = ("pdf", "csv")


class IssuedStatementQuerySet(models.QuerySet["IssuedStatement"]):
    """Issued statements."""

    def for_user(self, user: User) -> "IssuedStatementQuerySet":
        """Those of the programs whose books ``user`` may read."""
        return self.without_files().filter(program_id__in=Membership.objects.programs_where(user, "ledger.read"))

    def without_files(self) -> "IssuedStatementQuerySet":
        """Leave the files where they are: a list of a thousand statements needs none of them."""
        return self.defer(*_FILES)


class IssuedStatement(models.Model):
    """An account's statement of a period that is over, with the files that were handed out."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program_id = models.UUIDField()
    account = models.ForeignKey("ledger.Account", on_delete=models.PROTECT, related_name="statements")
    number = models.PositiveIntegerField()  # counted in each program
    after = models.DateTimeField()
    until = models.DateTimeField()
    # Looked at behind the account's locks: whatever is booked later is booked behind ``until``.
    horizon_at = models.DateTimeField()
    opening = models.DecimalField(max_digits=38, decimal_places=18)
    closing = models.DecimalField(max_digits=38, decimal_places=18)
    lines = models.PositiveIntegerField()
    pdf_sha256 = models.CharField(max_length=64)
    csv_sha256 = models.CharField(max_length=64)
    # Here and in no folder: they commit with the row, are restored with it, and can't be changed either.
    pdf = models.BinaryField()
    csv = models.BinaryField()
    actor_type = models.CharField(max_length=40)
    actor_id = models.CharField(max_length=200)
    issued_at = models.DateTimeField()

    objects: ClassVar = IssuedStatementQuerySet.as_manager()
    is_final: ClassVar = True

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="ledger_issuedstatement_number_once", fields=("program_id", "number")),
            models.UniqueConstraint(name="ledger_issuedstatement_period_once", fields=("account", "after", "until")),
            models.CheckConstraint(
                name="ledger_issuedstatement_period_is_over",
                condition=Q(after__lt=F("until"), until__lt=F("horizon_at")),
            ),
        )

    def __str__(self) -> str:
        return self.shown_number

    @property
    def shown_number(self) -> str:
        """The number as it stands on the statement."""
        return number_in_words(self.number)

    @property
    def file_name(self) -> str:
        """What a download is called, without its ending."""
        return f"statement-{self.shown_number}"


def number_in_words(number: int) -> str:
    """Return the number as it stands on the statement."""
    return f"S-{number:06d}"
