"""How much there is to send from where, and how long it lasts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Min, Q, Sum

from ledger.models import Asset, Balance
from ledger.money import ZERO
from payouts.models import Attempt, Desk, Payout
from payouts.states import RUNNING, AttemptState, BatchState, PayoutState
from wallets.models import RailAccount
from wallets.rails import rail_named
from wallets.states import RailAccountState

_LOOKS_BACK: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Position:
    """One asset at one rail account."""

    account: RailAccount
    asset: Asset
    float_: Decimal
    in_flight: Decimal
    wanted: Decimal  # approved, and not sent yet
    paid_a_day: Decimal
    unknown: int
    unknown_since: datetime | None
    waits_for: str
    waits_since: datetime | None

    @property
    def days_of_cover(self) -> int | None:
        """For how many days the money lasts as it was paid lately."""
        return int(self.float_ / self.paid_a_day) if self.paid_a_day > 0 and self.float_ > 0 else None

    @property
    def is_short(self) -> bool:
        """Whether less is there than is approved."""
        return self.float_ < self.wanted


def positions_of(programs: Collection[UUID], *, at: datetime) -> list[Position]:
    """Return every account of programs that can send, with each of its assets."""
    accounts = [
        account
        for account in RailAccount.objects.filter(
            program__in=programs, state__in=(RailAccountState.ACTIVE, RailAccountState.STOPPED)
        )
        .select_related("program")
        .order_by("program__name", "name")
        if rail_named(account.rail).payer is not None
    ]
    ids = [account.pk for account in accounts]
    assets = {asset.code: asset for asset in Asset.objects.filter(code__in={c for a in accounts for c in a.assets})}
    desks = {desk.rail_account_id: desk for desk in Desk.objects.filter(rail_account__in=ids)}
    wanted = _sums(
        Payout.objects.filter(
            rail_account__in=ids, state=PayoutState.READY, batch__state__in=(BatchState.APPROVED, *RUNNING)
        ),
        "asset",
    )
    tried = Attempt.objects.filter(rail_account__in=ids)
    paid = _sums(tried.filter(state=AttemptState.CONFIRMED, settled_at__gt=at - _LOOKS_BACK), "payout__asset")
    unknown = {
        (account, asset): (count, since)
        for account, asset, count, since in tried.filter(state=AttemptState.UNKNOWN)
        .order_by()
        .values_list("rail_account", "payout__asset")
        .annotate(count=Count("pk"), since=Min("stored_at"))
    }
    found = []
    for account in accounts:
        for code in account.assets:
            asset = assets[code]
            key = (account.pk, asset.pk)
            count, since = unknown.get(key, (0, None))
            desk = desks.get(account.pk)
            found.append(
                Position(
                    account, asset, float_=_balance(account, asset, "float"),
                    in_flight=_balance(account, asset, "in_flight"), wanted=wanted.get(key, ZERO),
                    paid_a_day=paid.get(key, ZERO) / _LOOKS_BACK.days, unknown=count, unknown_since=since,
                    waits_for=desk.waits_for if desk else "", waits_since=desk.waits_since if desk else None,
                )
            )  # fmt: skip
    return found


def _sums(rows: Any, asset: str) -> dict[tuple[UUID, int], Decimal]:
    sums = rows.order_by().values_list("rail_account", asset).annotate(sum=Sum("amount"))
    return {(account, asset_id): total for account, asset_id, total in sums}


def _balance(account: RailAccount, asset: Asset, part: str) -> Decimal:
    there = Balance.objects.filter(
        account__program=account.program_id, account__asset=asset, account__code=f"rail:{account.name}:{part}"
    )
    return there.aggregate(sum=Sum("amount"))["sum"] or ZERO


def unknown_count(programs: Collection[UUID]) -> int:
    """Return how many attempts nobody knows the outcome of, up to a thousand."""
    return Attempt.objects.filter(Q(program__in=programs), state=AttemptState.UNKNOWN)[:1_000].count()
