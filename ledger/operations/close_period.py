"""Close a program's books up to a time."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from audit.operations import follow, record
from ledger.errors import BadPeriod
from ledger.models import Period, PeriodBalance
from ledger.queries.posters import wait_for_posters
from ledger.queries.trial_balance import held_effective_at
from ledger.states import PERIOD_TRANSITIONS, PeriodState

PATIENCE_SECONDS: Final = 60


def close_period(*, program_id: UUID, ends_at: datetime, at: datetime) -> Period:
    """Close the books of everything that counts before ``ends_at``, and keep what every account held then.

    From the first transaction on, nobody books there any more; who was under way already may finish, and is waited
    for. Killed in between, it goes on where it was when it is asked again.

    :raises BadPeriod: if that time is not over, or the books are closed that far already.
    :raises PostersStillRun: if somebody is under way for too long; ask again later.
    """
    period_id = _begin(program_id, ends_at=ends_at, at=at)
    # One of them may have looked before the first transaction committed: who posts looks up to when the books are
    # closed behind its locks, and so with a number that counts here.
    wait_for_posters(patience_seconds=PATIENCE_SECONDS)
    return _finish(period_id, at=at)


@transaction.atomic(durable=True)
def _begin(program_id: UUID, *, ends_at: datetime, at: datetime) -> UUID:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('countinghouse.period.' || %s))", [str(program_id)])
    if ends_at > at:
        raise BadPeriod(reason="that time is not over")
    last = Period.objects.standing().filter(program=program_id).first()
    if last and last.state == PeriodState.CLOSING and last.ends_at == ends_at:
        return last.pk
    if last and (last.ends_at >= ends_at or last.state == PeriodState.CLOSING):
        raise BadPeriod(reason=f"the books are closed up to {last.ends_at.isoformat()}")

    period = Period.objects.create(program_id=program_id, ends_at=ends_at, closed_at=at)
    record(
        "ledger.period.closing", subject=period, at=at, program_id=program_id, payload={"ends_at": ends_at.isoformat()}
    )
    return period.pk


@transaction.atomic(durable=True)
def _finish(period_id: UUID, *, at: datetime) -> Period:
    period = Period.objects.locked().get(pk=period_id)
    if period.state == PeriodState.CLOSED:  # a twin was faster
        return period
    held = held_effective_at(program_id=period.program_id, at=period.ends_at - timedelta(microseconds=1))
    PeriodBalance.objects.bulk_create(
        (PeriodBalance(period=period, account_id=account_id, amount=amount) for account_id, amount in held if amount),
        batch_size=5_000,
    )
    return follow(PERIOD_TRANSITIONS, period, to=PeriodState.CLOSED, at=at, program_id=period.program_id)
