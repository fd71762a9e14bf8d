"""Issue a statement."""

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from audit import context
from audit.operations import record
from ledger.errors import PeriodNotOver, StatementTooLong, UnknownAccount
from ledger.models import Account, Balance, IssuedStatement
from ledger.models.statements import number_in_words
from ledger.money import grouped
from ledger.paper.statements import printed
from ledger.queries.statement_files import as_csv, on_paper, pages_of
from ledger.queries.statements import Statement

LINES_AT_MOST: Final = 20_000


@transaction.atomic
def issue_statement(
    account_id: int, *, program_id: UUID, after: datetime, until: datetime, at: datetime
) -> IssuedStatement:
    """Issue an account's statement of what was booked behind ``after`` and up to ``until``, and keep its files.

    A period has one statement: asked for again, it is returned as it was issued. Nothing else could be said: behind
    the account's locks, nothing books in a time that is over.

    :raises UnknownAccount: if the program has no such account.
    :raises PeriodNotOver: if the period has not ended, or is none.
    :raises StatementTooLong: if it has more lines than anybody reads on paper.
    """
    account = Account.objects.select_related("asset", "program").filter(pk=account_id, program=program_id).first()
    if account is None:
        raise UnknownAccount(account=account_id)
    if after >= until:
        raise PeriodNotOver(reason="it begins before it ends")
    # One after the other in a program: numbers have no gaps.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('countinghouse.statement.' || %s))", [str(program_id)])
    known = IssuedStatement.objects.without_files().filter(account=account, after=after, until=until).first()
    if known is not None:
        return known
    horizon_at = _horizon(account)
    if until >= horizon_at:
        raise PeriodNotOver(reason=f"this one ends {until.isoformat(timespec='seconds')}")

    pages = _pages(account, after=after, until=until)
    last = IssuedStatement.objects.filter(program_id=program_id).order_by("-number").values_list("number", flat=True)
    issued = _written(account, pages, number=(last.first() or 0) + 1, horizon_at=horizon_at, at=at)
    issued.save(force_insert=True)

    record(
        "ledger.statement.issued", subject=issued, at=at, program_id=program_id,
        payload={
            "account": account.code, "asset": account.asset.code, "number": issued.number, "after": after.isoformat(),
            "until": until.isoformat(), "pdf_sha256": issued.pdf_sha256, "csv_sha256": issued.csv_sha256,
        },
    )  # fmt: skip
    return issued


def _horizon(account: Account) -> datetime:
    """Wait for whoever is booking there, and return the time then; whoever books later does so at a later time.

    The locks go at once: a statement of a thousand pages must not keep anybody from booking. What a wallet's owner
    owes changes under the wallet's lock.
    """
    wallet = Account.objects.filter(owed=account).values_list("pk", flat=True)
    with transaction.atomic():
        balances = Balance.objects.filter(account__in=[account.pk, *wallet]).order_by("account_id", "stripe")
        list(balances.select_for_update(no_key=True).values_list("pk"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            now: datetime = cursor.fetchone()[0]
        transaction.set_rollback(True)
    return now


def _pages(account: Account, *, after: datetime, until: datetime) -> list[Statement]:
    pages, count = [], 0
    for page in pages_of(account, after=after, until=until):
        count += len(page.lines)
        if count > LINES_AT_MOST or (count == LINES_AT_MOST and page.has_more):
            raise StatementTooLong(most=f"{LINES_AT_MOST:,}")
        pages.append(page)
    return pages


def _written(
    account: Account, pages: list[Statement], *, number: int, horizon_at: datetime, at: datetime
) -> IssuedStatement:
    first, last, places = pages[0], pages[-1], account.asset.payable_scale
    lines = [line for page in pages for line in page.lines]
    csv = "".join(as_csv(pages)).encode()
    sha256 = hashlib.sha256(csv).hexdigest()
    pdf = printed(on_paper(
        account, lines, number=number_in_words(number), after=first.after, until=first.until,
        opening=grouped(first.opening, places=places), closing=grouped(last.closing, places=places),
        sha256=sha256, at=at,
    ))  # fmt: skip
    acting = context.current().actor
    return IssuedStatement(
        program_id=account.program_id, account=account, number=number, after=first.after, until=first.until,
        horizon_at=horizon_at, opening=first.opening, closing=last.closing, lines=len(lines),
        pdf=pdf, csv=csv, pdf_sha256=hashlib.sha256(pdf).hexdigest(), csv_sha256=sha256,
        actor_type=acting.type, actor_id=acting.id, issued_at=at,
    )  # fmt: skip
