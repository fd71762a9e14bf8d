"""Verify the books, and keep how far they were found right."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from threading import Lock
from typing import Final

from django.db import connection
from django.db.models import Q

from audit.queries.tailing import this_database
from identity.models import Program
from ledger.models import Checkpoint, Verification
from ledger.queries.beside import beside
from ledger.queries.chains import Head, Page, pages_of_heads, verify_chains
from ledger.queries.digests import verify_digests
from ledger.queries.stripes import verify_striped
from ledger.queries.verification import Difference, Scope, last_verification, verify_totals

_KEEP: Final = """
INSERT INTO ledger_checkpoint (account_id, amount, entries, booked_at, verified_at)
SELECT l.*, %(at)s
FROM unnest(%(accounts)s::bigint[], %(amounts)s::numeric[], %(entries)s::bigint[], %(ats)s::timestamptz[]) AS l
ON CONFLICT (account_id) DO UPDATE SET amount = excluded.amount, entries = excluded.entries,
    booked_at = excluded.booked_at, verified_at = excluded.verified_at
"""


def verify_books(scope: Scope, *, at: datetime, keeps: bool = True) -> Iterator[Difference]:
    """Yield everything in ``scope`` that does not agree; what does is where the next one begins.

    What does not agree is looked at from the beginning the next time. With ``keeps`` false nothing is kept; nor is it
    of what began at a time that somebody has named, because what comes before was not looked at.
    """
    keeps = keeps and scope.since is None
    if scope.account_id is None:
        yield from verify_totals(scope)
    transactions, accounts = _Transactions(scope), _Accounts(scope, kept_at=at if keeps else None)

    def transactions_first() -> Iterator[Difference]:
        yield from transactions.verify()
        yield from accounts.verify()

    # Transactions are the smaller half of the work: whoever is done with them helps with the accounts.
    with beside(transactions_first) as found:
        yield from accounts.verify()
        yield from found()
    # At the end, so that one that was cut short does not count as a full one.
    if keeps:
        transactions.keep(at=at)


class _Accounts:
    """The accounts of a scope. Two may look at them at once, each at some that the other has not taken."""

    def __init__(self, scope: Scope, *, kept_at: datetime | None) -> None:
        self.scope, self.kept_at = scope, kept_at
        self._pages, self._turn = pages_of_heads(scope), Lock()

    def verify(self) -> Iterator[Difference]:
        while heads := self._taken():
            for page in self._look(heads):
                yield from page.differences
                if self.kept_at:
                    _keep_checkpoints(page, at=self.kept_at)

    def _taken(self) -> Sequence[Head]:
        with self._turn:
            heads = next(self._pages, [])
        self.scope.examined.add(accounts=len(heads))
        return heads

    def _look(self, heads: Sequence[Head]) -> Iterator[Page]:
        chained: list[Head] = []
        for head in heads:
            if head.amount is None:
                says = "The account has no balance row."
                nothing = Difference(what="no_balance", program_id=head.program_id, where=head.where, says=says)
                yield Page([nothing], broken=[head.account_id])
            elif head.is_striped:
                yield verify_striped(head, self.scope)
            elif not (self.scope.believes_checkpoints and head.is_as_it_was):
                chained.append(head)
        yield from verify_chains(chained, self.scope)


class _Transactions:
    """The transactions of a scope; those of one account are not looked at."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.found = False
        self.last = last_verification(program_id=scope.program_id) if scope.believes_checkpoints else None
        with connection.cursor() as cursor:
            # Whatever is below is there to be seen from now on, or will never be.
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            self.horizon = cursor.fetchone()[0]

    def verify(self) -> Iterator[Difference]:
        if self.scope.account_id is None:
            for difference in verify_digests(self.scope, horizon=self.last.horizon if self.last else None):
                self.found = True
                yield difference

    def keep(self, *, at: datetime) -> None:
        if self.scope.account_id is not None:
            return
        program = Program.objects.get(pk=self.scope.program_id) if self.scope.program_id else None
        if self.found:
            Verification.objects.filter(Q(program=program) | Q(program=None)).delete()
            return
        Verification.objects.update_or_create(
            program=program,
            defaults={
                "horizon": self.horizon,
                "system_identifier": this_database().system_identifier,
                "verified_at": at,
                "verified_in_full_at": self.last.verified_in_full_at if self.last else at,
            },
        )


def _keep_checkpoints(page: Page, *, at: datetime) -> None:
    Checkpoint.objects.filter(account__in=page.broken).delete()
    proven = [(account_id, link) for account_id, link in page.proven.items() if link.entries]
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            {
                "accounts": [account_id for account_id, _ in proven],
                "amounts": [link.amount for _, link in proven],
                "entries": [link.entries for _, link in proven],
                "ats": [link.booked_at for _, link in proven],
                "at": at,
            },
        )
