"""What wallets ask every night."""

from collections.abc import Iterator

from django.utils import timezone

from audit.reconciliation import Check, Discrepancy, Scope, register_check
from wallets.queries import integrity
from wallets.queries.inbox import inbox_size, waiting_or_changed


def register() -> None:
    """Have it asked."""
    register_check(Check(name="wallets.integrity", label="Wallets agree with the books", examine=_integrity))
    register_check(Check(name="wallets.inbox", label="What rails have told us is taken in", examine=_inbox))


def _integrity(scope: Scope) -> Iterator[Discrepancy]:
    asked = integrity.Scope(program_id=scope.program_id)
    for difference in integrity.verify_wallet_integrity(asked):
        yield Discrepancy(
            key=f"{difference.what}:{difference.where}",
            title=f"{difference.where}: {difference.what.replace('_', ' ')}",
            ours={"says": difference.says},
            program_id=difference.program_id,
        )
    scope.examined = asked.wallets + asked.transactions + asked.payments + asked.withdrawals


def _inbox(scope: Scope) -> Iterator[Discrepancy]:
    now = timezone.now()
    for event, what in waiting_or_changed(program_id=scope.program_id, at=now):
        yield Discrepancy(
            key=f"{what}:{event.pk}",
            title=f"{event.account.name}: {event} {what}",
            ours={"state": event.state, "why": event.verdict, "received_at": event.received_at.isoformat()},
            theirs={"kind": event.kind, "external_id": event.external_id, "data": event.data},
            program_id=event.program_id,
        )
    scope.examined = inbox_size(program_id=scope.program_id)
