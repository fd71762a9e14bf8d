"""What is paid in a batch: to whom, out of which rows, and in how many parts."""

from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from identity.models import Membership, User
from ledger.money import exactly
from payouts.states import OPEN, PayeeType, PayoutState


class PayoutQuerySet(models.QuerySet["Payout"]):
    """Payouts."""

    def for_user(self, user: User) -> "PayoutQuerySet":
        """Those of the programs whose payouts ``user`` may read, and those to ``user``."""
        everywhere = Membership.objects.programs_where(user, "payout.read")
        own = Membership.objects.programs_with_own(user, "payout.read")
        return self.filter(Q(program__in=everywhere) | Q(affiliate__user=user, program__in=own))

    def locked(self, *, skip: bool = False) -> "PayoutQuerySet":
        """Take their locks, or leave out those that somebody works on: behind the batch's, before commissions'."""
        return self.select_for_update(no_key=True, of=("self",), skip_locked=skip).order_by("pk")

    def open(self) -> "PayoutQuerySet":
        """Those that may still be paid."""
        return self.filter(state__in=OPEN)


class Payout(models.Model):
    """What one payee gets of a batch. Where it goes is written down when it is put in, and does not change.

    ``gross`` is what was due: ``amount`` is what is sent of it, ``withheld`` is tax, and ``carried`` is what the rail
    can't carry, which stays due. One that is left out says why, and its amount is what would be due.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+", db_index=False)
    batch = models.ForeignKey(
        "payouts.PayoutBatch", on_delete=models.PROTECT, related_name="payouts", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    payee_type = models.CharField(max_length=10, choices=PayeeType)
    affiliate = models.ForeignKey(
        "affiliates.Affiliate", null=True, on_delete=models.PROTECT, related_name="payouts", db_constraint=False
    )
    outgoing = models.ForeignKey(
        "wallets.Outgoing", null=True, on_delete=models.PROTECT, related_name="payouts", db_constraint=False
    )
    withdrawal = models.ForeignKey(
        "wallets.Withdrawal", null=True, on_delete=models.PROTECT, related_name="payouts", db_constraint=False
    )
    asset = models.ForeignKey("ledger.Asset", on_delete=models.PROTECT, related_name="+", db_index=False)
    gross = models.DecimalField(max_digits=38, decimal_places=18)
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    withheld = models.DecimalField(max_digits=38, decimal_places=18, default=0, db_default=0)
    carried = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    # How what is withheld came about: of what, at which rate, and what that is before it was rounded half-even.
    withheld_base = models.DecimalField(max_digits=38, decimal_places=18, default=0, db_default=0)
    withheld_rate = models.DecimalField(max_digits=9, decimal_places=6, default=0, db_default=0)
    withheld_exact = models.DecimalField(max_digits=44, decimal_places=24, default=0, db_default=0)
    fee = models.DecimalField(max_digits=38, decimal_places=18, null=True)  # what sending it is expected to cost
    # Where it goes. A wallet of this house has no rail account.
    rail_account = models.ForeignKey(
        "wallets.RailAccount", null=True, on_delete=models.PROTECT, related_name="payouts", db_constraint=False
    )
    method = models.ForeignKey(
        "affiliates.PayoutMethod", null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    destination_kind = models.CharField(max_length=6, blank=True)
    destination = models.CharField(max_length=120, blank=True)
    holder = models.CharField(max_length=120, blank=True)
    destination_digest = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=8, choices=PayoutState, default=PayoutState.READY)
    why = models.CharField(max_length=40, blank=True)  # a code, of what is left out, held or failed
    reason = models.CharField(max_length=500, blank=True)  # the same in words
    clears_at = models.DateTimeField(null=True)  # when what it is left out for goes away by itself
    retry_at = models.DateTimeField(null=True)  # since when somebody wants a failed one sent again
    receipt = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar = PayoutQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="payouts_payout_in_program", fields=("id", "program")),
            models.UniqueConstraint(
                name="payouts_payout_affiliate_once",
                fields=("batch", "affiliate"),
                condition=Q(affiliate__isnull=False),
            ),
            models.UniqueConstraint(
                name="payouts_payout_outgoing_once", fields=("batch", "outgoing"), condition=Q(outgoing__isnull=False)
            ),
            # What is owed once is in one payout that may be paid.
            models.UniqueConstraint(
                name="payouts_payout_outgoing_live_once",
                fields=("outgoing",),
                condition=Q(outgoing__isnull=False)
                & ~Q(state__in=(PayoutState.EXCLUDED, PayoutState.RELEASED, PayoutState.RETURNED)),
            ),
            models.UniqueConstraint(
                name="payouts_payout_withdrawal_once",
                fields=("batch", "withdrawal"),
                condition=Q(withdrawal__isnull=False),
            ),
            # Given up or come back, a withdrawal has ended: its owner takes out another.
            models.UniqueConstraint(
                name="payouts_payout_withdrawal_live_once",
                fields=("withdrawal",),
                condition=Q(withdrawal__isnull=False) & ~Q(state=PayoutState.EXCLUDED),
            ),
            models.CheckConstraint(
                name="payouts_payout_has_one_payee",
                condition=Q(payee_type=PayeeType.AFFILIATE, affiliate__isnull=False, outgoing=None, withdrawal=None)
                | Q(payee_type=PayeeType.OUTGOING, affiliate=None, outgoing__isnull=False, withdrawal=None)
                | Q(payee_type=PayeeType.WITHDRAWAL, affiliate=None, outgoing=None, withdrawal__isnull=False),
            ),
            models.CheckConstraint(name="payouts_payout_state_is_known", condition=Q(state__in=PayoutState.values)),
            models.CheckConstraint(
                name="payouts_payout_goes_somewhere",
                condition=Q(state=PayoutState.EXCLUDED)
                | (
                    Q(amount__gt=0, carried__gte=0)
                    & ~Q(destination="")
                    & (Q(rail_account__isnull=False) | Q(destination_kind="WALLET"))
                ),
            ),
            models.CheckConstraint(
                name="payouts_payout_adds_up",
                condition=Q(gross=F("amount") + F("withheld") + F("carried")),
            ),
            models.CheckConstraint(
                name="payouts_payout_withheld_by_a_rate",
                condition=Q(withheld=0, withheld_base=0, withheld_rate=0, withheld_exact=0)
                | Q(
                    payee_type=PayeeType.AFFILIATE,
                    withheld__gte=0,
                    withheld_rate__gt=0,
                    withheld_rate__lte=1,
                    withheld_base=F("amount") + F("withheld"),
                    withheld_exact=F("withheld_base") * F("withheld_rate"),
                ),
            ),
            models.CheckConstraint(
                name="payouts_payout_says_why",
                condition=~Q(state__in=(PayoutState.EXCLUDED, PayoutState.HELD, PayoutState.FAILED)) | ~Q(reason=""),
            ),
        )
        indexes = (
            models.Index(name="payouts_payout_of_batch", fields=("batch", "state", "id")),
            models.Index(name="payouts_payout_listed", fields=("program", "state", "-id")),
            # What a dispatcher takes next.
            models.Index(
                name="payouts_payout_to_send",
                fields=("rail_account", "id"),
                condition=Q(state=PayoutState.READY) | Q(state=PayoutState.FAILED, retry_at__isnull=False),
            ),
            models.Index(
                name="payouts_payout_receipt", fields=("program", "receipt"), condition=~Q(receipt="")
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"Payout {self.key}"

    @property
    def payee_id(self) -> UUID:
        """Whom it is for, as keys say it."""
        payee = self.affiliate_id or self.outgoing_id or self.withdrawal_id
        assert payee is not None, "a constraint holds that there is one"
        return payee

    @property
    def paid_for(self) -> Decimal:
        """What is paid: what is sent, and what is withheld of it."""
        with exactly():
            return self.amount + self.withheld

    @property
    def masked(self) -> str:
        """What is shown of where it goes: enough to know one's own."""
        return f"{self.destination[:4]}…{self.destination[-4:]}" if len(self.destination) > 10 else self.destination

    @property
    def key(self) -> str:
        """What it is called in the books."""
        return f"PAYOUT:{self.batch_id}:{self.payee_id}"


