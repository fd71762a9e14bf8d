"""Look up on their chains what members say they have paid."""

from collections import Counter
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone

from affiliates.models import Settlement
from affiliates.operations.confirm_settlements import Proof
from affiliates.operations.fail_settlement import fail_settlement
from affiliates.operations.settle_by_proof import settle_by_proof
from affiliates.queries.receipts import Verdict, asked_of, judge
from affiliates.states import SettlementSource, SettlementState
from audit.context import acting_as
from audit.errors import DomainError

log = structlog.get_logger("affiliates.receipts")

# While a worker asks the chain nobody else does; should it die, somebody does after this.
LEASE: Final = timedelta(minutes=2)
# A transaction that no block has after this long is taken for dropped; late proof is a fact all the same.
GIVEN_UP_AFTER: Final = timedelta(days=2)
_WAITS: Final = tuple(timedelta(seconds=seconds) for seconds in (15, 30, 60, 120, 300, 900))


def look_up_receipts(*, seconds_at_most: float) -> Counter[str]:
    """Ask the chains about what is due, one by one and outside of transactions, and say what came of how many."""
    came: Counter[str] = Counter()
    ends = monotonic() + seconds_at_most
    while monotonic() < ends:
        settlement = _take()
        if settlement is None:
            break
        with acting_as("worker", "settlements", program_id=settlement.program_id):
            verdict = judge(asked_of(settlement))
            came[_settle(settlement, verdict, at=timezone.now())] += 1
    return came


@transaction.atomic
def _take() -> Settlement | None:
    at = timezone.now()
    found = (
        Settlement.objects.locked(skip=True)
        .filter(due_at__lte=at, state=SettlementState.PENDING, source=SettlementSource.CHAIN)
        .select_related("asset", "member", "program")
        .order_by("due_at")
        .first()
    )
    if found is None:
        return None
    found.due_at, found.attempts = at + LEASE, min(found.attempts + 1, 30_000)
    found.save(update_fields=("due_at", "attempts"))
    return found


def _settle(settlement: Settlement, verdict: Verdict, *, at: datetime) -> str:
    """Write down what was seen; who has settled it meanwhile is not disturbed."""
    if verdict.transfer is not None:
        return _prove(settlement, verdict, at=at)
    if verdict.is_final or at > settlement.created_at + GIVEN_UP_AFTER:
        try:
            fail_settlement(settlement.pk, program_id=settlement.program_id, verdict=verdict.said, at=at)
        except DomainError as refusal:
            log.info("a settlement was decided meanwhile", settlement=str(settlement.pk), refusal=refusal.code)
        return "failed"
    wait = _WAITS[min(settlement.attempts, len(_WAITS)) - 1]
    Settlement.objects.filter(pk=settlement.pk, state=SettlementState.PENDING).update(
        due_at=at + wait, verdict=verdict.said[:500]
    )
    return "waiting"


def _prove(settlement: Settlement, verdict: Verdict, *, at: datetime) -> str:
    transfer = verdict.transfer
    assert transfer is not None
    proof = Proof(
        settlement_id=settlement.pk, program_id=settlement.program_id, occurred_at=min(transfer.mined_at, at),
        rail=transfer.rail, chain_id=settlement.chain_id, tx_hash=settlement.tx_hash, position=transfer.position,
        block_number=transfer.block_number,
    )  # fmt: skip
    with transaction.atomic():
        settle_by_proof(proof)
        # Should the intent die, the lookup comes round again.
        Settlement.objects.filter(pk=settlement.pk, state=SettlementState.PENDING).update(
            due_at=at + _WAITS[-1], verdict="Proven, and about to be settled."
        )
    return "proven"
