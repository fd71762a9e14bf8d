"""What owners take out of their wallets."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User
from wallets.states import DestinationKind, WithdrawalState

_S = WithdrawalState
# Somebody has looked at it; and a batch that others look at, or have agreed to, pays it.
_LOOKED_AT = (_S.APPROVED, _S.SENT, _S.UNKNOWN, _S.PAID, _S.FAILED, _S.RETURNED)
_IN_A_BATCH = (_S.SENT, _S.UNKNOWN, _S.PAID, _S.FAILED, _S.RETURNED)


class WithdrawalQuerySet(models.QuerySet["Withdrawal"]):
    """Withdrawals."""

    def for_user(self, user: User) -> "WithdrawalQuerySet":
        """Those of the programs whose books ``user`` may read, and of ``user``'s own wallets."""
        programs = Membership.objects.programs_where(user, "wallet.read")
        return self.filter(Q(program__in=programs) | Q(wallet__party__user=user))

    def locked(self) -> "WithdrawalQuerySet":
        """Take their locks: behind payouts', before wallets'."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class Withdrawal(models.Model):
    """What an owner takes out of a wallet, and where it goes. It is held from the beginning, and leaves in a batch.

    ``batched_at`` is since when others look at a batch that pays it: from then on its owner can't cancel it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    wallet = models.ForeignKey("wallets.Wallet", on_delete=models.PROTECT, related_name="withdrawals")
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    destination_kind = models.CharField(max_length=6, choices=DestinationKind)
    destination = models.CharField(max_length=120)
    holder = models.CharField(max_length=120, blank=True)
    hold = models.OneToOneField("ledger.Hold", on_delete=models.PROTECT, related_name="withdrawal")
    # Its line in the wallet: pending while it is under way; another one where it was paid after it was given up.
    wallet_transaction = models.OneToOneField(
        "wallets.WalletTransaction", on_delete=models.PROTECT, related_name="withdrawal"
    )
    state = models.CharField(max_length=9, choices=WithdrawalState, default=WithdrawalState.REQUESTED)
    requested_by = models.CharField(max_length=250)
    requested_at = models.DateTimeField()
    approved_by = models.CharField(max_length=250, blank=True)
    approved_at = models.DateTimeField(null=True)
    batched_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)  # why it was rejected
    receipt = models.CharField(max_length=200, blank=True)  # what the rail calls it, once it is paid

    objects: ClassVar = WithdrawalQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="wallets_withdrawal_key_once", fields=("program", "key")),
            models.UniqueConstraint(name="wallets_withdrawal_in_program", fields=("id", "program")),
            models.CheckConstraint(name="wallets_withdrawal_amount_is_above_zero", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="wallets_withdrawal_state_is_known", condition=Q(state__in=WithdrawalState.values)
            ),
            models.CheckConstraint(
                name="wallets_withdrawal_goes_somewhere",
                condition=Q(destination_kind__in=DestinationKind.values) & ~Q(destination=""),
            ),
            models.CheckConstraint(
                name="wallets_withdrawal_somebody_approved",
                condition=~Q(state__in=_LOOKED_AT) | (Q(approved_at__isnull=False) & ~Q(approved_by="")),
            ),
            # What a batch pays is not cancelled, and what is cancelled no batch pays.
            models.CheckConstraint(
                name="wallets_withdrawal_leaves_in_a_batch",
                condition=Q(state=_S.APPROVED)
                | Q(state__in=_IN_A_BATCH, batched_at__isnull=False)
                | Q(state__in=(_S.REQUESTED, _S.REJECTED, _S.CANCELLED), batched_at=None),
            ),
            models.CheckConstraint(name="wallets_withdrawal_says_why", condition=~Q(state=_S.REJECTED) | ~Q(reason="")),
        )
        indexes = (
            models.Index(name="wallets_withdrawal_listed", fields=("program", "state", "-id")),
            models.Index(name="wallets_withdrawal_of_wallet", fields=("wallet", "-id")),
        )

    def __str__(self) -> str:
        return f"withdrawal:{self.pk}"

    @property
    def masked(self) -> str:
        """What is shown of where it goes: enough to know one's own."""
        return f"{self.destination[:4]}…{self.destination[-4:]}" if len(self.destination) > 10 else self.destination
