"""What audit asks every night."""

from collections.abc import Iterator

from audit.queries.verification import new_verdict, verify
from audit.reconciliation import Check, Discrepancy, Scope, register_check


def register() -> None:
    """Have it asked."""
    register_check(Check(name="audit.seals", label="The journal is as it was sealed", examine=_seals))


def _seals(scope: Scope) -> Iterator[Discrepancy]:
    # The chain is one for all programs: a run of one program has nothing of its own to ask here.
    if scope.program_id is not None:
        return
    verdict = new_verdict()
    for difference in verify(verdict):
        yield Discrepancy(
            key=f"{difference.what}:{difference.seal}:{difference.source}:{difference.row_id}",
            title=f"Seal {difference.seal}: {difference.what.replace('_', ' ')}",
            ours={"says": difference.says, "row": difference.row_id, "source": difference.source},
            theirs={"seal": difference.seal},
        )
    scope.examined = verdict.rows
