"""Take a transaction back."""

from uuid import UUID

from ledger.errors import AlreadyReversed, UnknownTransaction
from ledger.models import Transaction
from ledger.movements import Booked, Movement, Posting
from ledger.operations.post import post


def reverse(transaction_id: UUID, *, program_id: UUID, key: str, memo: str) -> Booked:
    """Book the mirror image of a transaction: what is booked is never changed, and is reversed at most once.

    :raises UnknownTransaction: if the program has no such transaction.
    :raises AlreadyReversed: if it was reversed before, or is a reversal itself.
    :raises PostingRefused: if an account has not enough left to give it back, or is closed.
    """
    original = Transaction.objects.filter(pk=transaction_id, program_id=program_id).first()
    if original is None:
        raise UnknownTransaction(transaction=transaction_id)
    if original.reverses_id is not None:
        raise AlreadyReversed(transaction=transaction_id, reason="it is a reversal; book what is right instead")

    mirrored = tuple(
        Movement(entry.credit_account_id, entry.debit_account_id, entry.amount)
        for entry in original.entries.order_by("-id")
    )
    posting = Posting(
        program_id=program_id, key=key, kind="REVERSAL", movements=mirrored, memo=memo, reverses=transaction_id
    )
    return post(posting)
