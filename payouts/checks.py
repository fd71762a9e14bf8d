"""What payouts ask every night."""

from collections.abc import Callable, Iterator
from uuid import UUID

from audit.reconciliation import Check, Discrepancy, Scope, register_check
from payouts.queries import chain_checking, checking, statement_checking
from payouts.queries.troubles import troubled, waiting_for_people

Found = tuple[int, list[checking.Difference]]


def register() -> None:
    """Have it asked."""
    for name, label, compare, says in (
        ("payouts.reserved", "What is set aside for affiliates is what payouts owe them", checking.reserved,
         "{what} is to be paid {rows} {asset} and {books} is set aside"),
        ("payouts.in_flight", "What is in flight is what was tried and not answered", checking.in_flight,
         "{rows} {asset} is on its way from {what} and the books say {books}"),
        ("payouts.passing", "Nothing stays where payouts pass through", checking.passing,
         "{books} {asset} stays in {what}"),
        ("payouts.paid", "Payouts are paid as their parts are", checking.paid,
         "Payout {what} is for {rows} {asset} and its parts have paid {books}"),
        ("payouts.withdrawals", "Withdrawals are where their payouts are", checking.withdrawals,
         "{what}, over {rows} and {books} {asset}"),
        ("payouts.withheld", "What was withheld is what payouts withheld as they were paid", checking.withheld,
         "{rows} {asset} was withheld from what was paid, and the books say {books}"),
    ):  # fmt: skip
        register_check(Check(name=name, label=label, examine=_examine(compare, says)))
    register_check(
        Check(name="payouts.outcomes", label="What came of payouts is known, and only once", examine=_outcomes)
    )
    register_check(
        Check(
            name="payouts.chain",
            label="What was paid on chains stands, and their balances are the books'",
            examine=_chain,
        )
    )
    register_check(
        Check(name="payouts.statements", label="What rails' statements say is what we know", examine=_statements)
    )


def _examine(compare: Callable[[UUID | None], Found], says: str) -> Callable[[Scope], Iterator[Discrepancy]]:
    def examine(scope: Scope) -> Iterator[Discrepancy]:
        scope.examined, found = compare(scope.program_id)
        for one in found:
            yield Discrepancy(
                key=f"{one.program_id}:{one.what}:{one.asset}",
                title=says.format(what=one.what, asset=one.asset, rows=one.rows, books=one.books),
                ours={"rows": one.rows}, theirs={"books": one.books}, program_id=one.program_id,
            )  # fmt: skip

    return examine


def _outcomes(scope: Scope) -> Iterator[Discrepancy]:
    examined, found = troubled(scope.program_id)
    for attempt in found:
        yield Discrepancy(
            key=f"{attempt.trouble}:{attempt.pk}",
            title=f"{attempt.rail_account.name}: {attempt.reference}: {attempt.get_trouble_display().lower()}",
            ours={"state": attempt.state, "amount": str(attempt.amount), "payout": str(attempt.payout_id)},
            theirs={"receipt": attempt.receipt, **attempt.evidence}, program_id=attempt.program_id,
        )  # fmt: skip
    for attempt in waiting_for_people(scope.program_id):
        yield Discrepancy(
            key=f"unknown:{attempt.pk}",
            title=f"{attempt.rail_account.name}: nobody knows what came of {attempt.reference}, the rail included",
            ours={"since": attempt.stored_at.isoformat(), "amount": str(attempt.amount)},
            theirs={"reason": attempt.reason, **attempt.evidence}, program_id=attempt.program_id,
        )  # fmt: skip
    scope.examined = examined


def _chain(scope: Scope) -> Iterator[Discrepancy]:
    scope.examined, found = chain_checking.balances(scope.program_id)
    found += chain_checking.taken(scope.program_id)
    found += chain_checking.not_looked_at(scope.program_id, at=scope.at)
    for one in found:
        yield Discrepancy(key=one.key, title=one.title, ours=one.ours, theirs=one.theirs, program_id=one.program_id)


def _statements(scope: Scope) -> Iterator[Discrepancy]:
    scope.examined, found = statement_checking.left_over(scope.program_id)
    for one in found:
        yield Discrepancy(key=one.key, title=one.title, ours=one.ours, theirs=one.theirs, program_id=one.program_id)
