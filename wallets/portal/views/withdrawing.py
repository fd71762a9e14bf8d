"""Taking money out: asked for, looked at once more, and followed until it is there."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from audit.access import missed
from audit.errors import DomainError
from wallets.models import Wallet, WalletTransaction, Withdrawal
from wallets.operations import cancel_withdrawal, request_withdrawal
from wallets.portal.forms import WithdrawForm
from wallets.portal.views.moving import key_of, move
from wallets.portal.views.shown import grouped, own_wallet
from wallets.queries.withdrawals import kinds_of, require_amount_out, require_place
from wallets.states import ENDABLE_WITHDRAWALS, WITHDRAWAL_TRANSITIONS, DestinationKind, WithdrawalState

SHOWN: Final = 20
_S = WithdrawalState
# What goes on behind the counter is not the owner's: to them it is on its way until it is there.
_WORDS: Final = {
    _S.REQUESTED: "Waits for approval", _S.APPROVED: "Approved", _S.SENT: "On its way", _S.UNKNOWN: "On its way",
    _S.PAID: "Paid", _S.FAILED: "Did not arrive: it is yours again", _S.REJECTED: "Rejected",
    _S.CANCELLED: "Cancelled", _S.RETURNED: "Came back: it is yours again",
}  # fmt: skip
_TONES: Final = {**WITHDRAWAL_TRANSITIONS.colours, _S.UNKNOWN: "info", _S.FAILED: "warn"}


@login_required
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take money out of a wallet, and see what became of it."""
    own = own_wallet(request, pk)
    kinds = kinds_of(own.program_id, own.asset)
    form = WithdrawForm(request.POST if request.method == "POST" else None, asset=own.asset, kinds=kinds)

    def look(said: dict[str, Any]) -> None:
        _, senders = require_place(own, **_place(said))
        require_amount_out(own, said["amount"], senders, at=timezone.now())

    def send(said: dict[str, Any]) -> WalletTransaction:
        made = request_withdrawal(
            own.pk, program_id=own.program_id, amount=said["amount"], key=key_of(own, said["key"]), at=timezone.now(),
            **_place(said),
        )  # fmt: skip
        return made.wallet_transaction

    words = {
        "title": "Withdraw", "verb": "Withdraw", "to": _to(form),
        "about": f"{own.program.name} looks at it first. Meanwhile it is reserved, and you can cancel it.",
        "kinds": kinds, "withdrawals": [_shown(row, own) for row in own.withdrawals.order_by("-pk")[:SHOWN]],
    }  # fmt: skip
    return move(request, own, form, send, words, look=look, template="portal/wallets/withdraw.html")


@login_required
@require_POST
def cancel(request: HttpRequest, pk: UUID, withdrawal_pk: UUID) -> HttpResponse:
    """Stop a withdrawal that is not sent yet."""
    own = own_wallet(request, pk)
    row = own.withdrawals.filter(pk=withdrawal_pk).first()
    if row is None:
        missed(request, Withdrawal, withdrawal_pk)
        raise Http404
    try:
        cancel_withdrawal(row.pk, program_id=own.program_id, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, f"{refusal} Nothing was changed.")
    else:
        messages.success(request, f"Cancelled: {grouped(row.amount, own.asset)} {own.asset.code} is yours again.")
    return redirect("wallets:withdraw", own.pk)


def _place(said: dict[str, Any]) -> dict[str, str]:
    return {"kind": said["kind"], "destination": said["destination"], "holder": said.get("holder", "")}


def _to(form: WithdrawForm) -> str:
    said = form.data
    if said.get("kind") not in DestinationKind.values:
        return ""
    holder = " ".join(said.get("holder", "").split())
    place = f"{DestinationKind(said['kind']).label}, {said.get('destination', '').strip()}"
    return f"{place} ({holder})" if holder else place


def _shown(row: Withdrawal, own: Wallet) -> dict[str, Any]:
    state = WithdrawalState(row.state)
    is_going = state == WithdrawalState.APPROVED and row.batched_at is not None
    return {
        "row": row, "amount": f"{grouped(row.amount, own.asset)} {own.asset.code}",
        "where": f"{DestinationKind(row.destination_kind).label}, {row.destination}",
        "state": "Being paid out" if is_going else _WORDS[state], "tone": _TONES[state],
        "may_cancel": state in ENDABLE_WITHDRAWALS and row.batched_at is None,
    }  # fmt: skip
