"""Payments, and what is owed to somebody outside because of them."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User
from wallets.states import OutgoingState, PaymentMethod, PaymentState

_HAS_MOVED = (
    PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED, PaymentState.CHARGED_BACK,
)  # fmt: skip


class PaymentRecordQuerySet(models.QuerySet["PaymentRecord"]):
    """Payments."""

    def for_user(self, user: User) -> "PaymentRecordQuerySet":
        """Those of the programs whose books ``user`` may read, and ``user``'s own."""
        return self.filter(Q(program__in=Membership.objects.programs_where(user, "wallet.read")) | Q(party__user=user))

    def locked(self) -> "PaymentRecordQuerySet":
        """Take the payments' locks: behind those of wallets, before holds and balances."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class PaymentRecord(models.Model):
    """That somebody pays something, whatever with. There is no other payment in the house."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    method = models.CharField(max_length=6, choices=PaymentMethod)
    party = models.ForeignKey("identity.Party", on_delete=models.PROTECT, related_name="payments")
    wallet = models.ForeignKey("wallets.Wallet", null=True, on_delete=models.PROTECT, related_name="payments")
    asset = models.ForeignKey("ledger.Asset", on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    payee = models.ForeignKey("ledger.Account", on_delete=models.PROTECT, related_name="+")
    rail = models.CharField(max_length=64, blank=True)
    description = models.CharField(max_length=500, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=18, choices=PaymentState, default=PaymentState.PENDING)
    refunded = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    charged_back = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    receipt = models.CharField(max_length=200, blank=True)  # what the rail calls it, once it is proven
    wallet_transaction = models.OneToOneField(
        "wallets.WalletTransaction", null=True, on_delete=models.PROTECT, related_name="pays"
    )
    ledger_transaction = models.ForeignKey(
        "ledger.Transaction", null=True, on_delete=models.PROTECT, related_name="payments"
    )
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    objects: ClassVar = PaymentRecordQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="wallets_payment_key_once", fields=("program", "key")),
            models.UniqueConstraint(name="wallets_payment_in_program", fields=("id", "program")),
            # A receipt proves one payment.
            models.UniqueConstraint(
                name="wallets_payment_receipt_once", fields=("program", "rail", "receipt"), condition=~Q(receipt="")
            ),
            models.CheckConstraint(name="wallets_payment_state_is_known", condition=Q(state__in=PaymentState.values)),
            models.CheckConstraint(
                name="wallets_payment_method_is_known",
                condition=Q(method=PaymentMethod.WALLET, wallet__isnull=False, rail="")
                | (Q(method=PaymentMethod.DIRECT, wallet_transaction=None) & ~Q(rail="")),
            ),
            models.CheckConstraint(
                name="wallets_payment_refunds_what_was_paid",
                condition=Q(amount__gt=0, refunded__gte=0, charged_back__gte=0, refunded__lte=F("amount")),
            ),
            models.CheckConstraint(
                name="wallets_payment_refunded_as_it_says",
                condition=~Q(state__in=(PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED))
                | Q(state=PaymentState.PARTIALLY_REFUNDED, refunded__gt=0)
                | Q(state=PaymentState.REFUNDED, refunded=F("amount")),
            ),
            models.CheckConstraint(
                name="wallets_payment_paid_is_booked",
                condition=~Q(state__in=_HAS_MOVED)
                | (
                    Q(ledger_transaction__isnull=False, paid_at__isnull=False)
                    & (Q(method=PaymentMethod.DIRECT) | Q(wallet_transaction__isnull=False))
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_state_display()} payment {self.key}"

    @property
    def left(self) -> Decimal:
        """How much of it can still be refunded."""
        return self.amount - self.refunded


class OutgoingQuerySet(models.QuerySet["Outgoing"]):
    """What goes out."""

    def for_user(self, user: User) -> "OutgoingQuerySet":
        """Those of the programs whose books ``user`` may read."""
        return self.filter(program__in=Membership.objects.programs_where(user, "wallet.read"))

    def locked(self) -> "OutgoingQuerySet":
        """Take their locks."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class Outgoing(models.Model):
    """Money owed to somebody outside, kept in an account of its own until it is paid through a rail."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    asset = models.ForeignKey("ledger.Asset", on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    account = models.OneToOneField("ledger.Account", on_delete=models.PROTECT, related_name="+")
    payment = models.ForeignKey("wallets.PaymentRecord", on_delete=models.PROTECT, related_name="outgoings")
    rail = models.CharField(max_length=64)
    # Where it goes, once somebody has said so: a payment does not always tell where it came from.
    destination = models.CharField(max_length=120, blank=True)
    holder = models.CharField(max_length=120, blank=True)
    addressed_by = models.CharField(max_length=250, blank=True)
    ledger_transaction = models.ForeignKey("ledger.Transaction", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=OutgoingState, default=OutgoingState.REQUESTED)
    requested_at = models.DateTimeField()

    objects: ClassVar = OutgoingQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "outgoing"
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="wallets_outgoing_key_once", fields=("program", "key")),
            models.UniqueConstraint(name="wallets_outgoing_in_program", fields=("id", "program")),
            models.CheckConstraint(name="wallets_outgoing_amount_is_above_zero", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="wallets_outgoing_state_is_known", condition=Q(state__in=OutgoingState.values)),
        )

    def __str__(self) -> str:
        return f"outgoing:{self.pk}"
