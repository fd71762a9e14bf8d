"""What was booked. Both tables only grow; the database refuses everything else (migrations/*_append_only.py)."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models.expressions import RawSQL
from uuid_utils.compat import uuid7

from identity.models import Membership, Program, User
from ledger.models.accounts import Asset
from ledger.models.fields import KindOfPosting, UuidOrText


class KeyHash(models.Func):
    """What the index over a program's keys holds instead of them (migrations/*_keys_by_program.py)."""

    function = "ledger_key_hash"
    output_field = models.UUIDField()


def key_hash(program_id: UUID, key: str) -> UUID:
    """Return what the database computes of them."""
    return UUID(bytes=program_id.bytes[12:] + hashlib.sha256(f"{program_id}{key}".encode()).digest()[:12])


class TransactionQuerySet(models.QuerySet["Transaction"]):
    """Transactions."""

    def of_program(self, program_id: UUID) -> "TransactionQuerySet":
        """Those of a program, which the index over its keys leads to."""
        first, last = (UUID(bytes=program_id.bytes[12:] + rest) for rest in (b"\x00" * 12, b"\xff" * 12))
        return self.alias(hash=KeyHash("program_id", "key")).filter(
            program_id=program_id, hash__gte=first, hash__lte=last
        )

    def under_keys(self, program_id: UUID, keys: Iterable[str]) -> "TransactionQuerySet":
        """Those that a program booked under ``keys``, found by their index."""
        asked = list(keys)
        hashes = [key_hash(program_id, key) for key in asked]
        return self.alias(hash=KeyHash("program_id", "key")).filter(
            hash__in=hashes, program_id=program_id, key__in=asked
        )

    def under_key(self, program_id: UUID, key: str) -> "TransactionQuerySet":
        """The one that a program booked under ``key``, found by its index."""
        return self.under_keys(program_id, [key])

    def under_key_anywhere(self, key: str) -> "TransactionQuerySet":
        """Those booked under ``key``, in whatever program."""
        hashes = Program.objects.order_by().annotate(hash=KeyHash("pk", models.Value(key, models.TextField())))
        return self.alias(hash=KeyHash("program_id", "key")).filter(hash__in=hashes.values("hash"), key=key)

    def for_user(self, user: User) -> "TransactionQuerySet":
        """Those of the programs whose books ``user`` may read."""
        programs = Membership.objects.programs_where(user, "ledger.read")
        some = list(programs[:2])
        return self.of_program(some[0]) if len(some) == 1 else self.filter(program_id__in=programs)


class Transaction(models.Model):
    """Entries that were booked together, by whom, for which reason. It is its own line of the journal."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # A value and no foreign key: every posting would share-lock the program's row.
    program_id = models.UUIDField()
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=16)  # the first half of SHA-256 over what was asked for
    # The same over its entries: they are sealed with it, and need no seal of their own.
    entries_digest = models.BinaryField(max_length=16)
    kind = KindOfPosting(max_length=24)
    memo = models.CharField(max_length=500, blank=True)
    metadata = models.JSONField(null=True)
    actor_type = models.CharField(max_length=40)
    actor_id = UuidOrText(max_length=200)
    correlation_id = UuidOrText(max_length=64)
    booked_at = models.DateTimeField()  # set after the locks, never before the last of any balance it changes
    effective_at = models.DateTimeField(null=True)  # when it counts, if that is not when it was booked
    reverses = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="reversals", db_index=False)
    corrects = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="corrections", db_index=False
    )
    # The database transaction that wrote it: the order in which nothing that commits late is passed by.
    transaction_id = models.BigIntegerField(db_default=RawSQL("pg_current_xact_id()::text::bigint", []), editable=False)

    objects: ClassVar = TransactionQuerySet.as_manager()
    is_final: ClassVar = True

    class Meta:
        ordering = ("-id",)
        constraints = (
            # Half as long an index as one over the key itself: keys are long, and come in no order.
            models.UniqueConstraint(KeyHash("program_id", "key"), name="ledger_transaction_key_once"),
            models.UniqueConstraint(
                name="ledger_transaction_reversed_once",
                fields=("reverses",),
                condition=models.Q(reverses__isnull=False),
            ),
            models.CheckConstraint(name="ledger_transaction_has_a_key", condition=~models.Q(key="")),
            models.CheckConstraint(name="ledger_transaction_has_an_actor", condition=~models.Q(actor_id="")),
        )
        indexes = (
            # Whoever tails the books reads them in this order, and the few of one transaction are sorted by id.
            models.Index(name="ledger_transaction_tail", fields=("transaction_id",)),
            models.Index(
                name="ledger_transaction_corrects", fields=("corrects",), condition=models.Q(corrects__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def counts_at(self) -> datetime:
        """Since when it counts."""
        return self.effective_at or self.booked_at


class Entry(models.Model):
    """An amount from one account to another. Both sides stand on this row, so it can't be out of balance.

    Its program and asset are those of both accounts. Each side carries the balance after it and the balance's version,
    where the account keeps one: a striped one has no running balance.
    """

    id = models.BigAutoField(primary_key=True)
    # What it points to is looked for once in all that a statement writes, and never goes away: a foreign key would lock
    # the rows of both accounts at every posting, and say less (migrations/*_what_accounts_say.py).
    transaction = models.ForeignKey(
        "ledger.Transaction", on_delete=models.PROTECT, related_name="entries", db_constraint=False
    )
    debit_account = models.ForeignKey(
        "ledger.Account", on_delete=models.PROTECT, related_name="debits", db_constraint=False, db_index=False
    )
    credit_account = models.ForeignKey(
        "ledger.Account", on_delete=models.PROTECT, related_name="credits", db_constraint=False, db_index=False
    )
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    debit_balance = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    debit_version = models.BigIntegerField(null=True)
    credit_balance = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    credit_version = models.BigIntegerField(null=True)
    booked_at = models.DateTimeField()

    is_final: ClassVar = True

    class Meta:
        verbose_name_plural = "entries"
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(name="ledger_entry_amount_is_above_zero", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(
                name="ledger_entry_has_two_accounts", condition=~models.Q(debit_account=models.F("credit_account"))
            ),
            models.CheckConstraint(
                name="ledger_entry_balance_has_its_version",
                condition=models.Q(debit_balance__isnull=True, debit_version__isnull=True)
                | models.Q(debit_balance__isnull=False, debit_version__isnull=False),
            ),
        )
        indexes = (
            # An account's statement, either side; ids of one account grow with its versions.
            models.Index(name="ledger_entry_debits", fields=("debit_account", "booked_at")),
            models.Index(name="ledger_entry_credits", fields=("credit_account", "booked_at")),
        )

    @property
    def asset(self) -> Asset:
        """What is moved."""
        return self.debit_account.asset

    def __str__(self) -> str:
        return f"{self.amount} from {self.credit_account_id} to {self.debit_account_id}"
