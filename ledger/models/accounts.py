"""What is kept, where, and how much of it is there now."""

from typing import ClassVar

from django.db import models

from identity.models import Membership, User
from ledger import chart
from ledger.states import AccountStatus, AssetKind

CLASSES = [(name.value, name.value.capitalize()) for name in chart.AccountClass]


class Asset(models.Model):
    """Something that can be counted: a currency, points, a token. ``scale`` is how fine the books are."""

    id = models.AutoField(primary_key=True)
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    symbol = models.CharField(max_length=12, blank=True)
    kind = models.CharField(max_length=6, choices=AssetKind)
    scale = models.PositiveSmallIntegerField()
    payable_scale = models.PositiveSmallIntegerField()  # what documents and rails carry
    chain_id = models.BigIntegerField(null=True, blank=True)
    contract = models.CharField(max_length=42, blank=True)

    is_final: ClassVar = True  # another scale would change what every amount in the books means

    class Meta:
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(name="ledger_asset_kind_is_known", condition=models.Q(kind__in=AssetKind.values)),
            models.CheckConstraint(
                name="ledger_asset_scale_fits",
                condition=models.Q(scale__lte=18, payable_scale__lte=models.F("scale")),
            ),
            models.CheckConstraint(
                name="ledger_asset_code_is_upper_case", condition=models.Q(code__regex=r"^[A-Z][A-Z0-9_]{1,19}$")
            ),
            models.CheckConstraint(
                name="ledger_asset_token_has_its_contract",
                condition=models.Q(contract="") | models.Q(kind=AssetKind.TOKEN, chain_id__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.code


class AccountQuerySet(models.QuerySet["Account"]):
    """Accounts."""

    def for_user(self, user: User) -> "AccountQuerySet":
        """Those of the programs whose books ``user`` may read."""
        return self.filter(program__in=Membership.objects.programs_where(user, "ledger.read"))

    def locked(self) -> "AccountQuerySet":
        """Take the account's own lock; its balances have theirs."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class Account(models.Model):
    """A place in a program's books. What never changes about it; how much is there stands in its balances."""

    id = models.BigAutoField(primary_key=True)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey("ledger.Asset", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=120)
    role = models.CharField(max_length=20)
    account_class = models.CharField(max_length=9, choices=CLASSES)
    status = models.CharField(max_length=6, choices=AccountStatus, default=AccountStatus.OPEN)
    # What its owner owes, for a wallet: every credit to the wallet repays that first, under the wallet's lock.
    owed = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="wallet")
    opened_at = models.DateTimeField()

    objects: ClassVar = AccountQuerySet.as_manager()

    class Meta:
        ordering = ("program", "code", "asset")
        constraints = (
            models.UniqueConstraint(name="ledger_account_once", fields=("program", "code", "asset")),
            # What entries point to, so that one across programs or assets can't be written.
            models.UniqueConstraint(name="ledger_account_in_its_books", fields=("program", "asset", "id")),
            models.CheckConstraint(name="ledger_account_role_is_known", condition=models.Q(role__in=list(chart.ROLES))),
            models.CheckConstraint(
                name="ledger_account_class_is_known",
                condition=models.Q(account_class__in=[name for name, _ in CLASSES]),
            ),
            models.CheckConstraint(
                name="ledger_account_status_is_known", condition=models.Q(status__in=AccountStatus.values)
            ),
            models.CheckConstraint(
                name="ledger_account_only_wallets_owe", condition=models.Q(owed=None) | models.Q(role="WALLET")
            ),
        )

    def __str__(self) -> str:
        return self.code

    @property
    def grows_by_debit(self) -> bool:
        """Whether a debit adds to it."""
        return chart.AccountClass(self.account_class).grows_by_debit

    @property
    def is_striped(self) -> bool:
        """Whether its balance is kept in several rows, and so without a running one."""
        return chart.ROLES[self.role].is_striped


class Balance(models.Model):
    """How much an account holds, in its normal direction: one row, or one for each stripe.

    Only posting changes it, under its lock, and with the entries that say why.
    """

    id = models.BigAutoField(primary_key=True)
    # What is unique below begins with it, and is its index.
    account = models.ForeignKey("ledger.Account", on_delete=models.PROTECT, related_name="balances", db_index=False)
    stripe = models.PositiveSmallIntegerField(default=0)
    stripes = models.PositiveSmallIntegerField(default=1)  # repeated, so that one statement finds and locks a stripe
    amount = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    version = models.BigIntegerField(default=0)  # how many entries made it
    floor = models.DecimalField(max_digits=38, decimal_places=18, null=True)  # repeated, so that a CHECK sees it
    booked_at = models.DateTimeField(null=True)  # the last of those entries

    class Meta:
        constraints = (
            models.UniqueConstraint(name="ledger_balance_once", fields=("account", "stripe")),
            models.CheckConstraint(
                name="ledger_balance_above_its_floor",
                condition=models.Q(floor=None) | models.Q(amount__gte=models.F("floor")),
            ),
            models.CheckConstraint(
                name="ledger_balance_floor_means_one_stripe", condition=models.Q(floor=None) | models.Q(stripes=1)
            ),
            models.CheckConstraint(
                name="ledger_balance_stripe_is_one_of_them", condition=models.Q(stripe__lt=models.F("stripes"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id}/{self.stripe}: {self.amount}"
