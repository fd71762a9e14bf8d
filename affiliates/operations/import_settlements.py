"""Take in settlements from a file."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation

from affiliates.errors import BadLine, BadReference
from affiliates.models import Settlement
from affiliates.operations.expect_settlement import expect_settlement
from affiliates.operations.judge_line import judge_line
from affiliates.operations.nudge_lookups import nudge_lookups
from affiliates.queries import people, sales
from affiliates.queries.files import Line, Verdict
from affiliates.rules import REFERENCE
from affiliates.states import SettlementSource
from identity.models import Program
from identity.proofs import read_address
from ledger.interchange.verdicts import Judgement


def import_settlements(lines: Iterable[Line], *, program: Program, at: datetime) -> Iterator[Verdict]:
    """Expect each that is not known, and say what became of each line; a file can be brought again and again.

    A file proves nothing: a worker looks the receipts up on their chains, and what is proven is settled.
    """
    taken = False
    for line in lines:
        verdict = judge_line(line, lambda fields: _take(fields, program=program, at=at))
        taken = taken or verdict.verdict == Judgement.ACCEPTED
        yield verdict
    if taken:
        nudge_lookups()


def _take(fields: dict[str, str], *, program: Program, at: datetime) -> tuple[Judgement, str, str]:
    if not REFERENCE.fullmatch(fields["reference"]):
        raise BadReference
    source_event = f"file:{fields['reference']}"
    was_known = Settlement.objects.filter(program=program, source_event=source_event).exists()
    settlement = expect_settlement(
        people.member_by_address(read_address(fields["member"]), program_id=program.pk),
        asset=sales.settled_asset(fields["asset"]), amount=_amount(fields["amount"]), source=SettlementSource.CHAIN,
        source_event=source_event, chain_id=_chain(fields["chain_id"]), tx_hash=fields["tx_hash"].lower(), at=at,
    )  # fmt: skip
    return Judgement.DUPLICATE if was_known else Judgement.ACCEPTED, str(settlement.pk), ""


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text) if len(text) <= 60 and text.isascii() else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise BadLine(reason="Its amount is no number.")
    return amount


def _chain(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise BadLine(reason="Its chain is no number.")
    return int(text)
