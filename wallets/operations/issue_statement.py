"""Issue a wallet's statement to its owner."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from ledger import operations as ledger
from ledger.models import IssuedStatement
from wallets.errors import TooManyStatements, UnknownWallet
from wallets.models import Wallet

A_DAY_AT_MOST: Final = 20


@transaction.atomic
def issue_statement(
    wallet_id: UUID, *, program_id: UUID, after: datetime, until: datetime, at: datetime
) -> IssuedStatement:
    """Issue the statement of what was available in the wallet, or return the one that was issued for this period.

    A statement is kept for ever, and whoever may ask for any period could ask for thousands: so there is a limit.

    :raises UnknownWallet: if the program has no such wallet.
    :raises TooManyStatements: if too many were issued within a day.
    :raises PeriodNotOver: if the period has not ended, or is none.
    :raises StatementTooLong: if it has more lines than anybody reads on paper.
    """
    wallet = Wallet.objects.filter(pk=wallet_id, program=program_id).first()
    if wallet is None:
        raise UnknownWallet(wallet=wallet_id)
    issued = ledger.issue_statement(wallet.account_id, program_id=program_id, after=after, until=until, at=at)
    if issued.issued_at == at:
        # Counted behind the program's own lock of statements, and with this one among them.
        lately = IssuedStatement.objects.filter(account=wallet.account_id, issued_at__gt=at - timedelta(days=1))
        if lately.count() > A_DAY_AT_MOST:
            raise TooManyStatements(most=A_DAY_AT_MOST)
    return issued
