"""What a bank says came of instructions, one a line. A file that does not hold together is refused whole."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ledger.money import ZERO, exactly
from wallets.errors import BadBankFile
from wallets.rails.bankfile import lines
from wallets.rails.reading import NAME
from wallets.rails.sending import Paid, Refused

PAID: Final = "PAID"
FAILED: Final = "FAILED"

_WIDTH: Final = 5
_AMOUNT: Final = 3
_REFERENCE: Final = re.compile(r"[A-Z0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one instruction; ``number`` is that of its line."""

    number: int
    reference: str
    verdict: str
    receipt: str
    amount: Decimal
    reason: str
    is_repeated: bool = False  # the same line stands further up

    @property
    def says(self) -> tuple[str, str, Decimal]:
        """What of it can contradict another line."""
        return self.verdict, self.receipt, self.amount

    def outcome(self, file: str) -> Paid | Refused:
        """Return what it says, with where it stands."""
        evidence = {"file": file, "line": self.number, "reason": self.reason}
        if self.verdict == PAID:
            return Paid(receipt=self.receipt, amount=self.amount, evidence=evidence)
        said = f": {self.reason}" if self.reason else "."
        return Refused(code="failed_at_bank", reason=f"The bank says that it failed{said}", evidence=evidence)


@dataclass(frozen=True, slots=True)
class Results:
    """A file of them, which holds together; whether it is about what we have sent is another question."""

    name: str
    account: str
    asset: str
    each: tuple[Result, ...]


def write_results(name: str, account: str, asset: str, rows: Sequence[tuple[str, str, str, str, str]]) -> bytes:
    """Return the file, as a bank writes it: reference, verdict, receipt, amount and reason in each line."""
    with exactly():
        total = sum((Decimal(row[_AMOUNT]) for row in rows), ZERO)
    return lines.written(name, account, asset, rows, total=f"{total:f}")


def read_results(content: bytes) -> Results:
    """Return what a file says.

    :raises BadBankFile: if it is no such file, is cut off, was changed, or contradicts itself.
    """
    head, found = lines.read(content, width=_WIDTH, amount_in=_AMOUNT)
    if not found:
        raise BadBankFile(reason="it has no line behind the first")
    by_reference: dict[str, Result] = {}
    by_receipt: dict[str, str] = {}
    each = []
    for line in found:
        result = _result(line)
        first = by_reference.setdefault(result.reference, result)
        if first.says != result.says:
            raise BadBankFile(reason=f"lines {first.number} and {result.number} contradict each other")
        if result.receipt and by_receipt.setdefault(result.receipt, result.reference) != result.reference:
            raise BadBankFile(reason=f"the receipt on line {result.number} is that of another line")
        is_repeated = first is not result
        each.append(
            Result(result.number, result.reference, *result.says, result.reason, is_repeated=is_repeated)
        )  # fmt: skip
    return Results(head.name, head.account, head.asset, tuple(each))


def require_match(results: Results, *, account: str, asset: str, amounts: Mapping[str, Decimal]) -> None:
    """Refuse results that are not of what was sent from an account: ``amounts``, by reference.

    :raises BadBankFile: if they aren't.
    """
    if (results.account, results.asset) != (account, asset):
        raise BadBankFile(reason=f"it is about {results.asset} from {results.account}, and not {asset} from {account}")
    for result in results.each:
        if result.reference not in amounts:
            raise BadBankFile(reason=f"line {result.number} is about {result.reference}, which was not in the file")
        sent = amounts[result.reference]
        if result.amount != sent:
            raise BadBankFile(
                reason=f"the amount on line {result.number} is {result.amount:f}, and {sent.normalize():f} was sent"
            )


def _result(line: lines.Line) -> Result:
    reference, verdict, receipt, _, reason = line.cells
    if not _REFERENCE.fullmatch(reference):
        raise BadBankFile(reason=f"line {line.number} names no reference of ours")
    if verdict not in (PAID, FAILED):
        raise BadBankFile(reason=f"line {line.number} says neither {PAID} nor {FAILED}")
    if verdict == PAID and not NAME.fullmatch(receipt):
        raise BadBankFile(
            reason=f"the receipt on line {line.number} is none: 1 to 120 letters, digits and . _ : -"
        )  # fmt: skip
    if verdict == FAILED and receipt:
        raise BadBankFile(reason=f"line {line.number} has a receipt for what was not paid")
    return Result(line.number, reference, verdict, receipt, lines.amount_of(line, _AMOUNT), reason)
