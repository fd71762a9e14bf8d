"""What the first page says of payouts: what nobody knows, what failed, what is stopped, and what owners take out."""

from typing import Any, Final

from django.urls import reverse

from identity.models import Membership, User
from payouts.models import Brake, Payout
from payouts.states import PayoutState
from wallets.models import Withdrawal
from wallets.states import WithdrawalState

_COUNTED_AT_MOST: Final = 1_000
_WORDS: Final = {
    PayoutState.UNKNOWN: (
        "help",
        "of which nobody knows",
        "They may have been paid. Look at the rail's own statement.",
    ),
    PayoutState.FAILED: ("error", "that failed", "Each can be tried again, or released."),
    PayoutState.HELD: ("front_hand", "held back", "Each says why."),
}


def payouts_waiting(user: User) -> list[dict[str, Any]]:
    """Return what somebody has to look at, the worst first."""
    if not user.may("payout.resolve"):
        return []
    programs = Membership.objects.programs_where(user, "payout.resolve")
    found = [
        {
            "icon": "pan_tool",
            "title": f"Payouts of {brake.program} are stopped",
            "text": brake.reason,
            "url": reverse("admin:payouts_payoutbatch_desks"),
            "action": "See sending",
        }
        for brake in Brake.objects.filter(program__in=programs, is_on=True).select_related("program")[:5]
    ]
    for state, (icon, words, text) in _WORDS.items():
        count = Payout.objects.filter(state=state, program__in=programs)[:_COUNTED_AT_MOST].count()
        if count:
            many = f"{count}" if count < _COUNTED_AT_MOST else f"More than {_COUNTED_AT_MOST - 1}"
            found.append(
                {
                    "icon": icon,
                    "title": f"{many} payout{'' if count == 1 else 's'} {words}",
                    "text": text,
                    "url": f"{reverse('admin:payouts_payout_changelist')}?state__exact={state}",
                    "action": "See payouts",
                }
            )
    return found


def withdrawals_waiting(user: User) -> list[dict[str, Any]]:
    """Return the queue of withdrawals as one thing to look at."""
    if not user.may("withdrawal.decide"):
        return []
    programs = Membership.objects.programs_where(user, "withdrawal.decide")
    waiting = Withdrawal.objects.filter(state=WithdrawalState.REQUESTED, program__in=programs)
    count = waiting[:_COUNTED_AT_MOST].count()
    if not count:
        return []
    many = f"{count}" if count < _COUNTED_AT_MOST else f"More than {_COUNTED_AT_MOST - 1}"
    return [
        {
            "icon": "logout",
            "title": f"{many} withdrawal{'' if count == 1 else 's'} to decide on",
            "text": "Owners take money out. Approved, the next batch pays it.",
            "url": f"{reverse('admin:wallets_withdrawal_changelist')}?state__exact={WithdrawalState.REQUESTED}",
            "action": "See withdrawals",
        }
    ]
