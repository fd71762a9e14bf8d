"""How far the books were verified: where ``ledger_verify`` goes on, and what ``--full`` does not believe."""

from django.db import models


class Checkpoint(models.Model):
    """Up to where an account's entries were found right; verification goes on from here, unless it is a full one."""

    account = models.OneToOneField("ledger.Account", primary_key=True, on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    entries = models.BigIntegerField()
    booked_at = models.DateTimeField()  # the last of them; of a striped account the milestone that was reached
    verified_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account_id}: {self.entries} entries"


class Verification(models.Model):
    """How far a program's transactions, or the whole house's, were found to have the entries they had."""

    program = models.ForeignKey("identity.Program", null=True, on_delete=models.PROTECT, related_name="+")
    # Of database transactions below this number, and only where that count is this database's own.
    horizon = models.BigIntegerField()
    system_identifier = models.CharField(max_length=40)
    verified_at = models.DateTimeField()
    verified_in_full_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(name="ledger_verification_once", fields=("program",), nulls_distinct=False),
        )

    def __str__(self) -> str:
        return f"up to {self.horizon}"
