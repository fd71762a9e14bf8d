"""Give back what somebody has paid."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from audit.operations import follow, record
from ledger.models import Entry, Transaction
from ledger.money import exactly, plain
from ledger.movements import Movement, Posting
from ledger.operations import open_account
from wallets.errors import NotRefundable, NoWallet, RefundTooLarge, UnknownPayment
from wallets.models import Outgoing, PaymentRecord, Wallet, WalletTransaction
from wallets.operations.book import Written, book
from wallets.operations.lock_wallets import lock_wallets
from wallets.queries import checking
from wallets.queries.accounts import float_of
from wallets.states import PAYMENT_TRANSITIONS, PaymentState, TransactionType

REFUNDABLE: Final = (PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED)


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund: of which payment, and into which wallet or out of the house."""

    payment: PaymentRecord
    amount: Decimal
    wallet_transaction: WalletTransaction | None = None
    outgoing: Outgoing | None = None


@transaction.atomic
def refund(
    payment_id: UUID, *, program_id: UUID, amount: Decimal | None = None, rail: str = "", key: str, reason: str,
    at: datetime,
) -> Refunded:  # fmt: skip
    """Give back ``amount``, or all that is left: into the payer's wallet, or through ``rail`` to where it came from.

    All refunds of a payment together are never more than was paid. Asked again, it is found.

    :raises UnknownPayment: if the program has no such payment.
    :raises NotRefundable: if it is not paid, or was charged back.
    :raises RefundTooLarge: if less is left of it.
    :raises NoWallet: if the payer has none.
    :raises UnknownRail: if the program keeps no account there.
    :raises PostingRefused: if it can't be booked: who was paid has it no more, say.
    """
    house_key, reason = checking.house_key(key), checking.require_reason(reason)
    payment, wallets = _locked(payment_id, program_id, is_to_rail=bool(rail))
    known = Transaction.objects.under_key(program_id, house_key).first()
    if known is None:
        amount = _refundable(payment, amount)
    elif amount is None:
        amount = Entry.objects.filter(transaction=known).order_by("id").values_list("amount", flat=True)[0]

    outgoing = _outgoing(payment, amount, rail=rail, key=key, at=at) if rail else None
    target_id = outgoing.account_id if outgoing else _payer(payment, wallets).account_id
    posting = Posting(
        program_id=program_id, key=house_key, kind="REFUND", memo=reason, metadata={"payment": str(payment.pk)},
        movements=(Movement(payment.payee_id, target_id, amount),), corrects=payment.ledger_transaction_id,
    )  # fmt: skip
    written = book(posting, wallets=wallets, kind=TransactionType.REFUND, payment=payment, at=at)
    if not written.is_replay:
        _tell(payment, amount, at=at)
        if outgoing:
            outgoing.ledger_transaction_id = written.booked_id
            outgoing.save(force_insert=True)
            record(
                "wallets.outgoing.requested", subject=outgoing, at=at, program_id=program_id,
                payload={"amount": plain(amount), "payment": str(payment.pk), "rail": rail},
            )  # fmt: skip
    return Refunded(payment, amount, _line(payment, wallets, written, is_to_rail=bool(rail)), outgoing)


def _locked(payment_id: UUID, program_id: UUID, *, is_to_rail: bool) -> tuple[PaymentRecord, list[Wallet]]:
    """Return the payment and every wallet that its refund changes, locked: wallets first, by what never changes."""
    seen = PaymentRecord.objects.filter(pk=payment_id, program=program_id).first()
    if seen is None:
        raise UnknownPayment(payment=payment_id)
    touched = list(Wallet.objects.filter(account=seen.payee_id).values_list("pk", flat=True))
    if not is_to_rail:
        own = Wallet.objects.filter(party=seen.party_id, asset=seen.asset_id, program=program_id)
        touched += own.values_list("pk", flat=True)
    wallets = lock_wallets(*touched, program_id=program_id)
    return PaymentRecord.objects.locked().get(pk=payment_id), wallets


def _refundable(payment: PaymentRecord, amount: Decimal | None) -> Decimal:
    if payment.state not in REFUNDABLE or not payment.left:
        raise NotRefundable(state=payment.get_state_display().lower())
    asked = payment.left if amount is None else amount
    checking.require_amount(asked, asset=payment.asset.code, scale=payment.asset.scale)
    if asked > payment.left:
        raise RefundTooLarge(
            paid=plain(payment.amount), refunded=plain(payment.refunded), left=plain(payment.left), asked=plain(asked)
        )
    return asked


def _payer(payment: PaymentRecord, wallets: list[Wallet]) -> Wallet:
    for wallet in wallets:
        if wallet.party_id == payment.party_id:
            return wallet
    raise NoWallet(asset=payment.asset.code)


def _outgoing(payment: PaymentRecord, amount: Decimal, *, rail: str, key: str, at: datetime) -> Outgoing:
    """Return what goes out for this refund: as it stands, or as it will be stored once that is booked."""
    known: Outgoing | None = Outgoing.objects.filter(program=payment.program_id, key=key).first()
    if known is not None:
        return known
    float_of(payment.program, payment.asset, rail)
    identifier = uuid7()
    account = open_account(
        f"outgoing:{identifier}", program=payment.program, asset_code=payment.asset.code, at=at
    )  # fmt: skip
    return Outgoing(
        id=identifier, program_id=payment.program_id, key=key, asset=payment.asset, amount=amount, account=account,
        payment=payment, rail=rail, requested_at=at,
    )  # fmt: skip


def _tell(payment: PaymentRecord, amount: Decimal, *, at: datetime) -> None:
    with exactly():
        payment.refunded += amount
    step = PaymentState.PARTIALLY_REFUNDED if payment.left else PaymentState.REFUNDED
    payment.save(update_fields=("refunded",))
    if payment.state == step:
        record(
            "wallets.payment.partially_refunded", subject=payment, at=at, program_id=payment.program_id,
            payload={"amount": plain(amount)},
        )  # fmt: skip
        return
    follow(
        PAYMENT_TRANSITIONS, payment, to=step, at=at, program_id=payment.program_id, payload={"amount": plain(amount)}
    )


def _line(
    payment: PaymentRecord, wallets: list[Wallet], written: Written, *, is_to_rail: bool
) -> WalletTransaction | None:
    return None if is_to_rail else written.in_wallet(_payer(payment, wallets))
