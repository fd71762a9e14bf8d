"""What somebody has of one asset. How much that is stands in the books and nowhere else."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User
from wallets.states import WalletState


class WalletQuerySet(models.QuerySet["Wallet"]):
    """Wallets."""

    def for_user(self, user: User) -> "WalletQuerySet":
        """Those of the programs whose books ``user`` may read, and ``user``'s own."""
        return self.filter(Q(program__in=Membership.objects.programs_where(user, "wallet.read")) | Q(party__user=user))

    def owned_by(self, user: User) -> "WalletQuerySet":
        """Those whose party ``user`` signs in for, whatever else ``user`` may read."""
        return self.filter(party__user=user)

    def locked(self) -> "WalletQuerySet":
        """Take the wallets' locks, in the one order of the house; their balances have their own, taken behind."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class Wallet(models.Model):
    """One party's place for one asset. It keeps no balance: three accounts of the books do.

    ``version`` grows with every change, so that a client can say what it had seen; ``last_number`` is the number of its
    last transaction, and their numbers have no gaps.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey("identity.Party", on_delete=models.PROTECT, related_name="wallets")
    asset = models.ForeignKey("ledger.Asset", on_delete=models.PROTECT, related_name="+")
    account = models.OneToOneField("ledger.Account", on_delete=models.PROTECT, related_name="+")
    reserved = models.OneToOneField("ledger.Account", on_delete=models.PROTECT, related_name="+")
    owed = models.OneToOneField("ledger.Account", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=6, choices=WalletState, default=WalletState.ACTIVE)
    version = models.BigIntegerField(default=0)
    last_number = models.BigIntegerField(default=0)
    last_transaction_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()

    objects: ClassVar = WalletQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="wallets_wallet_once", fields=("party", "asset")),
            # What points to a wallet names its program too.
            models.UniqueConstraint(name="wallets_wallet_in_program", fields=("id", "program")),
            models.CheckConstraint(name="wallets_wallet_state_is_known", condition=Q(state__in=WalletState.values)),
            models.CheckConstraint(
                name="wallets_wallet_remembers_its_last",
                condition=Q(last_number=0, last_transaction_at=None)
                | Q(last_number__gt=0, last_transaction_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"wallet:{self.pk}"

    @property
    def is_closed(self) -> bool:
        """Whether it is closed for good."""
        return self.state == WalletState.CLOSED