class PayoutLine(models.Model):
    """A row of what an affiliate earned that a payout pays; ``is_live`` until the payout is given up."""

    id = models.BigAutoField(primary_key=True)
    program = models.ForeignKey(
        "identity.Program", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="lines", db_constraint=False)
    commission = models.ForeignKey(
        "affiliates.Commission", on_delete=models.PROTECT, related_name="payout_lines", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    is_live = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(name="payouts_line_live_once", fields=("commission",), condition=Q(is_live=True)),
        )
        indexes = (models.Index(name="payouts_line_of_commission", fields=("commission",)),)

    def __str__(self) -> str:
        return str(self.commission_id)


class Part(models.Model):
    """A part of a payout that a rail takes in one go; most payouts have one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+", db_index=False)
    payout = models.ForeignKey(
        Payout, on_delete=models.PROTECT, related_name="parts", db_constraint=False, db_index=False
    )
    number = models.PositiveSmallIntegerField()
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    withheld = models.DecimalField(max_digits=38, decimal_places=18, default=0, db_default=0)
    paid_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("payout_id", "number")
        constraints = (
            models.UniqueConstraint(name="payouts_part_in_program", fields=("id", "program")),
            models.UniqueConstraint(name="payouts_part_once", fields=("payout", "number")),
            models.CheckConstraint(name="payouts_part_is_something", condition=Q(amount__gt=0, number__gte=1)),
            models.CheckConstraint(name="payouts_part_withheld_is_none_back", condition=Q(withheld__gte=0)),
        )

    def __str__(self) -> str:
        return f"part {self.number}"

    @property
    def paid_for(self) -> Decimal:
        """What is paid with it: what is sent, and what is withheld of it."""
        with exactly():
            return self.amount + self.withheld
