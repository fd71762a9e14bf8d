"""Instructions to a bank: whom to pay how much, one a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ledger.money import ZERO, exactly
from wallets.rails.bankfile import lines

_WIDTH: Final = 6
_AMOUNT: Final = 4


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a bank is to pay, under a reference of ours. The amount is written as the bank reads it."""

    reference: str
    bank: str
    account: str
    holder: str
    amount: str
    note: str

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.reference, self.bank, self.account, self.holder, self.amount, self.note)


@dataclass(frozen=True, slots=True)
class Instructions:
    """A file of them."""

    name: str
    account: str
    asset: str
    total: Decimal
    each: tuple[Instruction, ...]


def total_of(each: Sequence[Instruction]) -> Decimal:
    """Return what instructions come to."""
    with exactly():
        return sum((Decimal(one.amount) for one in each), ZERO)


def write_instructions(name: str, account: str, asset: str, each: Sequence[Instruction]) -> bytes:
    """Return the file."""
    return lines.written(name, account, asset, [one.cells for one in each], total=f"{total_of(each):f}")


def read_instructions(content: bytes) -> Instructions:
    """Return what a file tells a bank.

    :raises BadBankFile: if it is no such file, is cut off, or was changed.
    """
    head, found = lines.read(content, width=_WIDTH, amount_in=_AMOUNT)
    return Instructions(
        head.name, head.account, head.asset, head.total, tuple(Instruction(*line.cells) for line in found)
    )
