"""What has happened in a wallet, line by line."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User
from wallets.states import TransactionStatus, TransactionType

_COMPLETED = TransactionStatus.COMPLETED
_MAY_BE_OWED = (TransactionType.CHARGEBACK, TransactionType.WITHDRAWAL)


class WalletTransactionQuerySet(models.QuerySet["WalletTransaction"]):
    """Wallet transactions."""

    def for_user(self, user: User) -> "WalletTransactionQuerySet":
        """Those of the programs whose books ``user`` may read, and of ``user``'s own wallets."""
        programs = Membership.objects.programs_where(user, "wallet.read")
        return self.filter(Q(program__in=programs) | Q(wallet__party__user=user))

    def locked(self) -> "WalletTransactionQuerySet":
        """Take the transactions' locks; their wallets' come before."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class WalletTransaction(models.Model):
    """One change of what a wallet holds: what it had before and after, available and held together.

    ``owed_change`` is what its owner owes more by it (a charge-back above the balance) or less (a repayment). A
    completed one is final; the database refuses everything else (migrations/*_guards.py).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    wallet = models.ForeignKey("wallets.Wallet", on_delete=models.PROTECT, related_name="transactions")
    type = models.CharField(max_length=12, choices=TransactionType)
    status = models.CharField(max_length=9, choices=TransactionStatus, default=TransactionStatus.PENDING)
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    is_credit = models.BooleanField()
    owed_change = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    # What it got when it was completed; its number is one more than that of the wallet's transaction before it.
    number = models.BigIntegerField(null=True)
    balance_before = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    balance_after = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    ledger_transaction = models.ForeignKey(
        "ledger.Transaction", null=True, on_delete=models.PROTECT, related_name="wallet_transactions"
    )
    payment = models.ForeignKey(
        "wallets.PaymentRecord", null=True, on_delete=models.PROTECT, related_name="transactions"
    )
    description = models.CharField(max_length=500, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)

    objects: ClassVar = WalletTransactionQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="wallets_transaction_in_program", fields=("id", "program")),
            models.UniqueConstraint(name="wallets_transaction_number_once", fields=("wallet", "number")),
            # What a transaction of the books did to a wallet is told once, and what it repaid beside it.
            models.UniqueConstraint(
                name="wallets_transaction_told_once", fields=("ledger_transaction", "wallet", "type")
            ),
            models.CheckConstraint(
                name="wallets_transaction_type_is_known", condition=Q(type__in=TransactionType.values)
            ),
            models.CheckConstraint(
                name="wallets_transaction_status_is_known", condition=Q(status__in=TransactionStatus.values)
            ),
            models.CheckConstraint(
                name="wallets_transaction_is_of_something",
                # What left and can't be taken any more is owed.
                condition=Q(amount__gt=0) | Q(amount=0, type__in=_MAY_BE_OWED, owed_change__gt=0),
            ),
            models.CheckConstraint(
                name="wallets_transaction_adds_up",
                condition=Q(balance_after=None)
                | Q(is_credit=True, balance_after=F("balance_before") + F("amount"))
                | Q(is_credit=False, balance_after=F("balance_before") - F("amount")),
            ),
            models.CheckConstraint(
                name="wallets_transaction_repays_what_it_takes",
                condition=~Q(type=TransactionType.REPAYMENT) | Q(is_credit=False, owed_change=-F("amount")),
            ),
            models.CheckConstraint(
                name="wallets_transaction_completed_is_whole",
                condition=~Q(status=_COMPLETED)
                | Q(
                    number__isnull=False, balance_before__isnull=False, balance_after__isnull=False,
                    ledger_transaction__isnull=False, completed_at__isnull=False,
                ),
            ),
        )  # fmt: skip
        indexes = (models.Index(name="wallets_transaction_listed", fields=("wallet", "-id")),)

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.number or ''}".strip()
