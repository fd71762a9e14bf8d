"""A bank that is paid by file, on this machine: it answers an instruction file with a result file, as a bank would."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from config.simulators.frame import CannotSimulate
from wallets.errors import BadBankFile
from wallets.rails.bankfile.instructions import Instruction, read_instructions
from wallets.rails.bankfile.results import FAILED, PAID, write_results

RAIL: Final = "bank"
LABEL: Final = "a bank that is paid by file: writes what came of an instruction file"

# By the last four digits of the account that is paid; every other is paid. From 9920 on the house refuses the file.
SCENARIOS: Final[Mapping[str, str]] = {
    "9901": "failed: no such account",
    "9902": "failed: the account is closed",
    "9903": "failed, for a reason that a spreadsheet would run",
    "9910": "not answered yet: it is not in the file",
    "9911": "paid, and on two lines",
    "9920": "paid, and a coin less is said",
    "9921": "paid, and failed on another line",
    "9922": "paid, without a receipt",
    "9923": "paid, under a reference that was never sent",
    "9924": "paid, with the receipt of the first line",
    "9925": "paid, and the file was changed afterwards",
}
_FAILED: Final[Mapping[str, str]] = {
    "9901": "No such account", "9902": "The account is closed", "9903": "=HYPERLINK(\"https://bank.invalid\")",
}  # fmt: skip

Row = tuple[str, str, str, str, str]


def answered(content: bytes) -> bytes:
    """Return what the bank says came of a file.

    :raises CannotSimulate: if it is no file of instructions.
    """
    try:
        told = read_instructions(content)
    except BadBankFile as refusal:
        raise CannotSimulate(str(refusal)) from refusal
    rows = [row for number, line in enumerate(told.each, start=1) for row in _rows(line, f"{told.name}.{number}")]
    first = f"{told.name}.1"
    rows = [(*row[:2], first, *row[3:]) if row[2] and _scenario(told.each, row) == "9924" else row for row in rows]
    result = write_results(told.name, told.account, told.asset, rows)
    is_changed = any(line.account.endswith("9925") for line in told.each)
    return result.replace(PAID.encode(), b"Paid", 1) if is_changed else result


def _scenario(each: tuple[Instruction, ...], row: Row) -> str:
    return next((line.account[-4:] for line in each if line.reference == row[0]), "")


def _rows(line: Instruction, receipt: str) -> list[Row]:
    scenario = line.account[-4:]
    paid: Row = (line.reference, PAID, receipt, line.amount, "")
    if scenario in _FAILED:
        return [(line.reference, FAILED, "", line.amount, _FAILED[scenario])]
    others: Mapping[str, list[Row]] = {
        "9910": [],
        "9911": [paid, paid],
        "9920": [(line.reference, PAID, receipt, f"{Decimal(line.amount) - Decimal('0.01'):f}", "")],
        "9921": [paid, (line.reference, FAILED, "", line.amount, "Sent back")],
        "9922": [(line.reference, PAID, "", line.amount, "")],
        "9923": [("P0000000XXXX", PAID, receipt, line.amount, "")],
    }
    return others.get(scenario, [paid])
