"""Take in what rails say came of attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from affiliates.models import Commission
from audit.operations import follow_many, record_many
from audit.operations.follow_many import Step
from audit.operations.record_many import Line
from ledger.money import plain
from payouts import rules
from payouts.models import Attempt, Part, Payout, PayoutLine
from payouts.operations.book_outcomes import Booking, book_outcomes
from payouts.operations.pay_rows import pay_rows
from payouts.operations.settle_batches import settle_batches
from payouts.operations.settle_payouts import settle_payouts
from payouts.queries.accounts import payer_of
from payouts.states import ATTEMPT_TRANSITIONS, IN_FLIGHT, AttemptState, PayoutState, Trouble
from wallets.operations import lock_withdrawals
from wallets.rails.sending import Accepted, Answer, Cost, Paid, Refused, Unclear


@dataclass(slots=True)
class _Verdict:
    """What an answer makes of an attempt."""

    attempt: Attempt
    answer: Answer
    to: str | None = None  # the state that it goes to, if it goes to another
    trouble: str = ""
    is_second: bool = False


def record_answers(answers: Sequence[tuple[UUID, Answer]], *, at: datetime) -> None:
    """Follow each attempt and its payout to where the answer leaves them, and book it: all in one transaction.

    An answer that came before is taken in once; one that contradicts what we know is kept, and found by reconciliation.
    """
    batches = _record(answers, at=at)
    with transaction.atomic():
        settle_batches(batches, at=at)


@transaction.atomic
def _record(answers: Sequence[tuple[UUID, Answer]], *, at: datetime) -> set[UUID]:
    said = dict(answers)
    seen = dict(Attempt.objects.filter(pk__in=said).values_list("pk", "payout"))
    payouts = {
        payout.pk: payout
        for payout in Payout.objects.locked().filter(pk__in=set(seen.values())).select_related("asset")
    }
    attempts = Attempt.objects.locked().filter(pk__in=said).select_related("part", "rail_account__program")
    receipts = _known_receipts(said)
    verdicts = []
    for attempt in attempts:
        attempt.payout = payouts[attempt.payout_id]
        verdicts.append(_judge(attempt, said[attempt.pk], receipts))
    moved = _with_second_payments([verdict for verdict in verdicts if verdict.to])
    _lock_rows({verdict.attempt.payout_id for verdict in moved if verdict.to == AttemptState.CONFIRMED})
    lock_withdrawals([verdict.attempt.payout.withdrawal_id for verdict in moved])
    book_outcomes([_booking(verdict) for verdict in moved if _is_booked(verdict)], at=at)
    _follow(moved, at=at)
    _note([verdict for verdict in verdicts if not verdict.to], at=at)
    paid = [verdict.attempt for verdict in moved if verdict.to == AttemptState.CONFIRMED]
    Part.objects.filter(pk__in=[attempt.part_id for attempt in paid], paid_at=None).update(paid_at=at)
    _pay_rows([payouts[pk] for pk in {attempt.payout_id for attempt in paid}], at=at)
    settle_payouts([payouts[pk] for pk in {verdict.attempt.payout_id for verdict in moved}], at=at)
    return {payout.batch_id for payout in payouts.values()}


def _lock_rows(paid: set[UUID]) -> None:
    """Lock what is paid before anything is booked: balances are locked last, here as everywhere."""
    rows = PayoutLine.objects.filter(payout__in=paid, is_live=True).values("commission")
    list(Commission.objects.locked().filter(pk__in=rows).values_list("pk"))


def _pay_rows(payouts: Sequence[Payout], *, at: datetime) -> None:
    """Take rows as paid; those of a payout that was given up are due again, and a row of its own takes that back."""
    pay_rows([payout for payout in payouts if payout.state != PayoutState.RELEASED], at=at)


def _known_receipts(said: dict[UUID, Answer]) -> dict[tuple[UUID, str], UUID]:
    """Return which attempt each receipt shows that is named now."""
    named = {answer.receipt for answer in said.values() if isinstance(answer, Paid)}
    rows = Attempt.objects.filter(receipt__in=named).values_list("rail_account", "receipt", "pk")
    return {(account, receipt): pk for account, receipt, pk in rows}


def _judge(attempt: Attempt, answer: Answer, receipts: dict[tuple[UUID, str], UUID]) -> _Verdict:
    verdict = _Verdict(attempt, answer)
    is_open = attempt.state in IN_FLIGHT
    if isinstance(answer, Paid):
        shown = receipts.setdefault((attempt.rail_account_id, answer.receipt), attempt.pk)
        if answer.amount != attempt.amount:
            verdict.trouble = Trouble.OTHER_AMOUNT
        elif shown != attempt.pk or (attempt.receipt and attempt.receipt != answer.receipt):
            verdict.trouble = Trouble.OTHER_RECEIPT
        if verdict.trouble:
            verdict.to = AttemptState.UNKNOWN if attempt.state in (AttemptState.STORED, AttemptState.SENT) else None
        elif attempt.state != AttemptState.CONFIRMED:
            verdict.to = AttemptState.CONFIRMED
            verdict.trouble = "" if is_open else Trouble.PAID_LATE
    elif isinstance(answer, Refused):
        if is_open:
            verdict.to = AttemptState.REFUSED
        elif attempt.state == AttemptState.CONFIRMED:
            verdict.trouble = Trouble.CONTRADICTED
    elif isinstance(answer, Accepted):
        verdict.to = AttemptState.SENT if attempt.state == AttemptState.STORED else None
    elif attempt.state in (AttemptState.STORED, AttemptState.SENT):
        verdict.to = AttemptState.UNKNOWN
    return verdict


def _with_second_payments(moved: list[_Verdict]) -> list[_Verdict]:
    """Mark those of parts that are paid already: by an earlier attempt, or by one before it in this very turn."""
    paid = {verdict.attempt.part_id for verdict in moved if verdict.attempt.part.paid_at is not None}
    for verdict in moved:
        if verdict.to == AttemptState.CONFIRMED:
            verdict.is_second = verdict.attempt.part_id in paid
            verdict.trouble = Trouble.PAID_TWICE if verdict.is_second else verdict.trouble
            paid.add(verdict.attempt.part_id)
    return moved


def _is_booked(verdict: _Verdict) -> bool:
    return verdict.to in (AttemptState.CONFIRMED, AttemptState.REFUSED)


def _booking(verdict: _Verdict) -> Booking:
    cost: Cost | None = getattr(verdict.answer, "cost", None)
    receipt: str = getattr(verdict.answer, "receipt", "")
    return Booking(
        verdict.attempt, verdict.to == AttemptState.CONFIRMED, is_second=verdict.is_second, cost=cost, receipt=receipt
    )


def _follow(moved: Sequence[_Verdict], *, at: datetime) -> None:
    steps = []
    for verdict in moved:
        attempt = verdict.attempt
        values = _values(verdict, at=at)
        steps.append(
            Step(
                pk=attempt.pk, source=attempt.state, to=str(verdict.to), program_id=attempt.program_id, values=values,
                payload={"reference": attempt.reference, "trouble": values["trouble"]},
            )
        )  # fmt: skip
    follow_many(ATTEMPT_TRANSITIONS, steps, at=at)
    for verdict, step in zip(moved, steps, strict=True):
        verdict.attempt.state = step.to
        for name, value in step.values.items():
            setattr(verdict.attempt, name, value)


def _values(verdict: _Verdict, *, at: datetime) -> dict[str, Any]:
    """Return what changes on an attempt with its state: what the rail said, and when it is asked next."""
    attempt, answer, to = verdict.attempt, verdict.answer, verdict.to or verdict.attempt.state
    payer = payer_of(attempt.rail_account)
    ladder = {
        AttemptState.SENT: payer.asks_after_accepted, AttemptState.UNKNOWN: payer.asks_after_unclear,
    }.get(AttemptState(to), ())  # fmt: skip
    is_settled = to in (AttemptState.CONFIRMED, AttemptState.REFUSED)
    evidence = {**attempt.evidence, **dict(getattr(answer, "evidence", {}))}
    if isinstance(answer, Paid) and verdict.trouble:
        evidence = {**evidence, "said": {"receipt": answer.receipt, "amount": plain(answer.amount)}}
    reason = getattr(answer, "reason", "") or (Trouble(verdict.trouble).label if verdict.trouble else "")
    return {
        "rail_reference": (answer.rail_reference or attempt.rail_reference)[:120],
        "receipt": answer.receipt[:200] if isinstance(answer, Paid) and to == AttemptState.CONFIRMED else "",
        "code": getattr(answer, "code", "")[:60],
        "reason": reason[:500],
        "evidence": evidence,
        "trouble": str(verdict.trouble or attempt.trouble),
        "answered_at": at,
        "settled_at": at if is_settled else None,
        "ask_at": rules.asked_next(at, ladder, 0) if ladder else None,
        "asked": 0,
    }


def _note(stayed: Sequence[_Verdict], *, at: datetime) -> None:
    """Keep what an answer adds to an attempt that stays where it is."""
    lines = []
    for verdict in stayed:
        attempt, answer = verdict.attempt, verdict.answer
        changes: dict[str, Any] = {}
        if answer.rail_reference and not attempt.rail_reference:
            changes["rail_reference"] = answer.rail_reference[:120]
        if verdict.trouble and verdict.trouble != attempt.trouble:
            said = {key: value for key, value in _values(verdict, at=at).items() if key in ("evidence", "trouble")}
            changes |= said
            lines.append(
                Line(
                    action="payouts.attempt.contradicted", subject_type="payouts.attempt",
                    subject_id=str(attempt.pk), program_id=attempt.program_id,
                    payload={"reference": attempt.reference, "trouble": str(verdict.trouble)},
                )
            )  # fmt: skip
        if isinstance(answer, Unclear) and attempt.state == AttemptState.UNKNOWN:
            changes |= {"reason": answer.reason[:500], "evidence": {**attempt.evidence, **dict(answer.evidence)}}
        if changes:
            Attempt.objects.filter(pk=attempt.pk).update(**changes)
    record_many(lines, at=at)
