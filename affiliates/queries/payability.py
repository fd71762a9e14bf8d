"""Why a commission is not paid yet, rule by rule, and when what stands in its way goes by itself."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from affiliates import rules
from affiliates.models import Affiliate, Commission, PayoutMethod
from affiliates.queries.limits import paid_at_least
from affiliates.rules import Obstacle, Situation
from affiliates.states import CommissionState, MethodState
from ledger.money import ZERO


@dataclass(frozen=True, slots=True)
class Payability:
    """What keeps a commission from being paid, and when all of that is over."""

    obstacles: Sequence[Obstacle]
    clears_at: datetime | None

    @property
    def is_payable(self) -> bool:
        return not self.obstacles


Whose = tuple[UUID, str]


def situation_of(affiliate: Affiliate, asset_code: str) -> Situation:
    """Return all that decides whether an affiliate can be paid in an asset."""
    return situations_of([(affiliate, asset_code)])[affiliate.pk, asset_code]


def situations_of(asked: Collection[tuple[Affiliate, str]]) -> dict[Whose, Situation]:
    """Return the same for many, by the affiliate's id and the asset's code: no more statements for more of them."""
    ids = {affiliate.pk for affiliate, _ in asked}
    sums = (
        Commission.objects.filter(affiliate__in=ids, state=CommissionState.DUE)
        .order_by()
        .values_list("affiliate", "asset__code")
        .annotate(sum=Sum("amount"))
    )
    due = {(pk, asset): total for pk, asset, total in sums}
    return situations_with(asked, methods=PayoutMethod.objects.live().filter(affiliate__in=ids), due=due)


def situations_with(
    asked: Collection[tuple[Affiliate, str]], *, methods: Iterable[PayoutMethod], due: Mapping[Whose, Decimal]
) -> dict[Whose, Situation]:
    """Return the same, for whoever knows their live payout methods and what is due to them already."""
    by_affiliate: dict[UUID, list[PayoutMethod]] = {affiliate.pk: [] for affiliate, _ in asked}
    for method in methods:
        by_affiliate[method.affiliate_id].append(method)
    least = {
        (program.pk, asset): paid_at_least(program, asset)
        for program, asset in {(affiliate.program, asset) for affiliate, asset in asked}
    }
    return {
        (affiliate.pk, asset): _situation(
            affiliate, asset, methods=by_affiliate[affiliate.pk], due=due.get((affiliate.pk, asset), ZERO),
            least=least[affiliate.program_id, asset],
        )
        for affiliate, asset in asked
    }  # fmt: skip


def _situation(
    affiliate: Affiliate, asset_code: str, *, methods: Collection[PayoutMethod], due: Decimal, least: Decimal
) -> Situation:
    cooling = [one.usable_at for one in methods if one.state == MethodState.VERIFIED and one.usable_at is not None]
    return Situation(
        affiliate_state=affiliate.state, program_status=affiliate.program.status, has_method=bool(methods),
        usable_method=any(one.state == MethodState.USABLE for one in methods),
        method_usable_at=min(cooling, default=None), due=due, paid_at_least=least, asset=asset_code,
    )  # fmt: skip


def payability(row: Commission, *, situation: Situation, at: datetime) -> Payability:
    """Return what keeps a row from being paid at a moment."""
    found = rules.obstacles(
        state=row.state, amount=row.amount, payable_at=row.payable_at, held_reason=row.held_reason,
        situation=situation, at=at,
    )  # fmt: skip
    return Payability(found, rules.clears_at(found))
