"""What two people decide about the books: an entry by hand, and opening what was closed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from django.utils.dateparse import parse_datetime

from identity.kinds import ProposalKind, register_kind
from identity.models import Program, Proposal
from identity.rules import Band
from ledger.errors import BadAmount, BadManualJournal, BadPeriod, UnknownAccount
from ledger.models import Account, Period
from ledger.money import is_amount
from ledger.movements import Movement, Posting, examine
from ledger.operations import post, reopen_period
from ledger.states import PeriodState

Payload = Mapping[str, Any]

MANUAL_JOURNAL: Final = "ledger.manual_journal"
REOPEN_PERIOD: Final = "ledger.reopen_period"
LINES_AT_MOST: Final = 200

_APPROVERS = frozenset({"OWNER", "FINANCE_APPROVER"})


def register() -> None:
    """Let these be proposed."""
    register_kind(
        ProposalKind(
            name=MANUAL_JOURNAL,
            label="Book by hand",
            permission_to_propose="ledger.propose",
            bands=(Band(Decimal(0), 1, _APPROVERS),),
            check=_check_journal,
            describe=_describe_journal,
            execute=_book,
        )
    )
    register_kind(
        ProposalKind(
            name=REOPEN_PERIOD,
            label="Open a closed period again",
            permission_to_propose="ledger.propose",
            bands=(Band(Decimal(0), 1, frozenset({"OWNER"})),),
            check=_check_reopening,
            describe=_describe_reopening,
            execute=_reopen,
            lasts=timedelta(days=3),
        )
    )


def _check_journal(program: Program, payload: Payload) -> None:
    examine(_posting(program, payload, key="house:journal:check"))


def _check_reopening(program: Program, payload: Payload) -> None:
    _period(program, payload)


def _describe_reopening(payload: Payload) -> list[tuple[str, str]]:
    period = Period.objects.filter(pk=payload["period"]).first()
    return [("Closed", str(period) if period else str(payload["period"]))]


def _book(proposal: Proposal, at: datetime) -> Payload:
    booked = post(_posting(proposal.program, proposal.payload, key=f"house:journal:{proposal.pk}"))
    return {"transaction": str(booked.id)}


def _reopen(proposal: Proposal, at: datetime) -> Payload:
    period = _period(proposal.program, proposal.payload)
    reopen_period(period.pk, program_id=proposal.program_id, at=at)
    return {"period": str(period.pk)}


def _posting(program: Program, payload: Payload, *, key: str) -> Posting:
    """Return what a payload asks for.

    :raises BadManualJournal: if it is none.
    :raises UnknownAccount: if it names an account that the program has not.
    """
    lines = payload.get("lines")
    if not isinstance(lines, list) or not 0 < len(lines) <= LINES_AT_MOST:
        raise BadManualJournal(reason=f"it has 1 to {LINES_AT_MOST} lines")
    memo, effective = payload.get("memo", ""), payload.get("effective_at")
    if not isinstance(memo, str) or not memo.strip():
        raise BadManualJournal(reason="it says in a memo why")
    return Posting(
        program_id=program.pk, key=key, kind="MANUAL_JOURNAL", memo=memo, effective_at=_instant(effective),
        movements=tuple(_movement(program, line) for line in lines),
    )  # fmt: skip


def _instant(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        found = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadManualJournal(reason="effective_at is a time with its zone")
    return found


def _movement(program: Program, line: Any) -> Movement:
    if not isinstance(line, dict) or not {"debit", "credit", "asset", "amount"} <= set(line):
        raise BadManualJournal(reason="a line has debit, credit, asset and amount")
    try:
        amount = Decimal(line["amount"]) if isinstance(line["amount"], str) else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if amount.is_nan() or not is_amount(amount, scale=18):
        raise BadAmount(amount=str(line["amount"])[:60])
    return Movement(_account(program, line, "debit"), _account(program, line, "credit"), amount)


def _account(program: Program, line: Payload, side: str) -> int:
    code, asset = str(line[side])[:120], str(line["asset"])[:20]
    known = "\0" not in code + asset and Account.objects.filter(program=program, code=code, asset__code=asset).first()
    if not known:
        raise UnknownAccount(account=f"{code} {asset}".replace("\0", ""))
    return int(known.pk)


def _describe_journal(payload: Payload) -> list[tuple[str, str]]:
    told = [("Why", str(payload.get("memo", "")))]
    if payload.get("effective_at"):
        told.append(("Counts from", str(payload["effective_at"])))
    for line in payload.get("lines", []):
        told.append(("Debit, credit", f"{line['debit']}, {line['credit']}: {line['amount']} {line['asset']}"))
    return told


def _period(program: Program, payload: Payload) -> Period:
    try:
        wanted = UUID(str(payload.get("period")))
    except ValueError:
        raise BadPeriod(reason="it is named by its id") from None
    last = Period.objects.filter(program=program, state=PeriodState.CLOSED).first()
    if last is None or last.pk != wanted:
        raise BadPeriod(reason="only the last closed period can be opened again")
    return last
