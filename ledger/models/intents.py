"""What somebody asked for, and how far it has come."""

from collections.abc import Iterable
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from uuid_utils.compat import uuid7

from identity.models import Membership, Program, User
from ledger.models.fields import UuidOrText
from ledger.models.transactions import KeyHash, key_hash
from ledger.states import IntentState


class IntentQuerySet(models.QuerySet["Intent"]):
    """Intents."""

    def for_user(self, user: User) -> "IntentQuerySet":
        """Those of the programs whose intents ``user`` may read."""
        return self.filter(program_id__in=Membership.objects.programs_where(user, "intent.read"))

    def locked(self) -> "IntentQuerySet":
        """Take the intents' locks."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")

    def passed_over(self) -> "IntentQuerySet":
        """Take the locks of those that nobody else has: who is at work on the others is left at it."""
        return self.select_for_update(no_key=True, of=("self",), skip_locked=True)

    def due(self, state: IntentState) -> "IntentQuerySet":
        """Those in ``state`` whose time has come, by the clock of the database."""
        return self.filter(state=state, due_at__lte=Now()).order_by("due_at")

    def holding(self, program_id: UUID, keys: Iterable[str]) -> "IntentQuerySet":
        """Those that hold the program's ``keys``; a dead one holds its key no more."""
        asked = list(keys)
        hashes = [key_hash(program_id, key) for key in asked]
        return self.alias(hash=KeyHash("program_id", "key")).filter(
            ~Q(state=IntentState.DEAD), hash__in=hashes, program_id=program_id, key__in=asked
        )

    def with_key(self, key: str) -> "IntentQuerySet":
        """Those asked for under ``key`` in whatever program, found through indexes; dead ones included."""
        hashes = Program.objects.order_by().annotate(hash=KeyHash("pk", models.Value(key, models.TextField())))
        holding = Intent.objects.alias(hash=KeyHash("program_id", "key")).filter(
            ~Q(state=IntentState.DEAD), hash__in=hashes.values("hash"), key=key
        )
        dead = Intent.objects.filter(state=IntentState.DEAD, key=key)
        return self.filter(pk__in=[*holding.values_list("pk", flat=True), *dead.values_list("pk", flat=True)])


class Intent(models.Model):
    """Something that is to be done once, for whom and under which key; workers carry it out."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program_id = models.UUIDField()
    key = models.CharField(max_length=255)
    kind = models.CharField(max_length=40)
    payload = models.JSONField()
    fingerprint = models.BinaryField(max_length=16)  # the first half of SHA-256 over kind and payload
    state = models.CharField(max_length=9, choices=IntentState, default=IntentState.PENDING)
    # Counted by the claim, before the work: what kills its worker uses its attempts up too.
    attempts = models.PositiveSmallIntegerField(default=0)
    # When somebody looks again, by the database's clock: a worker, the sweep for lost claims, the one for retries.
    due_at = models.DateTimeField(db_default=Now())
    lock_token = models.UUIDField(null=True)
    result = models.JSONField(null=True)
    error = models.JSONField(null=True)  # code, message and params of a refusal; of a fault only that it was one
    fault = models.CharField(max_length=500, blank=True)  # what staff read of it
    actor_type = models.CharField(max_length=40)
    actor_id = UuidOrText(max_length=200)
    correlation_id = UuidOrText(max_length=64)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar = IntentQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                KeyHash("program_id", "key"), name="ledger_intent_key_once", condition=~Q(state=IntentState.DEAD)
            ),
            models.CheckConstraint(name="ledger_intent_state_is_known", condition=Q(state__in=IntentState.values)),
            models.CheckConstraint(
                name="ledger_intent_is_claimed_while_locked",
                condition=Q(state=IntentState.LOCKED, lock_token__isnull=False)
                | Q(~Q(state=IntentState.LOCKED), lock_token__isnull=True),
            ),
            models.CheckConstraint(
                name="ledger_intent_ends_with_an_outcome",
                condition=Q(state=IntentState.COMPLETED, result__isnull=False, finished_at__isnull=False)
                | Q(state=IntentState.DEAD, error__isnull=False, finished_at__isnull=False)
                | Q(~Q(state__in=(IntentState.COMPLETED, IntentState.DEAD)), finished_at__isnull=True),
            ),
            models.CheckConstraint(name="ledger_intent_has_a_key", condition=~Q(key="")),
        )
        indexes = (
            # Workers and sweeps; what is dead stands there until a person has looked.
            models.Index(
                name="ledger_intent_due", fields=("state", "due_at"), condition=~Q(state=IntentState.COMPLETED)
            ),
            models.Index(name="ledger_intent_program", fields=("program_id", "-id")),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def is_over(self) -> bool:
        """Whether there is an outcome."""
        return self.state in (IntentState.COMPLETED, IntentState.DEAD)


class IntentTally(models.Model):
    """How many attempts of a kind came out so, ever: what a rate is computed from."""

    kind = models.CharField(max_length=40)
    outcome = models.CharField(max_length=9)
    count = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "intent tallies"
        constraints = (models.UniqueConstraint(name="ledger_intenttally_once", fields=("kind", "outcome")),)

    def __str__(self) -> str:
        return f"{self.kind} {self.outcome}: {self.count}"
