"""Begin to send what was agreed on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.operations import follow
from identity.models import Proposal
from ledger import money
from payouts import rules
from payouts.errors import RailOutOfUse
from payouts.models import Part, Payout, PayoutBatch
from payouts.operations.approve_batch import agreed_batch
from payouts.operations.hold_back import PAYEE_CHANGED, hold_back
from payouts.operations.pull_brake import fit_brakes
from payouts.queries.accounts import accounts_by_id, payer_of
from payouts.queries.sendable import HAS_MOVED
from payouts.states import BATCH_TRANSITIONS, BatchState, PayoutState
from wallets.queries.senders import unit_of
from wallets.rails.sending import Limits
from wallets.states import RailAccountState


def start_batch(proposal: Proposal, at: datetime) -> Mapping[str, Any]:
    """Cut what is paid into what the rails take, and let it go. It is called when the proposal is carried out.

    :raises BatchChanged: if what is in the batch is not what was agreed on.
    :raises RailOutOfUse: if an account that it pays from is not in use.
    """
    batch = agreed_batch(proposal)
    accounts = accounts_by_id(
        set(batch.payouts.filter(rail_account__isnull=False).values_list("rail_account", flat=True))
    )
    for account in accounts.values():
        if account.state != RailAccountState.ACTIVE:
            raise RailOutOfUse(account=account.name, state=account.get_state_display().lower())
    ready = list(Payout.objects.locked().filter(batch=batch, state=PayoutState.READY))
    unit = unit_of(batch.asset)
    limits = {pk: payer_of(account).limits(unit) for pk, account in accounts.items()}
    parts = [part for payout in ready for part in _parts_of(payout, limits, scale=batch.asset.payable_scale)]
    Part.objects.bulk_create(parts, batch_size=2_000)
    fit_brakes(batch.program, at=at)

    follow(
        BATCH_TRANSITIONS, batch, to=BatchState.PROCESSING, at=at, program_id=batch.program_id,
        payload={"payouts": len(ready), "parts": len(parts)}, values={"started_at": at},
    )  # fmt: skip
    held = _hold_who_moved(batch, at=at)
    return {"payouts": len(ready), "held": held}


def _parts_of(payout: Payout, limits: Mapping[UUID, Limits], *, scale: int) -> list[Part]:
    """Return what the rail takes of a payout, each with its own part of what is withheld."""
    limit = None
    if payout.rail_account_id and payout.withdrawal_id is None:  # which is one line of a wallet, and goes whole
        limit = limits.get(payout.rail_account_id)
    amounts = rules.parts_of(payout.amount, least=limit.least, most=limit.most) if limit else [payout.amount]
    withheld = money.allocate(payout.withheld, weights=amounts, scale=scale) if payout.withheld else None
    return [
        Part(
            program_id=payout.program_id, payout=payout, number=number + 1, amount=amount,
            withheld=withheld[number] if withheld else money.ZERO,
        )
        for number, amount in enumerate(amounts)
    ]  # fmt: skip


def _hold_who_moved(batch: PayoutBatch, *, at: datetime) -> int:
    """Hold back whoever is not who they were when others agreed, and return how many that are."""
    moved = list(Payout.objects.locked().filter(HAS_MOVED, batch=batch, state=PayoutState.READY))
    hold_back([(payout, PAYEE_CHANGED) for payout in moved], at=at)
    return len(moved)
