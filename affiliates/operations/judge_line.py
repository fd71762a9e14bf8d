"""Take in one line of a file, and say what became of it."""

from collections.abc import Callable

from django.db import transaction

from affiliates.queries.files import Line, Verdict
from audit.errors import DomainError
from ledger.interchange.verdicts import Judgement

# What says that it is known otherwise, rather than that it can't be.
CONFLICTS = frozenset({"settlement_taken", "party_taken", "code_taken", "affiliate_taken"})


def judge_line(line: Line, take: Callable[[dict[str, str]], tuple[Judgement, str, str]]) -> Verdict:
    """Let ``take`` do what a line says, all of it or nothing: a line that is refused spoils no other."""
    fields = dict(line.fields)
    reference = fields.get("reference", "")[:200]
    if line.fault:
        return Verdict(
            line.number, reference, Judgement.REJECTED, "bad_line", f"{line.fault[0].upper()}{line.fault[1:]}."
        )
    try:
        with transaction.atomic():
            judgement, subject, message = take(fields)
    except DomainError as refusal:
        judgement = Judgement.CONFLICT if refusal.code in CONFLICTS else Judgement.REJECTED
        return Verdict(line.number, reference, judgement, refusal.code, str(refusal))
    return Verdict(line.number, reference, judgement, "", message, subject)
