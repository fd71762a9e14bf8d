"""Why a commission is not paid yet, rule by rule, and when what stands in its way goes by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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


def situation_of(affiliate: Affiliate, asset_code: str) -> Situation:
    """Return all that decides whether an affiliate can be paid in an asset."""
    methods = list(PayoutMethod.objects.live().filter(affiliate=affiliate))
    cooling = [one.usable_at for one in methods if one.state == MethodState.VERIFIED and one.usable_at is not None]
    due = affiliate.commissions.filter(asset__code=asset_code, state=CommissionState.DUE).aggregate(sum=Sum("amount"))
    return Situation(
        affiliate_state=affiliate.state, program_status=affiliate.program.status, has_method=bool(methods),
        usable_method=any(one.state == MethodState.USABLE for one in methods),
        method_usable_at=min(cooling, default=None), due=due["sum"] or ZERO,
        paid_at_least=paid_at_least(affiliate.program, asset_code), asset=asset_code,
    )  # fmt: skip


def payability(row: Commission, *, situation: Situation, at: datetime) -> Payability:
    """Return what keeps a row from being paid at a moment."""
    found = rules.obstacles(
        state=row.state, amount=row.amount, payable_at=row.payable_at, held_reason=row.held_reason,
        situation=situation, at=at,
    )  # fmt: skip
    return Payability(found, rules.clears_at(found))
