"""What the ledger asks every night."""

from collections.abc import Iterator

from audit.reconciliation import Check, Discrepancy, Scope, register_check
from ledger.queries import verification


def register() -> None:
    """Have it asked."""
    register_check(Check(name="ledger.books", label="The books agree with their entries", examine=_books))


def _books(scope: Scope) -> Iterator[Discrepancy]:
    asked = verification.Scope(program_id=scope.program_id)
    for difference in verification.verify_books(asked):
        yield Discrepancy(
            key=f"{difference.what}:{difference.program_id}:{difference.where}",
            title=f"{difference.where}: {difference.what.replace('_', ' ')}",
            ours={"says": difference.says},
            program_id=difference.program_id,
        )
    scope.examined = asked.examined.sides
