"""Whose wallet it is, and how wallets and their lines stand on pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse

from audit.access import missed
from identity.models import User
from ledger import money
from ledger.models import Asset
from wallets.models import Wallet, WalletTransaction
from wallets.queries.holdings import Holding, holdings
from wallets.queries.lines import others_in
from wallets.states import TRANSACTION_TRANSITIONS, WALLET_TRANSITIONS, TransactionType, WalletState

WALLETS_AT_MOST = 50


@dataclass(frozen=True, slots=True)
class ShownWallet:
    """A wallet with its three figures."""

    wallet: Wallet
    holding: Holding

    @property
    def available(self) -> str:
        return grouped(self.holding.available, self.wallet.asset)

    @property
    def reserved(self) -> str:
        return grouped(self.holding.reserved, self.wallet.asset)

    @property
    def owed(self) -> str:
        return grouped(self.holding.owed, self.wallet.asset)

    @property
    def tone(self) -> str:
        """The colour of its state."""
        return WALLET_TRANSITIONS.colours[self.wallet.state]

    @property
    def is_usable(self) -> bool:
        """Whether its owner can take from it."""
        return self.wallet.state == WalletState.ACTIVE


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as people read it."""

    line: WalletTransaction
    title: str
    amount: str
    balance: str
    asset: str
    url: str

    @property
    def tone(self) -> str:
        """The colour of its status."""
        return TRANSACTION_TRANSITIONS.colours[self.line.status]


def grouped(amount: Decimal | None, asset: Asset) -> str:
    """Return an amount as people read one."""
    return "" if amount is None else money.grouped(amount, places=asset.payable_scale)


def person_of(request: HttpRequest) -> User:
    """Return who looks at the page."""
    assert isinstance(request.user, User)
    return request.user


def own_wallet(request: HttpRequest, pk: UUID) -> Wallet:
    """Return the wallet, if it is that of who asks.

    :raises Http404: if there is none, or it is somebody else's: nobody learns which.
    """
    own = Wallet.objects.owned_by(person_of(request)).select_related("asset", "program", "party", "account")
    found: Wallet | None = own.filter(pk=pk).first()
    if found is None:
        missed(request, Wallet, pk)
        raise Http404
    return found


def shown_wallets(user: User) -> list[ShownWallet]:
    """Return what somebody has, program by program."""
    rows = Wallet.objects.owned_by(user).select_related("asset", "program", "party")
    own = list(rows.order_by("program__name", "-last_transaction_at", "asset__code")[:WALLETS_AT_MOST])
    there = holdings(own)
    return [ShownWallet(wallet, there[wallet.pk]) for wallet in own]


def shown_lines(lines: Iterable[WalletTransaction]) -> list[ShownLine]:
    """Return ``lines`` as pages show them; who was on the other side is read for all of them at once."""
    lines = list(lines)
    others = others_in(lines)
    return [_shown(line, others.get(line.pk)) for line in lines]


def _shown(line: WalletTransaction, other: str | None) -> ShownLine:
    wallet, sign = line.wallet, "+" if line.is_credit else "\N{MINUS SIGN}"
    return ShownLine(
        line, _title(line, other), f"{sign}{grouped(line.amount, wallet.asset)}",
        grouped(line.balance_after, wallet.asset), wallet.asset.code,
        reverse("wallets:receipt", args=[wallet.pk, line.pk]),
    )  # fmt: skip


def _title(line: WalletTransaction, other: str | None) -> str:
    what: Any = line.get_type_display()
    if other is None and line.type == TransactionType.PAYMENT and not line.is_credit:
        other = line.wallet.program.name
    if other is None:
        return str(what)
    return f"{what} {'from' if line.is_credit else 'to'} {other}"
