"""Files to banks, and what banks say came of them: kept as they went and came."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User


class BankFileQuerySet(models.QuerySet["BankFile"]):
    """Files to banks."""

    def for_user(self, user: User) -> "BankFileQuerySet":
        """Those of the programs whose payouts ``user`` may read."""
        return self.filter(program__in=Membership.objects.programs_where(user, "payout.read"))


class BankFile(models.Model):
    """What a bank is told to pay of a batch. What stands in it is sent: written down, booked, and in no other file."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    batch = models.ForeignKey(
        "payouts.PayoutBatch", on_delete=models.PROTECT, related_name="bank_files", db_constraint=False, db_index=False
    )
    rail_account = models.ForeignKey(
        "wallets.RailAccount", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    number = models.PositiveSmallIntegerField()  # in the batch
    name = models.CharField(max_length=40)  # as the bank, and its answer, call it
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    count = models.PositiveIntegerField()
    total = models.DecimalField(max_digits=38, decimal_places=18)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = BankFileQuerySet.as_manager()
    is_final: ClassVar = True

    class Meta:
        ordering = ("batch_id", "number")
        constraints = (
            models.UniqueConstraint(name="payouts_bank_file_in_program", fields=("id", "program")),
            models.UniqueConstraint(name="payouts_bank_file_number_once", fields=("batch", "number")),
            models.UniqueConstraint(name="payouts_bank_file_name_once", fields=("program", "name")),
            models.CheckConstraint(
                name="payouts_bank_file_says_something",
                condition=Q(number__gte=1, count__gte=1, total__gt=0, sha256__regex=r"^[0-9a-f]{64}$") & ~Q(content=""),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def body(self) -> bytes:
        """The file, byte by byte as it was written."""
        return self.content.encode()


class ResultFileQuerySet(models.QuerySet["ResultFile"]):
    """Files of banks."""

    def for_user(self, user: User) -> "ResultFileQuerySet":
        """Those of the programs whose payouts ``user`` may read."""
        return self.filter(program__in=Membership.objects.programs_where(user, "payout.read"))


class ResultFile(models.Model):
    """What a bank said came of a file, as it was read, and what became of each of its lines then."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    bank_file = models.ForeignKey(
        BankFile, on_delete=models.PROTECT, related_name="results", db_constraint=False, db_index=False
    )
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    verdicts = models.JSONField()  # line, reference, verdict and why, of each line
    read_at = models.DateTimeField()
    read_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = ResultFileQuerySet.as_manager()
    is_final: ClassVar = True

    class Meta:
        ordering = ("bank_file_id", "id")
        constraints = (
            models.UniqueConstraint(name="payouts_result_file_once", fields=("bank_file", "sha256")),
            models.CheckConstraint(
                name="payouts_result_file_says_something",
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$") & ~Q(content=""),
            ),
        )

    def __str__(self) -> str:
        return f"results of {self.bank_file_id}"
