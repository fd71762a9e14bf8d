"""Whether chains and books say the same of the addresses that are paid from. It asks nodes: never in a transaction."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from ledger.models import Account, Asset
from ledger.money import ZERO, exactly, plain
from ledger.queries.balances import balance_now
from payouts.models import Attempt
from payouts.queries.accounts import books_of, desk_of, payer_of
from payouts.queries.proven import on_chains
from payouts.states import IN_FLIGHT, AttemptState
from wallets.models import RailAccount
from wallets.queries.senders import unit_of
from wallets.rails import RailError
from wallets.rails.evm import EVM, TAKEN, gas_at_most
from wallets.states import RailAccountState

# Each night everything of two weeks is looked at; what nobody has for two nights, nobody looks at.
_LOOKED_AT_WITHIN: Final = timedelta(hours=48)
_LOOKED_AT_FOR: Final = timedelta(days=13)


@dataclass(frozen=True, slots=True)
class Strange:
    """Something of which the chain and the books say different things, or the chain nothing."""

    program_id: UUID
    key: str
    title: str
    ours: dict[str, str]
    theirs: dict[str, str]


def balances(program_id: UUID | None) -> tuple[int, list[Strange]]:
    """Compare what is at our addresses with the books. What is on its way may have left, or not."""
    accounts = RailAccount.objects.filter(rail=EVM.name, state=RailAccountState.ACTIVE).select_related("program")
    examined = 0
    found: list[Strange] = []
    for account in accounts.filter(program=program_id) if program_id else accounts:
        for asset in Asset.objects.filter(code__in=account.assets).order_by("code"):
            examined += 1
            try:
                found += _compared(account, asset)
            except RailError as silent:
                found.append(
                    Strange(account.program_id, f"silent:{account.pk}", f"{account.name}: the chain can't be asked",
                            {"address": account.number}, {"says": str(silent)})
                )  # fmt: skip
                break
    return examined, found


def _compared(account: RailAccount, asset: Asset) -> Iterator[Strange]:
    """Say where the chain has less than all that is booked as there without what flies, or more than with it."""
    before = _booked(account, asset)
    there = payer_of(account).float_of(desk_of(account), unit_of(asset))
    after = _booked(account, asset)
    assert there is not None, "a chain says what is at an address"
    # What was booked while the node was asked is neither's fault.
    least, most = min(before[0], after[0]), max(before[1], after[1])
    if not least <= there <= most:
        title = f"{account.name}: {plain(there)} {asset.code} is there, and the books have {_between(least, most)}"
        yield Strange(
            account.program_id, f"balance:{account.pk}:{asset.code}", title,
            {"at_least": plain(least), "at_most": plain(most)}, {"there": plain(there)},
        )  # fmt: skip


def _booked(account: RailAccount, asset: Asset) -> tuple[Decimal, Decimal]:
    """Return the least and the most that may be there by the books: with nothing left of what flies, or all of it."""
    books = books_of(account, asset.pk)
    ids = (books.float_id, books.clearing_id, books.in_flight_id)
    by_id = {row.pk: balance_now(row) for row in Account.objects.filter(pk__in=ids)}
    there, flying = by_id[books.float_id] + by_id[books.clearing_id], by_id[books.in_flight_id]
    with exactly():
        return there - _gas_of(account, asset), there + flying


def _gas_of(account: RailAccount, asset: Asset) -> Decimal:
    """Return how much gas may have been taken that is not booked yet, where this is the coin that pays it."""
    if asset.contract:
        return ZERO
    flying = Attempt.objects.filter(rail_account=account, state__in=IN_FLIGHT).values_list("wire", flat=True)
    return sum((gas_at_most(wire) for wire in flying), start=ZERO)


def _between(least: Decimal, most: Decimal) -> str:
    return plain(least) if least == most else f"between {plain(least)} and {plain(most)}"


def taken(program_id: UUID | None) -> list[Strange]:
    """Return what can't come any more, because somebody else has used its number."""
    rows = Attempt.objects.filter(state=AttemptState.UNKNOWN, evidence__has_key=TAKEN).select_related("rail_account")
    return [
        Strange(attempt.program_id, f"taken:{attempt.pk}", f"{attempt.rail_account.name}: {attempt.reference}: "
                f"somebody else has used its number {attempt.evidence[TAKEN]}",
                {"amount": plain(attempt.amount), "payout": str(attempt.payout_id)}, {"reason": attempt.reason})
        for attempt in _of(rows, program_id)
    ]  # fmt: skip


def not_looked_at(program_id: UUID | None, *, at: datetime) -> list[Strange]:
    """Return the accounts of which payments were not looked at again for two nights."""
    rows = on_chains().filter(settled_at__gte=at - _LOOKED_AT_FOR, answered_at__lt=at - _LOOKED_AT_WITHIN)
    accounts = {attempt.rail_account for attempt in _of(rows.select_related("rail_account"), program_id)}
    return [
        Strange(account.program_id, f"unseen:{account.pk}", f"{account.name}: what was paid is not looked at again",
                {"for": "two nights"}, {})
        for account in sorted(accounts, key=lambda account: account.name)
    ]  # fmt: skip


def _of(rows: QuerySet[Attempt], program_id: UUID | None) -> list[Attempt]:
    return list(rows.filter(program=program_id) if program_id else rows)
