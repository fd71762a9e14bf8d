"""Ask what a reconciliation run is to ask."""

import hashlib
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from audit import rules
from audit.models import CheckResult, Finding, ReconciliationRun
from audit.operations.end_run import end_run
from audit.operations.follow import follow
from audit.operations.record import record
from audit.reconciliation import Check, Discrepancy, Scope, chosen_checks
from audit.states import FINDING_TRANSITIONS, FindingState, RunState

log = structlog.get_logger("reconciliation")


def carry_out_run(run_id: UUID, *, names: Sequence[str] | None = None, at: datetime) -> ReconciliationRun:
    """Run the checks (all, or those named) that the run has no result of yet, and return the run when it has ended.

    Each check commits what it found. So whoever takes a run up again that somebody died with goes on where that one
    was; and a run that has ended stays as it is.

    :raises UnknownCheck: if a check is named that does not exist.
    """
    checks = chosen_checks(names)
    run = ReconciliationRun.objects.get(pk=run_id)
    if run.state != RunState.RUNNING:
        return run
    began = time.monotonic()
    known = set(run.results.values_list("name", flat=True))
    for check in checks:
        if check.name not in known:
            _ask(check, run, at=at)
    return end_run(run, _worst(run.results.all()), at=at + timedelta(seconds=time.monotonic() - began))


def _ask(check: Check, run: ReconciliationRun, *, at: datetime) -> CheckResult:
    scope = Scope(program_id=run.program_id, at=at)
    began = time.monotonic()
    found, error = 0, ""
    try:
        # Looking may take long, and a transaction that is open meanwhile would hold up seals and whoever tails a table.
        discrepancies = list(check.examine(scope))
        with transaction.atomic():
            for discrepancy in discrepancies:
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


def _worst(results: Iterable[CheckResult]) -> RunState:
    states = {result.state for result in results}
    return next((state for state in (RunState.ERROR, RunState.FINDINGS) if state in states), RunState.CLEAN)
