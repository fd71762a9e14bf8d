"""What members bring: claims that something was paid, settlements that were proven, and what was taken back."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from affiliates.states import RECOGNISED, ClaimState, SettlementSource, SettlementState
from identity.models import Membership, User

_HASH = r"^0x[0-9a-f]{64}$"


class SettlementQuerySet(models.QuerySet["Settlement"]):
    """Settlements."""

    def for_user(self, user: User) -> "SettlementQuerySet":
        """Those of the programs whose settlements ``user`` may read."""
        return self.filter(program__in=Membership.objects.programs_where(user, "settlement.read"))

    def locked(self, *, skip: bool = False) -> "SettlementQuerySet":
        """Take their locks, or leave out those that somebody works on."""
        return self.select_for_update(no_key=True, of=("self",), skip_locked=skip).order_by("pk")

    def recognised(self) -> "SettlementQuerySet":
        """Those that the books know."""
        return self.filter(state__in=RECOGNISED)


class Settlement(models.Model):
    """What a member paid the program. It counts once it is proven, and a receipt proves one.

    ``affiliate`` and ``parent`` are who earns from it, as they stood when it was paid.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey(
        "identity.Program", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    member = models.ForeignKey(
        "affiliates.Member", on_delete=models.PROTECT, related_name="settlements", db_constraint=False
    )
    affiliate = models.ForeignKey(
        "affiliates.Affiliate",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    parent = models.ForeignKey(
        "affiliates.Affiliate",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    asset = models.ForeignKey("ledger.Asset", on_delete=models.PROTECT, related_name="+", db_index=False)
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    reversed_amount = models.DecimalField(max_digits=38, decimal_places=18, default=Decimal(0))
    source = models.CharField(max_length=8, choices=SettlementSource)
    # What told of it: a claim, a charge, a line of a file, an event of a provider.
    source_event = models.CharField(max_length=200)
    rail = models.CharField(max_length=40, blank=True)  # where the money came in, as the books call it
    chain_id = models.PositiveBigIntegerField(null=True)
    tx_hash = models.CharField(max_length=66, blank=True)
    # Where in the transaction: 0 is the coin that it carries, its logs are counted from 1. It stays what it is when the
    # transaction comes to stand in another block.
    position = models.PositiveIntegerField(null=True)
    block_number = models.PositiveBigIntegerField(null=True)
    rail_event = models.UUIDField(null=True)  # which proved it, where a provider did
    state = models.CharField(max_length=18, choices=SettlementState, default=SettlementState.PENDING)
    occurred_at = models.DateTimeField(null=True)  # when it was paid, once that is known
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)  # when the proof was last looked at
    due_at = models.DateTimeField(null=True)  # when the proof is looked for next
    attempts = models.PositiveSmallIntegerField(default=0)
    verdict = models.CharField(max_length=500, blank=True)
    ledger_transaction = models.ForeignKey(
        "ledger.Transaction", on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )

    objects: ClassVar = SettlementQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="affiliates_settlement_in_program", fields=("id", "program")),
            models.UniqueConstraint(name="affiliates_settlement_once", fields=("program", "source_event")),
            # A receipt settles once, in whichever program.
            models.UniqueConstraint(
                name="affiliates_settlement_receipt_once",
                fields=("chain_id", "tx_hash", "position"),
                condition=Q(chain_id__isnull=False, confirmed_at__isnull=False),
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="affiliates_settlement_amount_is_above_zero", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="affiliates_settlement_state_is_known", condition=Q(state__in=SettlementState.values)
            ),
            models.CheckConstraint(
                name="affiliates_settlement_source_is_known", condition=Q(source__in=SettlementSource.values)
            ),
            models.CheckConstraint(
                name="affiliates_settlement_hash_is_one", condition=Q(tx_hash="") | Q(tx_hash__regex=_HASH)
            ),
            models.CheckConstraint(
                name="affiliates_settlement_on_a_chain_names_it",
                condition=~Q(source=SettlementSource.CHAIN) | (Q(chain_id__isnull=False) & ~Q(tx_hash="")),
            ),
            # The state is what was taken back of it; and what is confirmed is in the books.
            models.CheckConstraint(
                name="affiliates_settlement_is_what_is_left",
                condition=Q(
                    state__in=(SettlementState.PENDING, SettlementState.FAILED), reversed_amount=0, confirmed_at=None,
                    ledger_transaction=None,
                )
                | Q(confirmed_at__isnull=False, ledger_transaction__isnull=False, occurred_at__isnull=False)
                & (
                    Q(state=SettlementState.CONFIRMED, reversed_amount=0)
                    | Q(
                        state=SettlementState.PARTIALLY_REVERSED, reversed_amount__gt=0, reversed_amount__lt=F("amount")
                    )
                    | Q(state=SettlementState.REVERSED, reversed_amount=F("amount"))
                ),
            ),
        )  # fmt: skip
        indexes = (
            models.Index(name="affiliates_settlement_due", fields=("due_at",), condition=Q(due_at__isnull=False)),
            models.Index(name="affiliates_settlement_of", fields=("affiliate", "-id")),
            models.Index(name="affiliates_settlement_listed", fields=("program", "state", "-id")),
            models.Index(name="affiliates_settlement_by_hash", fields=("tx_hash",), condition=~Q(tx_hash="")),
        )

    def __str__(self) -> str:
        return self.source_event

    @property
    def is_recognised(self) -> bool:
        """Whether the books know it."""
        return self.state in RECOGNISED


