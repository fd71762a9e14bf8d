"""What the benchmarks of posting post: one amount between two of a thousand accounts, or from one that all share."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.utils import timezone

from identity.operations import create_program
from ledger.movements import Movement, Posting
from ledger.operations import define_asset, open_account, post, post_many
from ledger.states import AssetKind

ACCOUNTS: Final = 1_000
BATCH: Final = 1_000

_CHANCE: Final = random.Random()  # noqa: S311  (no secret)


@dataclass(frozen=True, slots=True)
class Books:
    """Accounts of one program, and a striped expense account."""

    program_id: UUID
    accounts: Sequence[int]
    expense: int

    def asked(self, *, hot: bool = False) -> Posting:
        """Return the next posting, under a key of its own."""
        debit, credit = _CHANCE.sample(self.accounts, 2)
        return Posting(
            program_id=self.program_id,
            key=f"bench:{_CHANCE.getrandbits(48)}:{credit}",
            kind="COMMISSION" if hot else "MANUAL_JOURNAL",
            movements=(Movement(self.expense if hot else debit, credit, Decimal("1.5")),),
        )

    def in_batches(self, count: int, *, hot: bool = False) -> None:
        """Post ``count`` of them, a thousand at once."""
        for _ in range(count // BATCH):
            post_many([self.asked(hot=hot) for _ in range(BATCH)])

    def one_by_one(self, count: int, *, hot: bool = False) -> None:
        """Post ``count`` of them, one after the other."""
        for _ in range(count):
            post(self.asked(hot=hot))

    def shuffle(self) -> None:
        """Go on with other accounts and keys than a process that was the same a moment ago."""
        _CHANCE.seed()


def open_books() -> Books:
    """Open a thousand accounts in an empty database."""
    program = create_program(name="Benchmark", slug="bench", at=timezone.now())
    define_asset("KES", name="Kenyan shilling", kind=AssetKind.FIAT, scale=4, payable_scale=2)

    def opened(code: str) -> int:
        return open_account(code, program=program, asset_code="KES", at=timezone.now()).pk

    accounts = [opened(f"affiliate:{number}:liability") for number in range(ACCOUNTS)]
    return Books(program.pk, accounts, opened("program:bench:expense"))
