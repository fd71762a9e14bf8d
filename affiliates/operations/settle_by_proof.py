"""Have a settlement settled that was proven."""

from affiliates.operations.confirm_settlements import Proof
from affiliates.queries.keys import SETTLEMENT, proof_key
from ledger.models import Intent
from ledger.operations import create_intents
from ledger.operations.create_intents import Wanted


def settle_by_proof(proof: Proof) -> Intent:
    """Ask for it: a worker settles many at once. Asked twice, it is asked once.

    :raises IntentKeyConflict: if it was proven otherwise before.
    """
    return create_intents([asked_by(proof)])[0].intent


def asked_by(proof: Proof) -> Wanted:
    """Return what a proof asks for."""
    payload = {
        "settlement": str(proof.settlement_id), "occurred_at": proof.occurred_at.isoformat(), "rail": proof.rail,
        "chain_id": proof.chain_id, "tx_hash": proof.tx_hash, "position": proof.position,
        "block_number": proof.block_number, "rail_event": proof.rail_event and str(proof.rail_event),
    }  # fmt: skip
    key = proof_key(proof.settlement_id)
    return Wanted(kind=SETTLEMENT, program_id=proof.program_id, key=key, payload=payload)
