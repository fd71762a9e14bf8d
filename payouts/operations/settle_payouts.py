"""Follow payouts to where their parts are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.operations import follow_many
from audit.operations.follow_many import Step
from payouts import rules
from payouts.models import Attempt, Part, Payout
from payouts.operations.tell_payees import News, tell_payees
from payouts.states import PAYOUT_TRANSITIONS, AttemptState, PayoutState

_OVER = (PayoutState.PAID, PayoutState.RETURNED)


def settle_payouts(payouts: Sequence[Payout], *, at: datetime) -> None:
    """Follow each to what its parts come to. The caller holds their locks."""
    last = _last_attempts(payouts)
    steps, told = [], {PayoutState.PAID: News.PAID, PayoutState.UNKNOWN: News.UNKNOWN}
    moved: dict[News, list[Payout]] = {}
    for payout in payouts:
        attempts = last.get(payout.pk, [])
        to = rules.fold([attempt.state if attempt else None for attempt in attempts])
        if payout.state in _OVER or payout.state == to or (payout.state == PayoutState.RELEASED and to != "PAID"):
            continue
        if PAYOUT_TRANSITIONS.edge(payout.state, to) is None:
            continue
        if to in told:
            moved.setdefault(told[PayoutState(to)], []).append(payout)
        steps.append(
            Step(
                pk=payout.pk, source=payout.state, to=to, program_id=payout.program_id,
                values=_values(to, [attempt for attempt in attempts if attempt], at=at),
            )
        )  # fmt: skip
        payout.state = to
    follow_many(PAYOUT_TRANSITIONS, steps, at=at)
    for news, some in moved.items():
        tell_payees(some, news, at=at)


def _last_attempts(payouts: Sequence[Payout]) -> dict[UUID, list[Attempt | None]]:
    """Return the last attempt at each part of payouts; one that has paid it counts before one behind it."""
    ids = [payout.pk for payout in payouts]
    last: dict[UUID, Attempt] = {}
    for attempt in Attempt.objects.filter(payout__in=ids).order_by("part_id", "number"):
        known = last.get(attempt.part_id)
        if known is None or known.state != AttemptState.CONFIRMED:
            last[attempt.part_id] = attempt
    found: dict[UUID, list[Attempt | None]] = {}
    for payout_id, part_id in (
        Part.objects.filter(payout__in=ids).order_by("payout_id", "number").values_list("payout", "pk")
    ):
        found.setdefault(payout_id, []).append(last.get(part_id))
    return found


def _values(to: str, attempts: Sequence[Attempt], *, at: datetime) -> dict[str, Any]:
    of_state = {PayoutState.FAILED: AttemptState.REFUSED, PayoutState.UNKNOWN: AttemptState.UNKNOWN}.get(
        PayoutState(to)
    )
    said = next((attempt for attempt in attempts if attempt.state == of_state), None) if of_state else None
    is_paid = to == PayoutState.PAID
    return {
        "receipt": attempts[0].receipt if is_paid and attempts else "",
        "settled_at": at if is_paid else None,
        "why": (said.code[:40] or "unknown") if said else "",
        "reason": (said.reason or "The rail does not say.") if said else "",
    }
