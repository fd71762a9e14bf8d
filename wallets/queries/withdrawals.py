"""Where owners can have money sent, how much, and what they have taken out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Sum

from identity.models import Program
from identity.queries.settings import setting
from ledger.models import Asset
from ledger.money import ZERO, exactly, plain
from ledger.movements import is_storable
from wallets.errors import BadPayee, BadWithdrawal, NoWayOut
from wallets.models import Wallet, Withdrawal
from wallets.queries.senders import Sender, senders_of
from wallets.states import DestinationKind, WithdrawalState

A_DAY: Final = timedelta(days=1)
_LONGEST: Final = 120
# What came to nothing counts for nothing.
_CAME_TO_NOTHING: Final = (WithdrawalState.REJECTED, WithdrawalState.CANCELLED, WithdrawalState.FAILED)


@dataclass(frozen=True, slots=True)
class Place:
    """Where money goes, in the one form that is kept."""

    kind: str
    destination: str
    holder: str


def kinds_of(program_id: UUID, asset: Asset) -> list[tuple[str, str]]:
    """Return the kinds of destinations that a program sends an asset to, with their names."""
    there = senders_of(program_id, asset)
    return [(kind.value, kind.label) for kind in DestinationKind if kind in there]


def require_place(wallet: Wallet, *, kind: str, destination: str, holder: str) -> tuple[Place, list[Sender]]:
    """Return where money goes as an adapter has checked it, and what can send it there.

    :raises NoWayOut: if nothing sends the wallet's asset to such.
    :raises BadPayee: if nobody can be paid there.
    """
    senders = senders_of(wallet.program_id, wallet.asset).get(kind, []) if kind in DestinationKind.values else []
    if not senders:
        called = DestinationKind(kind).label if kind in DestinationKind.values else kind[:20].replace("\0", "")
        raise NoWayOut(asset=wallet.asset.code, kind=called)
    said, name = "".join(destination.split()), " ".join(holder.split())
    if not 0 < len(said) <= _LONGEST or not is_storable(said):
        raise BadPayee(reason=f"a destination has up to {_LONGEST} characters")
    if len(name) > _LONGEST or not is_storable(name) or not name.isprintable():
        raise BadPayee(reason=f"a name has up to {_LONGEST} characters")
    if kind == DestinationKind.BANK and len(name) < 2:
        raise BadPayee(reason="a bank asks for the account holder's name")
    said = _as_dialled(said) if kind == DestinationKind.MPESA else said
    return Place(kind, senders[0].payer.checked(said), name), senders


def require_amount_out(wallet: Wallet, amount: Decimal, senders: list[Sender], *, at: datetime) -> None:
    """Refuse what no rail carries in one go, and what is more or less than the program lets out.

    :raises BadWithdrawal: if it is either.
    """

    def refuse(reason: str) -> BadWithdrawal:
        return BadWithdrawal(asked=plain(amount), asset=wallet.asset.code, reason=reason)

    if all(_too_fine(amount, places=sender.limits.places) for sender in senders):
        raise refuse("the rail carries no such fraction")
    least = max(min(sender.limits.least for sender in senders), _least(wallet.program, wallet.asset))
    if amount < least:
        raise refuse(f"it takes {plain(least)} at least")
    limits = [sender.limits.most for sender in senders]
    bounded = [most for most in limits if most is not None]
    if len(bounded) == len(limits) and amount > max(bounded):
        raise refuse(f"{plain(max(bounded))} goes at most at once: take it out in several")
    most = _most_a_day(wallet.program, wallet.asset)
    if most:
        with exactly():
            over = taken_lately(wallet, at=at) + amount > most
        if over:
            raise refuse(f"{plain(most)} leaves a wallet within a day, withdrawals under way counted")


def taken_lately(wallet: Wallet, *, at: datetime) -> Decimal:
    """Return how much was taken out of a wallet, or asked for, within a day."""
    lately = Withdrawal.objects.filter(wallet=wallet, requested_at__gt=at - A_DAY)
    taken: Decimal | None = lately.exclude(state__in=_CAME_TO_NOTHING).aggregate(sum=Sum("amount"))["sum"]
    return taken or ZERO


def withdrawal_of(withdrawal_id: UUID, *, program_id: UUID) -> Withdrawal | None:
    """Return a withdrawal of the program with its lock, if there is one."""
    rows = Withdrawal.objects.locked().select_related("wallet__asset", "wallet__party", "wallet_transaction", "hold")
    found: Withdrawal | None = rows.filter(pk=withdrawal_id, program=program_id).first()
    return found


def _least(program: Program, asset: Asset) -> Decimal:
    # A number of the program's own currency says nothing of another.
    return Decimal(setting("wallets.withdrawal_at_least", program)) if _is_own(program, asset) else ZERO


def _most_a_day(program: Program, asset: Asset) -> Decimal:
    return Decimal(setting("wallets.withdrawn_within_a_day", program)) if _is_own(program, asset) else ZERO


def _is_own(program: Program, asset: Asset) -> bool:
    return asset.code == program.default_asset_code


def _too_fine(amount: Decimal, *, places: int) -> bool:
    with exactly():
        return bool(amount.scaleb(places) % 1)


def _as_dialled(said: str) -> str:
    """Return a phone's number with its country in front, however it was written."""
    digits = said.removeprefix("+")
    return f"254{digits[1:]}" if digits.startswith("0") and len(digits) == 10 else digits
