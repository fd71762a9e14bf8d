"""Take money back in that was paid and came back."""

from datetime import datetime

from django.db import transaction

from affiliates import operations as affiliates
from audit.operations import follow
from ledger.movements import Movement, Posting
from ledger.operations import open_account, post
from payouts.models import Attempt, Payout
from payouts.operations.tell_payees import News, tell_payees
from payouts.queries.accounts import books_of, withholding_of
from payouts.queries.purses import Purses
from payouts.states import PAYOUT_TRANSITIONS, PayoutState
from wallets import operations as wallets
from wallets.rails import Applied, Ignored
from wallets.rails.sending import Told


@transaction.atomic
def take_return(attempt: Attempt, told: Told, *, at: datetime) -> Applied | Ignored:
    """Owe it again to whom it was paid, with what was withheld of it, by a row of its own; what was paid stays paid.

    Of one in parts each comes back for itself.
    """
    payout = Payout.objects.locked().select_related("asset", "program").get(pk=attempt.payout_id)
    if payout.state not in (PayoutState.PAID, PayoutState.RETURNED):
        return Ignored(f"the payout is {payout.get_state_display().lower()}")
    withdrawal = wallets.lock_withdrawals([payout.withdrawal_id]).get(payout.withdrawal_id)
    where = books_of(attempt.rail_account, payout.asset_id)
    owed_id = Purses([payout]).owed(payout)
    target = where.suspense_id if owed_id is None else owed_id
    movements = [Movement(where.clearing_id, target, attempt.amount)]
    if attempt.part.withheld:
        code, program = withholding_of(payout.program), payout.program
        taxed = open_account(code, program=program, asset_code=payout.asset.code, at=at).pk
        movements.append(Movement(taxed, target, attempt.part.withheld))
    booked = post(
        Posting(
            program_id=payout.program_id, key=f"payout:returned:{attempt.reference}", kind="PAYOUT_RETURNED",
            movements=tuple(movements),
            metadata={"payout": str(payout.pk), "reference": attempt.reference},
        )
    )  # fmt: skip
    if booked.is_replay:
        return Ignored("it came back before")
    if payout.affiliate_id is not None:
        affiliates.put_payout_right(
            payout.affiliate_id, program_id=payout.program_id, asset_id=payout.asset_id, amount=attempt.part.paid_for,
            reason=f"Payout {attempt.reference} came back.", booked_id=booked.id, at=at,
        )  # fmt: skip
    if withdrawal is not None:
        wallets.note_returned(withdrawal, booked_id=booked.id, at=at)
    if payout.state == PayoutState.PAID:
        tell_payees([payout], News.RETURNED, at=at)
        follow(
            PAYOUT_TRANSITIONS, payout, to=PayoutState.RETURNED, at=at, program_id=payout.program_id,
            payload={"reference": attempt.reference}, values={"reason": "It came back.", "why": "returned"},
        )  # fmt: skip
    return Applied({"payout": str(payout.pk)})
