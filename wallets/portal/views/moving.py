"""Transfers and payments: filled in, looked at once more, and done once, however often the button is pressed."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from audit.errors import DomainError
from ledger.errors import AccountFrozen, BelowFloor, IdempotencyConflict
from ledger.money import exactly
from wallets.errors import BadPayee, BadWithdrawal, NoRecipient, NotAPayee, NoWayOut, TooManyMisses, TransferToSelf
from wallets.models import Wallet, WalletTransaction
from wallets.operations import pay_from_wallet
from wallets.operations import transfer as transfer_between
from wallets.portal.forms import MoveForm, PayForm, TransferForm
from wallets.portal.views.shown import ShownWallet, grouped, own_wallet, person_of
from wallets.queries.checking import account_code
from wallets.queries.holdings import holding
from wallets.queries.recipients import recipient_of

MISSES_AT_MOST: Final = 20
_MISSES_FORGOTTEN_SECONDS: Final = 3_600

# The field beside which a refusal is told; all others are told above the form.
_FIELDS: Final[dict[type[DomainError], str]] = {
    BadPayee: "destination", BadWithdrawal: "amount", BelowFloor: "amount", NoWayOut: "kind",
    NoRecipient: "to", NotAPayee: "payee", TooManyMisses: "to", TransferToSelf: "to",
}  # fmt: skip


@login_required
def transfer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send something to somebody else's wallet."""
    own = own_wallet(request, pk)
    form = TransferForm(request.POST if request.method == "POST" else None, asset=own.asset)

    def send(said: dict[str, Any]) -> WalletTransaction:
        to = _recipient(request, said["to"], own)
        return transfer_between(
            own.pk, program_id=own.program_id, to=to.pk, amount=said["amount"], key=key_of(own, said["key"]),
            description=said["description"], at=timezone.now(),
        )  # fmt: skip

    words = {"title": "Transfer", "verb": "Send", "about": "It is theirs at once, and does not come back by itself."}
    return move(request, own, form, send, {**words, "to": form.data.get("to", "").strip()})


@login_required
def pay(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Pay the program, or somebody else in it."""
    own = own_wallet(request, pk)
    form = PayForm(request.POST if request.method == "POST" else None, asset=own.asset, program_name=own.program.name)

    def send(said: dict[str, Any]) -> WalletTransaction:
        payment = pay_from_wallet(
            own.pk, program_id=own.program_id, amount=said["amount"], payee=_payee(said["payee"]),
            key=key_of(own, said["key"]), description=said["description"], at=timezone.now(),
        )  # fmt: skip
        return own.transactions.get(pays=payment)

    words = {"title": "Pay", "verb": "Pay", "about": f"You pay {own.program.name}, or somebody else in it."}
    return move(request, own, form, send, {**words, "to": form.data.get("payee", "").strip() or own.program.name})


def move(
    request: HttpRequest, own: Wallet, form: MoveForm, send: Callable[[dict[str, Any]], WalletTransaction],
    words: Mapping[str, Any], *, look: Callable[[dict[str, Any]], None] = lambda said: None,
    template: str = "portal/wallets/move.html",
) -> HttpResponse:  # fmt: skip
    """Show the form; then what would happen; then do it, and show the receipt.

    ``look`` refuses what can be seen to be refused before anybody has confirmed it.
    """
    shown = ShownWallet(own, holding(own))
    context = {"shown": shown, "form": form, **words}
    if request.method == "POST" and form.is_valid() and "change" not in request.POST:
        said: dict[str, Any] = form.cleaned_data
        if "confirmed" not in request.POST:
            try:
                _foresee(shown, said["amount"])
                look(said)
            except DomainError as refusal:
                _tell(form, refusal, own)
            else:
                return render(request, "portal/wallets/confirm.html", {**context, **_looked_at(shown, said["amount"])})
        else:
            try:
                line = send(said)
            except DomainError as refusal:
                _tell(form, refusal, own)
            else:
                return redirect("wallets:receipt", own.pk, line.pk)
    return render(request, template, context)


def _looked_at(shown: ShownWallet, amount: Decimal) -> dict[str, str]:
    """Return what would be taken and left."""
    asset = shown.wallet.asset
    with exactly():
        left = shown.holding.available - amount
    return {"amount": grouped(amount, asset), "left": grouped(left, asset)}


def _foresee(shown: ShownWallet, amount: Decimal) -> None:
    """Refuse what the books would refuse; asked again there, behind the wallet's lock.

    :raises AccountFrozen: if nothing can be taken from it.
    :raises BelowFloor: if less is available.
    """
    if not shown.is_usable:
        raise AccountFrozen(account="This wallet")
    if amount > shown.holding.available:
        raise BelowFloor(account="This wallet", available=shown.holding.available, asked=amount)


def _tell(form: MoveForm, refusal: DomainError, own: Wallet) -> None:
    """Say beside its field what was refused. Nothing that was typed is lost."""
    words = str(refusal)
    if isinstance(refusal, BelowFloor):
        available, asked = (grouped(Decimal(refusal.params[name]), own.asset) for name in ("available", "asked"))
        words = f"{available} {own.asset.code} is available, and {asked} {own.asset.code} is more than that."
    elif isinstance(refusal, AccountFrozen):
        words = f"This wallet is {own.get_state_display().lower()}: nothing can be taken from it."
    elif isinstance(refusal, IdempotencyConflict):
        words = "This form was sent once before, with other details. Sent again, it is something new: look at your"
        words += " latest transactions first."
        form.renew_key()
    form.add_error(_FIELDS.get(type(refusal)), f"{words} Nothing was moved.")


def _recipient(request: HttpRequest, said: str, own: Wallet) -> Wallet:
    """Return who receives, and count who was named in vain.

    :raises NoRecipient: if nobody who can receive goes by that.
    :raises TooManyMisses: if the person has named too many of those lately.
    """
    counted = f"recipients-missed:{person_of(request).pk}"
    if cache.get(counted, 0) >= MISSES_AT_MOST:
        raise TooManyMisses
    try:
        return recipient_of(said, sender=own)
    except NoRecipient:
        cache.add(counted, 0, timeout=_MISSES_FORGOTTEN_SECONDS)
        cache.incr(counted)
        raise


def _payee(said: str) -> str:
    """Return the code of who is paid; the id of a wallet alone will do."""
    try:
        return account_code(UUID(said))
    except ValueError:
        return said


def key_of(own: Wallet, key: UUID) -> str:
    """Return the key that it is booked under: nobody else's form can have it."""
    return f"portal:{own.pk}:{key}"
