"""Write down what is about to be sent, before any rail hears of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from audit.operations import follow_many
from audit.operations.follow_many import Step
from ledger.errors import PostingRefused
from ledger.movements import Movement, Posting
from ledger.operations import post_many
from payouts.models import Attempt, Desk, Payout
from payouts.operations.hold_back import PAYEE_CHANGED, hold_back
from payouts.operations.lease_desk import holds_desk
from payouts.operations.require_running import require_running
from payouts.operations.tell_payees import News, tell_payees
from payouts.queries.accounts import books_of
from payouts.queries.sendable import Wanted, lock_to_send, open_parts, order_of
from payouts.states import PAYOUT_TRANSITIONS, PayoutState
from wallets.models import RailAccount
from wallets.operations import lock_withdrawals
from wallets.rails.sending import Desk as RailDesk
from wallets.rails.sending import Order, Payer, Survey

FLOAT = "There is not enough money at the rail."

Named = Mapping[str, Wanted]  # by the references that they are sent under


@transaction.atomic
def store_attempts(
    account: RailAccount, named: Named, *, payer: Payer, rail_desk: RailDesk, survey: Survey, holder: str, at: datetime
) -> list[Attempt]:  # fmt: skip
    """Store an attempt at each part that can still be sent, and book it as in flight: all of it, before any call.

    What there is no money for at the rail stays as it is. A payee who is not who they were is held.

    :raises Stopped: if everything is stopped.
    """
    require_running(account.program_id)
    desk = Desk.objects.locked().get(pk=account.pk)
    if not holds_desk(desk, holder=holder, at=at):
        return []
    locked = lock_to_send([each.payout.pk for each in named.values()], account, at=at)
    payouts = {pk: each.payout for pk, each in locked.items()}
    lock_withdrawals([payout.withdrawal_id for payout in payouts.values()])
    moved = [(each.payout, PAYEE_CHANGED) for each in locked.values() if each.has_moved]
    refused = {
        named[reference].payout.pk: (answer.code, answer.reason)
        for reference, answer in survey.refused.items()
        if reference in named
    }
    unsendable = [(payouts[pk], why) for pk, why in refused.items() if pk in payouts and not locked[pk].has_moved]
    hold_back([*moved, *unsendable], at=at)
    held = {payout.pk for payout, _ in (*moved, *unsendable)}
    still_open = {part.pk for part in open_parts([payout for pk, payout in payouts.items() if pk not in held])}
    sendable = {reference: each for reference, each in named.items() if each.part.pk in still_open}

    sent = _take_from_float(account, sendable)
    _wait(desk, FLOAT if len(sent) < len(sendable) else "", at=at)
    _follow_to_sending([payouts[pk] for pk in {each.payout.pk for each in sent.values()}], at=at)
    return _write(account, sent, payer=payer, rail_desk=rail_desk, survey=survey, desk=desk, at=at)


def _take_from_float(account: RailAccount, sendable: Named) -> dict[str, Wanted]:
    """Book each as in flight, as far as there is money for it at the rail, and return those that were."""
    if not sendable:
        return {}
    assets = {each.payout.asset_id for each in sendable.values()}
    books = {asset_id: books_of(account, asset_id) for asset_id in assets}
    postings = []
    for reference, each in sendable.items():
        where = books[each.payout.asset_id]
        postings.append(
            Posting(
                program_id=account.program_id, key=f"payout:sent:{reference}", kind="PAYOUT_SENT",
                movements=(Movement(where.in_flight_id, where.float_id, each.part.amount),),
                memo=f"Payout B{each.payout.batch.number}",
                metadata={"payout": str(each.payout.pk), "reference": reference},
            )
        )  # fmt: skip
    outcomes = post_many(postings, each=True)
    return {
        reference: each
        for (reference, each), outcome in zip(sendable.items(), outcomes, strict=True)
        if not isinstance(outcome, PostingRefused)
    }


def _wait(desk: Desk, reason: str, *, at: datetime) -> None:
    """Say on the desk what it waits for, and since when."""
    if desk.waits_for != reason:
        desk.waits_for, desk.waits_since = reason, at if reason else None
        desk.save(update_fields=("waits_for", "waits_since"))


def _follow_to_sending(payouts: Sequence[Payout], *, at: datetime) -> None:
    steps = [
        Step(
            pk=payout.pk, source=payout.state, to=PayoutState.SENDING, program_id=payout.program_id,
            values={"retry_at": None, "why": "", "reason": ""},
        )
        for payout in payouts
        if payout.state in (PayoutState.READY, PayoutState.FAILED)
    ]  # fmt: skip
    follow_many(PAYOUT_TRANSITIONS, steps, at=at)
    tell_payees(payouts, News.SENDING, at=at)


def _write(
    account: RailAccount, sent: Named, *, payer: Payer, rail_desk: RailDesk, survey: Survey, desk: Desk, at: datetime
) -> list[Attempt]:
    tried = dict(
        Attempt.objects.filter(part__in=[each.part.pk for each in sent.values()])
        .order_by()
        .values_list("part")
        .annotate(last=Max("number"))
    )
    number = _first_number(desk, survey) if payer.counts else None
    attempts = []
    for reference, each in sent.items():
        order: Order = order_of(each.payout, amount=each.part.amount, reference=reference)
        wire = payer.write(rail_desk, order, survey, number=number)
        attempts.append(
            Attempt(
                program_id=account.program_id, payout=each.payout, part=each.part, rail_account=account,
                number=tried.get(each.part.pk, 0) + 1, reference=reference, amount=each.part.amount, wire=wire,
                stored_at=at,
            )
        )  # fmt: skip
        if number is not None:
            number += 1
    if number is not None:
        desk.next_number = number
        desk.save(update_fields=("next_number",))
    Attempt.objects.bulk_create(attempts)
    return attempts


def _first_number(desk: Desk, survey: Survey) -> int:
    """Return the number to go on with. Ours is ahead of the rail's while something is on its way; never behind it."""
    assert survey.number is not None, "what is counted is surveyed"
    return max(desk.next_number or 0, survey.number)
