"""Freeze an account, open it again, or close it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from audit.operations import follow
from ledger.errors import AccountNotEmpty, UnknownAccount
from ledger.models import Account, Balance
from ledger.money import plain
from ledger.states import ACCOUNT_TRANSITIONS, AccountStatus


@transaction.atomic
def change_account_status(
    account_id: int, *, program_id: UUID, to: AccountStatus, reason: str, at: datetime
) -> Account:
    """Change an account's status. Postings that are under way end first, and those behind see the new one.

    :raises UnknownAccount: if the program has no such account.
    :raises WrongState: if it can't be changed from where it is.
    :raises AccountNotEmpty: if it is to be closed and still has a balance.
    """
    account = Account.objects.locked().filter(pk=account_id, program=program_id).first()
    if account is None:
        raise UnknownAccount(account=account_id)
    # In the one order of the house, behind the account's own lock, which posting never takes.
    balances = Balance.objects.filter(account=account).order_by("account_id", "stripe")
    list(balances.select_for_update(no_key=True, of=("self",)))
    left = balances.aggregate(amount=Sum("amount"))["amount"] or Decimal(0)
    if to == AccountStatus.CLOSED and left:
        raise AccountNotEmpty(account=account.code, balance=plain(left))

    return follow(ACCOUNT_TRANSITIONS, account, to=to, at=at, program_id=program_id, payload={"reason": reason})
