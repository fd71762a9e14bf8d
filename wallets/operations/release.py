"""Let go of what is held in a wallet."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from ledger import operations as ledger
from ledger.errors import UnknownHold
from ledger.models import Hold, Transaction
from ledger.states import HoldState
from wallets.errors import HeldForWithdrawal
from wallets.models import Wallet, Withdrawal
from wallets.operations.lock_wallets import lock_wallets
from wallets.operations.note_booked import note_booked
from wallets.queries.holdings import is_booked
from wallets.states import TransactionType


@transaction.atomic
def release(hold_id: UUID, *, program_id: UUID, to: HoldState = HoldState.RELEASED, at: datetime) -> Hold:
    """Give what is still held back to its wallet; what its owner owes is repaid from it first, and told.

    :raises UnknownHold: if the program has no such hold.
    :raises HeldForWithdrawal: if a withdrawal is what it is held for.
    :raises WrongState: if everything was captured, or it ended otherwise.
    """
    require_no_withdrawal(hold_id)
    return give_back(hold_id, program_id=program_id, to=to, at=at)


def require_no_withdrawal(hold_id: UUID) -> None:
    """Refuse to touch what is held for a withdrawal, but through that.

    :raises HeldForWithdrawal: if it is.
    """
    withdrawal = Withdrawal.objects.filter(hold=hold_id).first()
    if withdrawal is not None:
        raise HeldForWithdrawal(withdrawal=withdrawal.pk)


@transaction.atomic
def give_back(hold_id: UUID, *, program_id: UUID, to: HoldState = HoldState.RELEASED, at: datetime) -> Hold:
    """Do the same, whatever it is held for.

    :raises UnknownHold: if the program has no such hold.
    :raises WrongState: if everything was captured, or it ended otherwise.
    """
    held = Hold.objects.filter(pk=hold_id, program_id=program_id).first()
    if held is None:
        raise UnknownHold(hold=hold_id)
    own = Wallet.objects.filter(account=held.wallet_id).values_list("pk", flat=True)
    wallets = lock_wallets(*own, program_id=program_id)
    key = f"release:{held.pk}"
    is_new = not is_booked(program_id, key)

    released = ledger.release(hold_id, program_id=program_id, to=to, at=at)
    if is_new:
        booked = Transaction.objects.under_key(program_id, key).get()
        note_booked(booked.pk, wallets=wallets, kind=TransactionType.REPAYMENT, at=at)
    return released
