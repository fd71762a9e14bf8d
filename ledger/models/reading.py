"""What makes reading fast: derived from the entries, and computed again by ``ledger_verify``."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q

# How far booking and counting can be apart: an entry's reach is the number of these that it is not below.
# (Hours and no days: a day is not always as long in a session's time zone.)
REACHES: Final = (
    "1 minute", "5 minutes", "30 minutes", "2 hours", "8 hours", "32 hours", "128 hours", "512 hours", "2048 hours",
    "8192 hours",
)  # fmt: skip


class ValueDated(models.Model):
    """An entry that counts at another time than it was booked.

    What an account holds by value date is what it holds by booking and what of these lies around that moment: one of
    its two times before, the other after. Kept by how far the two are apart, those are one short stretch of an index
    for each reach, however many there are. A trigger writes them with their entries (migrations/*_value_dated.py).
    """

    entry = models.OneToOneField(
        "ledger.Entry", primary_key=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    program_id = models.UUIDField()
    debit_account = models.ForeignKey(
        "ledger.Account", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    credit_account = models.ForeignKey(
        "ledger.Account", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    is_backdated = models.BooleanField()  # it counts before it was booked; otherwise behind
    reach = models.PositiveSmallIntegerField()
    begins_at = models.DateTimeField()  # the earlier of the two times
    ends_at = models.DateTimeField()

    is_final: ClassVar = True

    class Meta:
        constraints = (
            models.CheckConstraint(name="ledger_valuedated_has_two_times", condition=Q(begins_at__lt=F("ends_at"))),
        )
        indexes = (
            # With all that is asked of an account, so that the rows themselves, far apart, are not looked at.
            models.Index(
                name="ledger_valuedated_debits",
                fields=("debit_account", "reach", "ends_at"),
                include=("begins_at", "amount", "is_backdated"),
            ),
            models.Index(
                name="ledger_valuedated_credits",
                fields=("credit_account", "reach", "ends_at"),
                include=("begins_at", "amount", "is_backdated"),
            ),
            models.Index(name="ledger_valuedated_program", fields=("program_id", "reach", "ends_at")),
        )

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.begins_at} to {self.ends_at}"


class Milestone(models.Model):
    """What a striped account held at a moment before which nothing can be booked any more.

    It has no running balance; sums begin at the nearest milestone, of which there is one every thousand entries. One
    that is removed is made again.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey("ledger.Account", on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    entries = models.BigIntegerField()  # how many make it

    class Meta:
        constraints = (models.UniqueConstraint(name="ledger_milestone_once", fields=("account", "at")),)

    def __str__(self) -> str:
        return f"{self.account_id} at {self.at}: {self.amount}"
