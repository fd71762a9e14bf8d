"""What wallets ask every night."""

from collections.abc import Iterator

from audit.reconciliation import Check, Discrepancy, Scope, register_check
from wallets.queries import integrity


def register() -> None:
    """Have it asked."""
    register_check(Check(name="wallets.integrity", label="Wallets agree with the books", examine=_integrity))


def _integrity(scope: Scope) -> Iterator[Discrepancy]:
    asked = integrity.Scope(program_id=scope.program_id)
    for difference in integrity.verify_wallet_integrity(asked):
        yield Discrepancy(
            key=f"{difference.what}:{difference.where}",
            title=f"{difference.where}: {difference.what.replace('_', ' ')}",
            ours={"says": difference.says},
            program_id=difference.program_id,
        )
    scope.examined = asked.wallets + asked.transactions + asked.payments
