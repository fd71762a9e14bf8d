"""Carry out what was claimed."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from random import SystemRandom
from typing import Any, Final, NoReturn
from uuid import UUID

import structlog
from django.db import connection, transaction

from audit import context
from audit.context import Actor, NoActor
from audit.errors import DomainError
from audit.operations import follow_many
from audit.operations.follow_many import Step
from ledger.kinds import Done, Errand, Outcome, kind_named
from ledger.operations.claim_intents import Claim
from ledger.rules import ATTEMPTS_AT_MOST, wait_before
from ledger.states import INTENT_TRANSITIONS, IntentState

log = structlog.get_logger("ledger.intents")

FAULT: Final = {"code": "internal_error", "message": "Something went wrong on our side. Nothing was changed.",
                "params": {}}  # fmt: skip
_CHANCE: Final = SystemRandom()

_LOCK: Final = """
SELECT array_agg(id), clock_timestamp() FROM (
    SELECT id FROM ledger_intent WHERE id = ANY(%s) AND lock_token = %s AND state = 'LOCKED'
    ORDER BY id FOR NO KEY UPDATE
) ours
"""
_TALLY: Final = """
INSERT INTO ledger_intenttally (kind, outcome, count)
SELECT %s, counted.outcome, counted.count FROM unnest(%s::text[], %s::bigint[]) AS counted (outcome, count)
ORDER BY 2
ON CONFLICT (kind, outcome) DO UPDATE SET count = ledger_intenttally.count + excluded.count
"""


def carry_out_intents(claim: Claim) -> Counter[str]:
    """Carry out a claim, one transaction for each kind in it, and return how many came to which state.

    What was claimed anew by somebody else is left to them. A batch that fails is split by halves, each in a
    transaction of its own; one that fails alone waits for another attempt, or is dead after the last.

    :raises DatabaseError: if the connection is lost; the claim's lease sees to what is left.
    """
    came: Counter[str] = Counter()
    # A claim is in the order of its ids; so is what it has of each kind.
    for name, errands in groupby(sorted(claim.errands, key=attrgetter("kind")), key=attrgetter("kind")):
        came += _carry_out(name, list(errands), token=claim.token)
    return came


def _carry_out(name: str, errands: Sequence[Errand], *, token: UUID) -> Counter[str]:
    try:
        with transaction.atomic():
            ours, at = _lock(errands, token=token)
            return _settle(name, ours, _answers(name, ours), at=at) if ours else Counter()
    except Exception as fault:
        if connection.connection is None or not connection.is_usable():
            raise
        if len(errands) == 1:
            return _fail(name, errands[0], fault, token=token)
    middle = len(errands) // 2
    return _carry_out(name, errands[:middle], token=token) + _carry_out(name, errands[middle:], token=token)


def _lock(errands: Sequence[Errand], *, token: UUID) -> tuple[list[Errand], datetime]:
    """Lock those that are still ours, and tell the database's time."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [[one.id for one in errands], token])
        ids, at = cursor.fetchone()
    ours = set(ids or ())
    return [one for one in errands if one.id in ours], at


def _answers(name: str, errands: Sequence[Errand]) -> Sequence[Outcome]:
    known = context.current()
    with context.acting(replace(known, find_actor=_nobody, program_id=None)):
        try:
            answers = kind_named(name).carry_out(errands)
        except DomainError as refusal:
            if len(errands) > 1:
                raise
            answers = [refusal]
    assert len(answers) == len(errands), f"{name} answered {len(answers)} of {len(errands)} errands"
    return answers


def _nobody() -> NoReturn:
    raise NoActor("A batch acts for many: name the posting's asker, or enter acting_for(errand).")


def _settle(name: str, errands: Sequence[Errand], answers: Sequence[Outcome], *, at: datetime) -> Counter[str]:
    """Write what came of each, with its line in the journal."""
    steps = [_step(errand, answer, at=at) for errand, answer in zip(errands, answers, strict=True)]
    follow_many(INTENT_TRANSITIONS, steps, at=at)
    came = Counter(step.to for step in steps)
    with connection.cursor() as cursor:
        cursor.execute(_TALLY, [name, list(came), list(came.values())])
    return came


def _step(errand: Errand, answer: Outcome, *, at: datetime) -> Step:
    if isinstance(answer, Done):
        return _over(errand, IntentState.COMPLETED, at=at, result=dict(answer.result))
    params = json.loads(json.dumps(answer.params, default=str))
    error = {"code": answer.code, "message": str(answer), "params": params}
    if answer.status >= 500:  # no refusal: it says "not now"
        return _again(errand, error, fault=str(answer), at=at)
    return _over(errand, IntentState.DEAD, at=at, error=error)


def _fail(name: str, errand: Errand, fault: Exception, *, token: UUID) -> Counter[str]:
    log.error("intent failed", intent=str(errand.id), kind=name, attempt=errand.attempts, exc_info=fault)
    with transaction.atomic():
        ours, at = _lock([errand], token=token)
        if not ours:
            return Counter()
        step = _again(errand, FAULT, fault=f"{type(fault).__name__}: {fault}", at=at)
        follow_many(INTENT_TRANSITIONS, [step], at=at)
        with connection.cursor() as cursor:
            cursor.execute(_TALLY, [name, [step.to], [1]])
    return Counter([step.to])


def _again(errand: Errand, error: dict[str, Any], *, fault: str, at: datetime) -> Step:
    """Return the step after a fault: another attempt later, or none any more."""
    if errand.attempts >= ATTEMPTS_AT_MOST:
        return _over(errand, IntentState.DEAD, at=at, error=error, fault=fault)
    return _taken(
        errand, IntentState.FAILED, error=error, fault=fault,
        due_at=at + wait_before(errand.attempts, chance=_CHANCE.random()),
    )  # fmt: skip


def _over(errand: Errand, to: IntentState, *, at: datetime, **more: Any) -> Step:
    return _taken(errand, to, due_at=at, finished_at=at, **more)


def _taken(
    errand: Errand, to: IntentState, *, due_at: datetime, finished_at: datetime | None = None,
    result: dict[str, Any] | None = None, error: dict[str, Any] | None = None, fault: str = "",
) -> Step:  # fmt: skip
    told = {"attempt": errand.attempts} | ({"code": error["code"]} if error else {})
    return Step(
        pk=errand.id, source=IntentState.LOCKED, to=to, payload=told, program_id=errand.program_id,
        actor=Actor(errand.asker.actor_type, errand.asker.actor_id), correlation_id=errand.asker.correlation_id,
        values={
            "lock_token": None, "due_at": due_at, "finished_at": finished_at, "result": result, "error": error,
            "fault": _storable(fault)[:500],
        },
    )  # fmt: skip


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
