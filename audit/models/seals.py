"""Seals: signed roots over what was stored, each naming the one before it, and the hash of every row under them."""

from typing import Any, ClassVar

from django.db import models

from audit import merkle, proofs


class SealQuerySet(models.QuerySet["Seal"]):
    """Seals."""

    def head(self) -> "Seal | None":
        """The last seal."""
        return self.order_by("-number").first()


class Seal(models.Model):
    """A signed root over some rows of one source; all seals of the house stand in one chain."""

    number = models.BigIntegerField(primary_key=True)
    source = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    epoch = models.PositiveIntegerField()
    # Which database wrote it: a restore changes one of these, and opens another epoch.
    system_identifier = models.CharField(max_length=40)
    timeline = models.BigIntegerField()
    first_transaction_id = models.BigIntegerField()
    first_row_id = models.CharField(max_length=64)
    last_transaction_id = models.BigIntegerField()
    last_row_id = models.CharField(max_length=64)
    count = models.PositiveIntegerField()
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)
    signature = models.CharField(max_length=128)
    # To tell keys apart and to write proofs; which keys are believed is said outside the database.
    key_id = models.CharField(max_length=16)
    public_key = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    objects: ClassVar = SealQuerySet.as_manager()

    is_final: ClassVar = True

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.CheckConstraint(name="audit_seal_number_counts_from_one", condition=models.Q(number__gte=1)),
            models.CheckConstraint(name="audit_seal_holds_rows", condition=models.Q(count__gte=1)),
            models.CheckConstraint(name="audit_seal_epoch_counts_from_one", condition=models.Q(epoch__gte=1)),
        )
        indexes = (
            # Where sealing of a source goes on.
            models.Index(name="audit_seal_source", fields=("source", "-number")),
        )

    def __str__(self) -> str:
        return f"Seal {self.number}"

    @property
    def header(self) -> dict[str, Any]:
        """What is hashed and signed."""
        return {
            "format": proofs.SEAL_FORMAT,
            "number": self.number,
            "epoch": self.epoch,
            "system_identifier": self.system_identifier,
            "timeline": self.timeline,
            "source": self.source,
            "version": self.version,
            "first": [self.first_transaction_id, self.first_row_id],
            "last": [self.last_transaction_id, self.last_row_id],
            "count": self.count,
            "root": self.root,
            "previous": self.previous,
            "sealed_at": merkle.instant(self.sealed_at),
            "public_key": self.public_key,
        }


class SealedRow(models.Model):
    """The hash of one sealed row, and its place under the seal."""

    id = models.BigAutoField(primary_key=True)
    source = models.CharField(max_length=40)
    row_id = models.CharField(max_length=64)
    leaf = models.BinaryField(max_length=merkle.HASH_BYTES)
    seal = models.ForeignKey("audit.Seal", on_delete=models.PROTECT, related_name="rows", db_index=False)
    position = models.PositiveIntegerField()

    objects: ClassVar = models.Manager()

    is_final: ClassVar = True

    class Meta:
        ordering = ("seal", "position")
        constraints = (
            # Nothing is sealed twice.
            models.UniqueConstraint(name="audit_sealedrow_once", fields=("source", "row_id")),
            models.UniqueConstraint(name="audit_sealedrow_place", fields=("seal", "position")),
        )

    def __str__(self) -> str:
        return f"{self.source} {self.row_id}"
