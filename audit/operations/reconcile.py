"""Ask every registered question, and keep what does not agree as findings."""

import hashlib
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction

from audit import context, rules
from audit.errors import ReconciliationRunning, UnknownCheck
from audit.models import CheckResult, Finding, ReconciliationRun
from audit.operations.follow import follow
from audit.operations.record import record
from audit.reconciliation import Check, Discrepancy, Scope, registered_checks
from audit.states import FINDING_TRANSITIONS, RUN_TRANSITIONS, FindingState, RunState

log = structlog.get_logger("reconciliation")

# A run that has not ended by then died with its process; the longest check is well below this.
DEAD_AFTER = timedelta(hours=6)


def reconcile(*, program_id: UUID | None = None, names: Iterable[str] | None = None, at: datetime) -> ReconciliationRun:
    """Run the checks (all, or those named) over one program or all, and return the run.

    Not atomic as a whole: each check commits what it found, so that one that dies takes no other along.

    :raises ReconciliationRunning: if one of the same program runs.
    :raises UnknownCheck: if a check is named that does not exist.
    """
    checks = _chosen(names)
    began = time.monotonic()
    run = _begin(program_id, at=at)
    results = [_ask(check, run, at=at) for check in checks]
    return _end(run, results, at=at + timedelta(seconds=time.monotonic() - began))


def _chosen(names: Iterable[str] | None) -> list[Check]:
    known = {check.name: check for check in registered_checks()}
    if names is None:
        return list(known.values())
    chosen = []
    for name in names:
        if name not in known:
            raise UnknownCheck(name=name, known=sorted(known))
        chosen.append(known[name])
    return chosen


@transaction.atomic
def _begin(program_id: UUID | None, *, at: datetime) -> ReconciliationRun:
    for dead in ReconciliationRun.objects.filter(
        program_id=program_id, state=RunState.RUNNING, started_at__lt=at - DEAD_AFTER
    ):
        _finish(dead, RunState.ERROR, at=at)
    now = context.current()
    try:
        with transaction.atomic():
            run = ReconciliationRun.objects.create(
                program_id=program_id,
                started_at=at,
                asked_by=f"{now.actor.type}:{now.actor.id}",
                correlation_id=now.correlation_id,
            )
    except IntegrityError as running:
        other = ReconciliationRun.objects.filter(program_id=program_id, state=RunState.RUNNING).first()
        raise ReconciliationRunning(since=other.started_at.isoformat() if other else "just now") from running
    record("audit.run.started", subject=run, at=at, program_id=program_id)
    return run


def _ask(check: Check, run: ReconciliationRun, *, at: datetime) -> CheckResult:
    scope = Scope(program_id=run.program_id, at=at)
    began = time.monotonic()
    found, error = 0, ""
    try:
        with transaction.atomic():
            for discrepancy in check.examine(scope):
                _keep(discrepancy, check, run, at=at)
                found += 1
    except Exception as problem:
        log.exception("reconciliation.check_failed", check=check.name)
        found, error = 0, f"{type(problem).__name__}: {problem}"
    state = RunState.ERROR if error else RunState.FINDINGS if found else RunState.CLEAN
    return CheckResult.objects.create(
        run=run,
        name=check.name,
        state=state,
        examined=scope.examined,
        found=found,
        error=error[:4000],
        milliseconds=round((time.monotonic() - began) * 1000),
    )


def _keep(discrepancy: Discrepancy, check: Check, run: ReconciliationRun, *, at: datetime) -> Finding:
    """Open a finding, or note that a known one shows again; one that was settled is open again."""
    evidence = {"ours": rules.redacted(discrepancy.ours), "theirs": rules.redacted(discrepancy.theirs)}
    text = "\n".join((check.name, str(discrepancy.program_id), discrepancy.key))
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    finding, is_new = Finding.objects.get_or_create(
        fingerprint=fingerprint,
        defaults={
            "check_name": check.name,
            "program_id": discrepancy.program_id,
            "title": discrepancy.title[:300],
            "first_seen_at": at,
            "last_seen_at": at,
            "last_run": run,
            **evidence,
        },
    )
    if is_new:
        record("audit.finding.opened", subject=finding, at=at, program_id=finding.program_id)
        return finding

    finding = Finding.objects.locked().get(pk=finding.pk)
    # What was explained and shows the very same stays explained; what changed, or was called mended, does not.
    changed = {"ours": finding.ours, "theirs": finding.theirs} != evidence
    if finding.state == FindingState.RESOLVED or (finding.state == FindingState.EXPLAINED and changed):
        follow(FINDING_TRANSITIONS, finding, to=FindingState.OPEN, at=at, program_id=finding.program_id)
        finding.assignee_id = None
    finding.ours, finding.theirs = evidence["ours"], evidence["theirs"]
    finding.title = discrepancy.title[:300]
    finding.last_seen_at, finding.last_run = at, run
    finding.times_seen += 1
    finding.save(update_fields=("ours", "theirs", "title", "last_seen_at", "last_run", "times_seen", "assignee_id"))
    return finding


def _end(run: ReconciliationRun, results: list[CheckResult], *, at: datetime) -> ReconciliationRun:
    states = {result.state for result in results}
    worst = next((state for state in (RunState.ERROR, RunState.FINDINGS) if state in states), RunState.CLEAN)
    return _finish(run, worst, at=at)


@transaction.atomic
def _finish(run: ReconciliationRun, state: RunState, *, at: datetime) -> ReconciliationRun:
    ReconciliationRun.objects.filter(pk=run.pk).update(finished_at=at)
    run.finished_at = at
    return follow(RUN_TRANSITIONS, run, to=state, at=at, program_id=run.program_id)
