"""The proof that a row was sealed."""

from typing import Any

from audit import merkle, proofs
from audit.models import Seal, SealedRow
from audit.queries.tailing import rows_by_id
from audit.sources import SealSource


class NotSealed(LookupError):
    """Raised when a row has no seal yet, or is not there."""


class NotAsSealed(ValueError):
    """Raised when a row is no longer what was sealed: there is nothing to prove but that."""


def seal_of(source: SealSource, row_id: object) -> Seal | None:
    """Return the seal over a row, if there is one yet."""
    sealed = SealedRow.objects.filter(source=source.name, row_id=str(row_id)).select_related("seal").first()
    return sealed.seal if sealed else None


def proof_of(source: SealSource, row_id: object) -> dict[str, Any]:
    """Return the document that proves a row to whoever has the public key, and nothing else of ours.

    :raises NotSealed: if no seal is over the row.
    :raises NotAsSealed: if the row, or what is stored under its seal, was changed.
    """
    sealed = SealedRow.objects.filter(source=source.name, row_id=str(row_id)).select_related("seal").first()
    if sealed is None:
        raise NotSealed(f"{source.name} {row_id} is not sealed yet.")
    seal = sealed.seal
    row = rows_by_id(source, seal.version, [sealed.row_id]).get(sealed.row_id)
    leaves = [bytes(leaf) for leaf in seal.rows.order_by("position").values_list("leaf", flat=True)]
    if row is None or len(leaves) != seal.count or row.leaf != leaves[sealed.position]:
        raise NotAsSealed(f"{source.name} {row_id} is not what was sealed: run `manage.py audit_verify`.")

    path = merkle.audit_path(leaves, sealed.position)
    proof = proofs.make_proof(
        row=row.encoded, index=sealed.position, path=path, header=seal.header, signature=seal.signature
    )
    try:
        proofs.check_proof(proof)
    except proofs.BadProof as wrong:
        raise NotAsSealed(f"{wrong} Run `manage.py audit_verify`.") from wrong
    return proof
