"""Ask rails what came of what they have accepted, and of what nobody knows."""

from datetime import datetime
from time import monotonic
from uuid import UUID

import structlog
from django.db import transaction

from payouts import rules
from payouts.models import Attempt
from payouts.operations.record_answers import record_answers
from payouts.operations.require_running import is_running
from payouts.operations.send_due import Clock
from payouts.queries.accounts import desk_of, payer_of
from payouts.queries.sendable import order_of
from payouts.states import IN_FLIGHT, AttemptState
from wallets.models import RailAccount
from wallets.rails import RailError
from wallets.rails.sending import Accepted, Answer, Order, Paid, Payer, Refused, Unclear, Waiting, Wire
from wallets.rails.sending import Desk as RailDesk

_AT_ONCE = 50

_log = structlog.get_logger(__name__)


def ask_rails(account_id: UUID, *, seconds_at_most: float, clock: Clock) -> dict[str, int]:
    """Ask about everything whose time has come, and take in what the rail says.

    Nothing is sent by this, but what goes faster written anew, and what can be sent again as it was without harm. When
    the rail was asked often enough it is left to people; what it has accepted and is silent about is unknown then.
    """
    account = RailAccount.objects.select_related("program").get(pk=account_id)
    payer, desk = payer_of(account), desk_of(account)
    ends_at, asked, told = monotonic() + seconds_at_most, 0, 0
    while monotonic() < ends_at:
        due = list(
            Attempt.objects.to_ask_about(clock())
            .filter(rail_account=account)
            .select_related("payout__asset", "payout__batch")[:_AT_ONCE]
        )
        if not due:
            break
        answers: list[tuple[UUID, Answer]] = []
        for attempt in due:
            answer = _ask(attempt, payer, desk, at=clock())
            is_last = _plan_next(attempt, payer, at=clock()) is None
            if is_last and attempt.state == AttemptState.SENT and not isinstance(answer, Paid | Refused | Unclear):
                answer = Unclear(reason="The rail has accepted it, and does not say what came of it.")
            if isinstance(answer, Paid | Refused | Unclear) or (
                isinstance(answer, Accepted) and attempt.state == AttemptState.STORED
            ):
                answers.append((attempt.pk, answer))
        if answers:
            record_answers(answers, at=clock())
        asked, told = asked + len(due), told + len(answers)
    return {"asked": asked, "told": told}


def _ask(attempt: Attempt, payer: Payer, desk: RailDesk, *, at: datetime) -> Answer | Waiting | None:
    order = order_of(attempt.payout, amount=attempt.amount, reference=attempt.reference)
    try:
        answer = payer.query(desk, order, attempt.wire)
        if isinstance(answer, Waiting) and payer.may_repeat and is_running(attempt.program_id):
            wire = _written_anew(attempt, payer, desk, order) if answer.is_stuck else attempt.wire
            payer.submit(desk, order, wire)
    except RailError as silent:
        _log.warning("payouts.rail_does_not_say", reference=attempt.reference, reason=str(silent))
        return None
    return answer


def _written_anew(attempt: Attempt, payer: Payer, desk: RailDesk, order: Order) -> Wire:
    """Return a wire that goes faster; or the one that there is, if it can't be had or somebody else was quicker."""
    wire: Wire = attempt.wire
    try:
        anew = dict(payer.hurry(desk, order, attempt.wire, payer.survey(desk, [order])))
    except RailError as no:
        _log.warning("payouts.can_not_hurry", reference=attempt.reference, reason=str(no))
        return wire
    return anew if _keep_wire(attempt, anew) else wire


@transaction.atomic
def _keep_wire(attempt: Attempt, wire: dict[str, object]) -> bool:
    """Store what is written anew before the rail hears of it: whichever of them pays, we know it.

    False when somebody else has written it anew meanwhile: what they have signed must not be forgotten.
    """
    waiting = Attempt.objects.filter(pk=attempt.pk, state__in=IN_FLIGHT, wire=attempt.wire)
    return waiting.update(wire=wire) == 1


@transaction.atomic
def _plan_next(attempt: Attempt, payer: Payer, *, at: datetime) -> datetime | None:
    """Say when it is asked about next, and return that; None when the rail was asked often enough."""
    is_accepted = attempt.state == AttemptState.SENT
    ladder = payer.asks_after_accepted if is_accepted else payer.asks_after_unclear
    since = attempt.answered_at or attempt.called_at or attempt.stored_at
    next_at = rules.asked_next(since, ladder, attempt.asked + 1)
    if next_at is not None and next_at <= at:
        # We were away. From now on it is asked as often as it would have been, and at the pace that it had come to.
        step = attempt.asked + 1
        next_at = at + (ladder[step] - ladder[step - 1])
    Attempt.objects.filter(pk=attempt.pk, state=attempt.state).update(ask_at=next_at, asked=attempt.asked + 1)
    return next_at
