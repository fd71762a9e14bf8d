"""Saying what came of a payout when no rail says it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from identity.kinds import ProposalKind, register_kind
from identity.models import Program, Proposal, User
from identity.operations import propose
from identity.rules import Band
from ledger.money import plain
from payouts import operations
from payouts.errors import BadOutcome, NotUnknown
from payouts.models import Attempt
from payouts.queries.accounts import payer_of
from payouts.states import AttemptState
from wallets.queries.checking import require_reason
from wallets.rails.evm import is_used_up
from wallets.rails.sending import Answer, Paid, Refused

Payload = Mapping[str, Any]

DECLARE: Final = "payouts.declare_outcome"
OUTCOMES: Final = {"PAID": "It was paid", "FAILED": "It was not paid, and never will be"}


def register() -> None:
    """Let it be proposed."""
    register_kind(
        ProposalKind(
            name=DECLARE,
            label="Say what came of a payout",
            permission_to_propose="payout.resolve",
            bands=(Band(Decimal(0), 1, frozenset({"OWNER", "FINANCE_APPROVER"})),),
            check=_check,
            describe=_describe,
            execute=_execute,
        )
    )


def propose_outcome(
    attempt_id: UUID, *, program: Program, outcome: str, receipt: str = "", evidence: str, by: User, at: datetime
) -> Proposal:
    """Ask a second person to agree to what came of an attempt of which the rail says nothing.

    :raises NotUnknown: if it is known.
    :raises BadOutcome: if it makes no sense.
    :raises PolicyUnsatisfiable: if nobody could agree but ``by``.
    """
    evidence = require_reason(evidence)
    attempt = _attempt(program, attempt_id)
    payload = {
        "attempt": str(attempt.pk), "reference": attempt.reference, "outcome": outcome, "receipt": receipt.strip(),
        "amount": plain(attempt.amount), "asset": attempt.payout.asset.code, "evidence": evidence,
    }  # fmt: skip
    return propose(
        DECLARE, program=program, payload=payload, reason=evidence, subject=("payouts.attempt", str(attempt.pk)),
        amount=attempt.amount, asset_code=attempt.payout.asset.code, by=by, at=at,
    )  # fmt: skip


def _attempt(program: Program, attempt_id: object) -> Attempt:
    try:
        pk = UUID(str(attempt_id))
    except ValueError:
        raise BadOutcome(reason="the attempt is named by its id") from None
    found = Attempt.objects.filter(pk=pk, program=program).select_related("payout__asset", "rail_account").first()
    if found is None:
        raise BadOutcome(reason="there is no such attempt")
    return found


def _check(program: Program, payload: Payload) -> None:
    attempt = _attempt(program, payload.get("attempt"))
    if attempt.state != AttemptState.UNKNOWN:
        raise NotUnknown(reference=attempt.reference, state=attempt.get_state_display().lower())
    outcome, receipt = payload.get("outcome"), payload.get("receipt")
    if outcome not in OUTCOMES:
        raise BadOutcome(reason=f"it is one of {', '.join(OUTCOMES)}")
    if outcome == "PAID" and not (isinstance(receipt, str) and 0 < len(receipt) <= 200):
        raise BadOutcome(reason="what was paid has a receipt")
    if outcome == "FAILED" and payer_of(attempt.rail_account).counts and not is_used_up(attempt.evidence):
        # Its number would be missing, and hold up all behind it; or it is mined after another has paid.
        raise BadOutcome(reason="its number on the chain is not used yet, so what was signed may still be mined")
    if not isinstance(payload.get("evidence"), str):
        raise BadOutcome(reason="say what shows it")


def _describe(payload: Payload) -> list[tuple[str, str]]:
    lines = [
        ("Payout", f"{payload['reference']}, {payload['amount']} {payload['asset']}"),
        ("Outcome", OUTCOMES.get(str(payload["outcome"]), str(payload["outcome"]))),
        ("What shows it", str(payload["evidence"])),
    ]
    return [*lines, ("Receipt", str(payload["receipt"]))] if payload.get("receipt") else lines


def _execute(proposal: Proposal, at: datetime) -> Payload:
    _check(proposal.program, proposal.payload)
    payload = proposal.payload
    attempt = _attempt(proposal.program, payload["attempt"])
    said = {"proposal": str(proposal.pk), "evidence": payload["evidence"]}
    answer: Answer
    if payload["outcome"] == "PAID":
        answer = Paid(receipt=payload["receipt"], amount=attempt.amount, evidence=said)
    else:
        answer = Refused(code="declared", reason=payload["evidence"], evidence=said)
    operations.record_answers([(attempt.pk, answer)], at=at)
    return {"attempt": str(attempt.pk), "outcome": payload["outcome"]}
