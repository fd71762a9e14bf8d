"""Look again at what was taken as paid on chains: one may change its mind later than anybody believed."""

from collections import Counter
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from audit.operations import record
from payouts.models import Attempt
from payouts.operations.require_running import is_running
from payouts.operations.send_due import Clock
from payouts.queries.accounts import desk_of, payer_of
from payouts.queries.proven import on_chains
from payouts.queries.sendable import order_of
from payouts.states import Trouble
from wallets.rails import RailError
from wallets.rails.sending import Answer, Paid, Waiting

LOOKED_AT_FOR: Final = timedelta(days=14)
EVERY: Final = timedelta(hours=20)  # each night, whenever in it the task runs
_AT_ONCE: Final = 50

_log = structlog.get_logger(__name__)


def look_again(*, seconds_at_most: float, clock: Clock) -> Counter[str]:
    """Ask the chains about the payments of two weeks, and keep which of them are not there any more.

    Nothing is booked back: what is gone is a finding, and people decide. Meanwhile the same bytes are sent again, which
    can't pay twice; and a payment that stands again is no finding any more.
    """
    came: Counter[str] = Counter()
    ends, begun = monotonic() + seconds_at_most, clock()
    silent: set[UUID] = set()
    while monotonic() < ends:
        due = _due(begun).exclude(rail_account__in=silent).select_related(
            "payout__asset", "payout__batch", "rail_account__program"
        )[:_AT_ONCE]  # fmt: skip
        if not due:
            break
        for attempt in due:
            if attempt.rail_account_id not in silent and monotonic() < ends:
                said = _look(attempt, at=clock())
                came[said] += 1
                silent |= {attempt.rail_account_id} if said == "silent" else set()
    return came


def _due(begun: datetime) -> Any:
    last_night = Q(answered_at__lte=begun - EVERY)
    lately_gone = Q(trouble=Trouble.GONE, answered_at__lt=begun)
    return on_chains().filter(last_night | lately_gone, settled_at__gte=begun - LOOKED_AT_FOR).order_by("answered_at")


def _look(attempt: Attempt, *, at: datetime) -> str:
    payer, desk = payer_of(attempt.rail_account), desk_of(attempt.rail_account)
    order = order_of(attempt.payout, amount=attempt.amount, reference=attempt.reference)
    try:
        answer = payer.query(desk, order, attempt.wire)
    except RailError as silent:
        _log.warning("payouts.rail_does_not_say", reference=attempt.reference, reason=str(silent))
        return "silent"
    stands = isinstance(answer, Paid) and (answer.receipt, answer.amount) == (attempt.receipt, attempt.amount)
    _keep(attempt.pk, answer, stands=stands, at=at)
    if isinstance(answer, Waiting) and payer.may_repeat and is_running(attempt.program_id):
        payer.submit(desk, order, attempt.wire)
    return "stands" if stands else "gone"


@transaction.atomic
def _keep(attempt_id: UUID, answer: Answer | Waiting, *, stands: bool, at: datetime) -> None:
    attempt = Attempt.objects.locked().get(pk=attempt_id)
    was_gone = attempt.trouble == Trouble.GONE
    attempt.answered_at = at
    if stands and was_gone:
        # What was strange about it before still is.
        attempt.trouble = attempt.evidence.get("gone", {}).get("trouble", "")
        _record(attempt, "payouts.attempt.stands_again", at=at, trouble=attempt.trouble)
    elif not stands and not was_gone:
        said = getattr(answer, "reason", "") or f"It stands there as {getattr(answer, 'receipt', '')}."
        gone = {"seen_at": at.isoformat(), "said": said, "trouble": attempt.trouble}
        attempt.evidence = {**attempt.evidence, "gone": gone}
        attempt.trouble = Trouble.GONE
        _record(attempt, "payouts.attempt.gone", at=at, said=said)
    attempt.save(update_fields=("answered_at", "trouble", "evidence"))


def _record(attempt: Attempt, action: str, *, at: datetime, **payload: str) -> None:
    record(
        action, subject=attempt, at=at, program_id=attempt.program_id,
        payload={"reference": attempt.reference, "receipt": attempt.receipt, **payload},
    )  # fmt: skip