class Reversal(models.Model):
    """What was taken back of a settlement, or, below zero, won back again. Rows are only added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey(
        "identity.Program", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="reversals", db_constraint=False)
    key = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    reversed_after = models.DecimalField(max_digits=38, decimal_places=18)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()
    ledger_transaction = models.ForeignKey(
        "ledger.Transaction", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )

    is_final: ClassVar = True

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="affiliates_reversal_in_program", fields=("id", "program")),
            models.UniqueConstraint(name="affiliates_reversal_once", fields=("program", "key")),
            models.CheckConstraint(
                name="affiliates_reversal_moves_something", condition=~Q(amount=0) & Q(reversed_after__gte=0)
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} of {self.settlement_id}"


class ClaimQuerySet(models.QuerySet["Claim"]):
    """Claims."""

    def for_user(self, user: User) -> "ClaimQuerySet":
        """Those of the programs whose claims ``user`` may read, and their own."""
        everywhere = Membership.objects.programs_where(user, "claim.read")
        own = Membership.objects.programs_with_own(user, "claim.read")
        return self.filter(Q(program__in=everywhere) | Q(member__user=user, program__in=own))

    def locked(self) -> "ClaimQuerySet":
        """Take their locks."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class Claim(models.Model):
    """A member says that they paid, and where it can be seen."""

    id = models.UUIDField(primary_key=True, editable=False)  # of its natural key: it is told before the row is there
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(
        "affiliates.Member", on_delete=models.PROTECT, related_name="claims", db_constraint=False
    )
    reference = models.CharField(max_length=80)
    asset = models.ForeignKey("ledger.Asset", on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=38, decimal_places=18)
    chain_id = models.PositiveBigIntegerField()
    tx_hash = models.CharField(max_length=66)
    note = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=9, choices=ClaimState, default=ClaimState.REQUESTED)
    reason = models.CharField(max_length=500, blank=True)
    settlement = models.OneToOneField(
        Settlement, on_delete=models.PROTECT, null=True, related_name="claim", db_constraint=False
    )
    requested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=250, blank=True)

    objects: ClassVar = ClaimQuerySet.as_manager()

    class Meta:
        ordering = ("-requested_at", "-id")
        constraints = (
            models.UniqueConstraint(name="affiliates_claim_once", fields=("member", "reference")),
            models.CheckConstraint(name="affiliates_claim_amount_is_above_zero", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="affiliates_claim_state_is_known", condition=Q(state__in=ClaimState.values)),
            models.CheckConstraint(
                name="affiliates_claim_settles_with_a_settlement",
                condition=Q(state=ClaimState.REQUESTED, settlement=None)
                | Q(state=ClaimState.REJECTED)
                | Q(state__in=(ClaimState.APPROVED, ClaimState.SETTLED), settlement__isnull=False),
            ),
        )
        indexes = (models.Index(name="affiliates_claim_queue", fields=("program", "state", "-requested_at")),)

    def __str__(self) -> str:
        return self.reference
