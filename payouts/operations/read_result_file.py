"""Take in what a bank's file says came of what was sent."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import record
from identity.models import User
from ledger.interchange.verdicts import Judgement
from payouts.errors import ReaderHasWritten
from payouts.models import Attempt, BankFile, Payout, ResultFile
from payouts.operations.record_answers import record_answers
from payouts.queries.batches import batch_of
from payouts.states import AttemptState
from wallets.errors import BadBankFile
from wallets.rails.bankfile.instructions import read_instructions
from wallets.rails.bankfile.results import PAID, Result, read_results, require_match

_STATES = {True: AttemptState.CONFIRMED, False: AttemptState.REFUSED}


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """What became of a line."""

    line: int
    reference: str
    verdict: Judgement
    message: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of a file: of which it was, whether it was new, and what became of each line."""

    of: BankFile
    file: ResultFile
    is_new: bool
    verdicts: Sequence[LineVerdict]


@transaction.atomic
def read_result_file(batch_id: UUID, *, program_id: UUID, content: bytes, by: User, at: datetime) -> Reading:
    """Take each line in as an answer of the rail. Read a second time, it changes nothing.

    :raises UnknownBatch: if the program has no such batch.
    :raises BadBankFile: if it does not hold together, or is not about a file of the batch. Nothing of it is taken in.
    :raises ReaderHasWritten: if ``by`` wrote what it is about.
    """
    batch = batch_of(batch_id, program_id=program_id)
    results = read_results(content)
    of = BankFile.objects.filter(batch=batch, name=results.name).select_related("rail_account").first()
    if of is None:
        raise BadBankFile(reason=f"it is about {results.name[:40]}, which is no file of this batch")
    if of.written_by_id == by.pk:
        raise ReaderHasWritten(file=of.name)
    attempts = _locked_attempts(of)
    require_match(
        results, account=of.rail_account.number, asset=batch.asset.code,
        amounts={reference: attempt.amount for reference, attempt in attempts.items()},
    )  # fmt: skip

    before = {reference: attempt.state for reference, attempt in attempts.items()}
    said = {result.reference: result for result in results.each if not result.is_repeated}
    record_answers([(attempts[name].pk, result.outcome(of.name)) for name, result in said.items()], at=at)
    after = {attempt.reference: attempt for attempt in _attempts_of(of)}
    verdicts = [_verdict(result, before=before, after=after) for result in results.each]

    file, is_new = ResultFile.objects.get_or_create(
        bank_file=of, sha256=hashlib.sha256(content).hexdigest(),
        defaults={
            "program_id": program_id, "content": content.decode(), "read_at": at, "read_by": by,
            "verdicts": [[one.line, one.reference, one.verdict, one.message] for one in verdicts],
        },
    )  # fmt: skip
    if is_new:
        counts = {each.value: sum(one.verdict is each for one in verdicts) for each in Judgement}
        record(
            "payouts.result_file.read", subject=file, at=at, program_id=program_id,
            payload={"batch": str(batch.pk), "of": of.name, "sha256": file.sha256, **counts},
        )  # fmt: skip
    return Reading(of, file, is_new, verdicts)


def _attempts_of(file: BankFile) -> Sequence[Attempt]:
    references = [one.reference for one in read_instructions(file.body).each]
    return list(Attempt.objects.filter(rail_account=file.rail_account, reference__in=references))


def _locked_attempts(file: BankFile) -> Mapping[str, Attempt]:
    """Return what was sent in a file, by reference; with the locks of its payouts nobody else reads the same."""
    seen = _attempts_of(file)
    list(Payout.objects.locked().filter(pk__in={attempt.payout_id for attempt in seen}).values_list("pk"))
    return {attempt.reference: attempt for attempt in _attempts_of(file)}


def _verdict(result: Result, *, before: Mapping[str, str], after: Mapping[str, Attempt]) -> LineVerdict:
    """Say what became of a line: a fact that is new, one that is known, or one that does not fit what is known."""
    attempt = after[result.reference]
    is_paid = result.verdict == PAID
    fits = attempt.state == _STATES[is_paid] and (not is_paid or attempt.receipt == result.receipt)
    if fits and (result.is_repeated or before[result.reference] == attempt.state):
        judged, message = Judgement.DUPLICATE, "It was known."
    elif fits:
        judged, message = Judgement.ACCEPTED, "Paid." if is_paid else attempt.reason
    elif attempt.state == AttemptState.CONFIRMED:
        judged, message = Judgement.CONFLICT, f"It is paid, with receipt {attempt.receipt}."
    else:
        judged, message = Judgement.REJECTED, attempt.get_trouble_display() or "It does not fit what is known."
    return LineVerdict(result.number, result.reference, judged, message)
