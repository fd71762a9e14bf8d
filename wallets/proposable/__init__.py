"""What two people decide about wallets: an adjustment that is too large for one, and that a payment came."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from identity.kinds import ProposalKind, register_kind
from identity.models import Program, Proposal, User
from identity.operations import propose
from identity.rules import Band
from ledger.money import plain
from wallets.errors import BadAdjustment, NotDirect, UnknownPayment, UnknownWallet, WalletIsClosed
from wallets.models import PaymentRecord, Wallet
from wallets.operations import adjust, confirm_payment, lock_wallets
from wallets.proposable import rail_accounts
from wallets.queries import checking
from wallets.states import PaymentMethod

Payload = Mapping[str, Any]

ADJUST: Final = "wallets.adjust"
CONFIRM_PAYMENT: Final = "wallets.confirm_payment"

_APPROVERS = frozenset({"OWNER", "FINANCE_APPROVER"})


def register() -> None:
    """Let these be proposed."""
    register_kind(
        ProposalKind(
            name=ADJUST,
            label="Adjust a wallet",
            permission_to_propose="ledger.propose",
            bands=(Band(Decimal(0), 1, _APPROVERS),),
            check=_check_adjustment,
            describe=_describe_adjustment,
            execute=_adjust,
        )
    )
    register_kind(
        ProposalKind(
            name=CONFIRM_PAYMENT,
            label="Take a payment as proven",
            permission_to_propose="ledger.propose",
            bands=(Band(Decimal(0), 1, _APPROVERS),),
            check=_check_payment,
            describe=_describe_payment,
            execute=_confirm,
        )
    )
    rail_accounts.register()


@transaction.atomic
def propose_adjustment(
    wallet_id: UUID, *, program: Program, amount: Decimal, reason: str, key: str, by: User, at: datetime
) -> Proposal:
    """Put an adjustment before a second person. Asked again under the same key, it is found.

    :raises UnknownWallet: if the program has no such wallet.
    :raises WalletIsClosed: if it is closed.
    :raises PolicyUnsatisfiable: if nobody could agree but ``by``.
    """
    # The wallet's lock: whoever asks at the same moment waits here, and then finds the proposal.
    lock_wallets(wallet_id, program_id=program.pk)
    known = Proposal.objects.filter(program=program, kind=ADJUST, payload__key=key).first()
    if known is not None:
        return known
    payload = {"wallet": str(wallet_id), "amount": plain(amount), "reason": reason, "key": key}
    return propose(
        ADJUST, program=program, payload=payload, reason=reason, subject=("wallets.wallet", str(wallet_id)), by=by,
        at=at,
    )  # fmt: skip


def _check_adjustment(program: Program, payload: Payload) -> None:
    wallet, amount = _wallet(program, payload), _amount(payload)
    checking.require_reason(_text(payload, "reason"))
    checking.require_amount(abs(amount), asset=wallet.asset.code, scale=wallet.asset.scale)
    if wallet.is_closed:
        raise WalletIsClosed


def _describe_adjustment(payload: Payload) -> list[tuple[str, str]]:
    wallet = Wallet.objects.filter(pk=payload["wallet"]).select_related("party", "asset").first()
    whose = f"{wallet.party}, {wallet.asset.name}" if wallet else str(payload["wallet"])
    amount = f"{payload['amount']} {wallet.asset.code}" if wallet else str(payload["amount"])
    return [("Wallet", whose), ("Amount", amount), ("Why", str(payload["reason"]))]


def _adjust(proposal: Proposal, at: datetime) -> Payload:
    wallet = _wallet(proposal.program, proposal.payload)
    line = adjust(
        wallet.pk, program_id=proposal.program_id, amount=_amount(proposal.payload), key=f"proposal:{proposal.pk}",
        reason=_text(proposal.payload, "reason"), agreed_by=proposal.pk, at=at,
    )  # fmt: skip
    return {"wallet_transaction": str(line.pk)}


def _check_payment(program: Program, payload: Payload) -> None:
    checking.require_key(_text(payload, "receipt"))
    if _payment(program, payload).method != PaymentMethod.DIRECT:
        raise NotDirect


def _describe_payment(payload: Payload) -> list[tuple[str, str]]:
    payment = PaymentRecord.objects.filter(pk=payload["payment"]).select_related("party", "asset").first()
    told = [("Payment", str(payload["payment"])), ("Receipt", str(payload["receipt"]))]
    if payment:
        told += [("Of", str(payment.party)), ("Amount", f"{payment.amount.normalize():f} {payment.asset.code}")]
    return told


def _confirm(proposal: Proposal, at: datetime) -> Payload:
    payment = _payment(proposal.program, proposal.payload)
    receipt = _text(proposal.payload, "receipt")
    confirm_payment(payment.pk, program_id=proposal.program_id, receipt=receipt, at=at)
    return {"payment": str(payment.pk)}


def _wallet(program: Program, payload: Payload) -> Wallet:
    found = Wallet.objects.filter(pk=_id(payload, "wallet"), program=program).select_related("asset").first()
    if found is None:
        raise UnknownWallet(wallet=payload["wallet"])
    return found


def _payment(program: Program, payload: Payload) -> PaymentRecord:
    found = PaymentRecord.objects.filter(pk=_id(payload, "payment"), program=program).first()
    if found is None:
        raise UnknownPayment(payment=payload["payment"])
    return found


def _id(payload: Payload, name: str) -> UUID:
    try:
        return UUID(str(payload.get(name)))
    except ValueError:
        raise BadAdjustment(reason=f"{name} is an id") from None


def _text(payload: Payload, name: str) -> str:
    said = payload.get(name)
    if not isinstance(said, str):
        raise BadAdjustment(reason=f"{name} is a text")
    return said


def _amount(payload: Payload) -> Decimal:
    try:
        return Decimal(_text(payload, "amount"))
    except InvalidOperation:
        raise BadAdjustment(reason="amount is a number, as text") from None
