"""What the ledger asks every night."""

from collections.abc import Iterator

from audit.reconciliation import Check, Discrepancy, Scope, register_check
from ledger.money import plain
from ledger.operations import verify_books
from ledger.queries import verification
from ledger.queries.holds import reserved_and_held


def register() -> None:
    """Have it asked."""
    register_check(Check(name="ledger.books", label="The books agree with their entries", examine=_books))
    register_check(Check(name="ledger.holds", label="What is reserved is what is held", examine=_holds))


def _books(scope: Scope) -> Iterator[Discrepancy]:
    is_full = verification.is_full_due(program_id=scope.program_id, at=scope.at)
    asked = verification.Scope(program_id=scope.program_id, is_full=is_full)
    for difference in verify_books(asked, at=scope.at):
        yield Discrepancy(
            key=f"{difference.what}:{difference.program_id}:{difference.where}",
            title=f"{difference.where}: {difference.what.replace('_', ' ')}",
            ours={"says": difference.says},
            program_id=difference.program_id,
        )
    scope.examined = asked.examined.sides


def _holds(scope: Scope) -> Iterator[Discrepancy]:
    for reserved in reserved_and_held(program_id=scope.program_id):
        scope.examined += 1
        if reserved.amount != reserved.held:
            yield Discrepancy(
                key=f"reserved:{reserved.account_id}",
                title=f"{reserved.code}: reserved is not what is held",
                ours={"reserved": plain(reserved.amount)},
                theirs={"open holds": plain(reserved.held)},
                program_id=reserved.program_id,
            )
