"""Put a batch before those who may agree to it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from affiliates.states import MethodState
from audit.operations import follow
from identity.models import User
from identity.operations import propose
from ledger.models import Asset
from ledger.money import plain
from payouts.errors import BatchIsEmpty, NotEnoughFloat, RailOutOfUse
from payouts.models import Payout, PayoutBatch
from payouts.operations.collect_due import require_draft
from payouts.operations.leave_out import leave_out
from payouts.operations.note_makers import note_makers
from payouts.operations.tell_payees import News, tell_payees
from payouts.queries.accounts import accounts_by_id, float_at
from payouts.queries.batches import ByRail, contents_of, had_a_hand, locked_batch, makers_of, totals_by_rail
from payouts.queries.flags import flags_of
from payouts.queries.sendable import HAS_MOVED
from payouts.states import BATCH_TRANSITIONS, BatchState, PayoutState, Role
from wallets.operations import lock_withdrawals
from wallets.queries.checking import require_reason
from wallets.states import RailAccountState

PAY_BATCH = "payouts.pay_batch"
STOPPED = "The withdrawal was stopped, or its wallet frozen, since it was put in."


@transaction.atomic
def submit_batch(
    batch_id: UUID, *, program_id: UUID, reason: str, waits_for_float: bool = False, by: User, at: datetime
) -> PayoutBatch:
    """Freeze a draft, and ask others to agree to exactly what is in it.

    Whoever can't be paid any more where they were to be paid is left out first. Nobody who had a hand in it has a vote.

    :raises UnknownBatch: if the program has no such batch.
    :raises BatchIsFrozen: if it is no draft.
    :raises BatchIsEmpty: if there is nothing to pay in it.
    :raises RailOutOfUse: if an account that it pays from is not in use.
    :raises NotEnoughFloat: if less is there than it pays, unless it ``waits_for_float``.
    :raises PolicyUnsatisfiable: if too few people could vote on it.
    """
    reason = require_reason(reason)
    batch = locked_batch(batch_id, program_id=program_id)
    require_draft(batch)
    _leave_out_who_moved(batch, at=at)
    rails = totals_by_rail(batch)
    if not rails:
        raise BatchIsEmpty
    _require_rails(rails, batch.asset, needs_float=not waits_for_float)

    tell_payees(list(batch.payouts.filter(state=PayoutState.READY)), News.SUBMITTED, at=at)
    note_makers(batch, [(by.pk, Role.SUBMITTED), *had_a_hand(batch, program=batch.program)], at=at)
    revision = batch.revision + 1
    contents = contents_of(batch, revision=revision)
    payload = {
        "batch": str(batch.pk), "number": batch.number, "revision": revision, "digest": contents.digest,
        "asset": batch.asset.code, "count": contents.count, "total": plain(contents.total),
        "withheld": plain(contents.withheld),
        "rails": [
            {"account": rail.account, "count": rail.count, "total": plain(rail.total),
             "fees": None if rail.fees is None else plain(rail.fees)}
            for rail in rails
        ],
        "flags": flags_of(batch, at=at),
    }  # fmt: skip
    batch.revision, batch.digest, batch.count, batch.total = revision, contents.digest, contents.count, contents.total
    batch.save(update_fields=("revision", "digest", "count", "total"))
    proposal = propose(
        PAY_BATCH, program=batch.program, payload=payload, reason=reason,
        subject=("payouts.payoutbatch", str(batch.pk)), amount=contents.total, asset_code=batch.asset.code,
        makers=makers_of(batch) - {by.pk}, by=by, at=at,
    )  # fmt: skip
    batch.proposal = proposal
    batch.save(update_fields=("proposal",))

    return follow(
        BATCH_TRANSITIONS, batch, to=BatchState.PENDING_APPROVAL, at=at, program_id=program_id,
        payload={"revision": revision, "digest": contents.digest, "proposal": str(proposal.pk)},
        values={"submitted_at": at, "submitted_by": by, "expires_at": proposal.expires_at},
    )  # fmt: skip


def _leave_out_who_moved(batch: PayoutBatch, *, at: datetime) -> None:
    ready = Payout.objects.locked().filter(batch=batch, state=PayoutState.READY)
    moved = ready.filter(method__isnull=False).exclude(method__state=MethodState.USABLE)
    leave_out(
        batch, list(moved), why="method_changed", reason="The payout method was retired since they were put in.",
        is_reserved=False, at=at,
    )  # fmt: skip
    withdrawn = list(ready.filter(withdrawal__isnull=False))
    # Behind its lock nobody cancels a withdrawal any more; one that was cancelled before is seen now.
    lock_withdrawals([payout.withdrawal_id for payout in withdrawn])
    stopped = ready.filter(HAS_MOVED, pk__in=[payout.pk for payout in withdrawn])
    leave_out(
        batch, list(stopped), why="withdrawal_stopped", reason=STOPPED, is_reserved=False, at=at,
    )  # fmt: skip


def _require_rails(rails: Sequence[ByRail], asset: Asset, *, needs_float: bool) -> None:
    accounts = accounts_by_id([rail.account_id for rail in rails if rail.account_id])
    for rail in rails:
        if rail.account_id is None:
            continue
        account = accounts[rail.account_id]
        if account.state != RailAccountState.ACTIVE:
            raise RailOutOfUse(account=account.name, state=account.get_state_display().lower())
        there = float_at(account, asset.pk)
        if needs_float and there < rail.total:
            raise NotEnoughFloat(account=account.name, asset=asset.code, there=plain(there), asked=plain(rail.total))
