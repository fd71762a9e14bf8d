"""What shows that a batch was agreed to: what was in it, who had a hand in it, and who voted."""

from typing import Any

from ledger.money import plain
from payouts.models import BatchMaker, PayoutBatch
from payouts.queries.batches import items_of, withheld_of


def proof_of(batch: PayoutBatch) -> dict[str, Any]:
    """Return all that the digest is of, in the form that it is taken of, and the votes on it.

    Whoever has this can work the digest out again: SHA-256 of the JSON of asset, batch, items and revision, with sorted
    keys and no spaces.
    """
    proposal = batch.proposal
    makers = BatchMaker.objects.filter(batch=batch).select_related("user").order_by("pk")
    votes = proposal.votes.select_related("by").order_by("at") if proposal else ()
    items = sorted(items_of(batch), key=lambda item: item.payee)
    return {
        "batch": str(batch.pk),
        "number": batch.number,
        "program": batch.program.slug,
        "asset": batch.asset.code,
        "revision": batch.revision,
        "digest": batch.digest,
        "state": batch.state,
        "count": len(items),
        "total": plain(batch.total),
        "withheld": plain(withheld_of(batch)),
        "items": [item.listed() for item in items],
        "makers": [
            {"person": str(maker.user_id), "name": maker.user.name, "role": maker.role, "at": maker.at.isoformat()}
            for maker in makers
        ],
        "proposal": None if proposal is None else {
            "id": str(proposal.pk), "revision": proposal.revision, "digest": proposal.digest, "state": proposal.state,
            "reason": proposal.reason, "votes_needed": proposal.votes_needed,
        },
        "votes": [
            {"person": str(vote.by_id), "name": vote.by.name, "decision": vote.decision, "comment": vote.comment,
             "revision": vote.revision, "digest": vote.digest, "at": vote.at.isoformat()}
            for vote in votes
        ],
    }  # fmt: skip
