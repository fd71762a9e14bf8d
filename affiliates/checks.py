"""What affiliates ask every night."""

from collections.abc import Iterator

from django.utils import timezone

from affiliates.queries import checking
from audit.reconciliation import Check, Discrepancy, Scope, register_check


def register() -> None:
    """Have it asked."""
    for name, label, examine in (
        ("affiliates.earnings", "What affiliates earned agrees with the books", _earnings),
        ("affiliates.families", "Commissions follow from settlements", _families),
        ("affiliates.tallies", "What affiliates are shown agrees with the rows", _tallies),
        ("affiliates.proofs", "Settlements are as proven as they were", _proofs),
    ):
        register_check(Check(name=name, label=label, examine=examine))


def _earnings(scope: Scope) -> Iterator[Discrepancy]:
    examined, found = checking.earnings(scope.program_id)
    for one in found:
        yield Discrepancy(
            key=f"{one.affiliate_id}:{one.asset}",
            title=f"Affiliate {one.code} has {one.rows} {one.asset} in rows and {one.books} in the books",
            ours={"rows": one.rows}, theirs={"books": one.books}, program_id=one.program_id,
        )  # fmt: skip
    scope.examined = examined


def _families(scope: Scope) -> Iterator[Discrepancy]:
    examined, found = checking.families(scope.program_id)
    for one in found:
        yield Discrepancy(
            key=f"{one.what}:{one.settlement_id}", title=f"Settlement {one.settlement_id}: {one.what}",
            ours=one.says, program_id=one.program_id,
        )  # fmt: skip
    scope.examined = examined


def _tallies(scope: Scope) -> Iterator[Discrepancy]:
    examined, found = checking.tallies(scope.program_id)
    for one in found:
        yield Discrepancy(
            key=f"{one.affiliate_id}:{one.asset}:{one.what}",
            title=f"Affiliate {one.code}: {one.what} is told as {one.told} and is {one.counted}",
            ours={"told": one.told}, theirs={"counted": one.counted}, program_id=one.program_id,
        )  # fmt: skip
    scope.examined = examined


def _proofs(scope: Scope) -> Iterator[Discrepancy]:
    examined, found = checking.proofs(scope.program_id, at=timezone.now())
    for settlement, what in found:
        yield Discrepancy(
            key=str(settlement.pk), title=f"Settlement {settlement}: {what}",
            ours={"state": settlement.state, "tx_hash": settlement.tx_hash, "verdict": settlement.verdict},
            program_id=settlement.program_id,
        )  # fmt: skip
    scope.examined = examined
