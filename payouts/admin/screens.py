"""What the screens of payouts share."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from affiliates.admin.screens import AffiliatesScreen
from affiliates.rules import percent
from audit.errors import DomainError
from identity.errors import SecondFactorRequired
from ledger.admin.shown import grouped
from payouts.models import Payout
from wallets.admin.screens import person_of

# What ``payee_of`` reads.
PAYEES = ("affiliate__party", "outgoing__payment__party", "withdrawal__wallet__party")


class PayoutsScreen(AffiliatesScreen):
    """Base of the room's screens: rows of programs whose payouts one may read, filters by program and asset."""

    permission_to_view = "payout.read"
    has_asset = True

    def say(self, request: HttpRequest, act: Callable[[], object], done: str, *, here: str) -> HttpResponse:
        """Do something, say what came of it, and go back; where a second factor is owed, to where it is shown."""
        try:
            act()
        except SecondFactorRequired as refusal:
            if Authenticator.objects.filter(user=person_of(request)).exists():
                self.message_user(request, "Show your second factor, and then do it again.", messages.WARNING)
                return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': here})}")
            self.message_user(request, f"{refusal} Set one up on your security page.", messages.ERROR)
        except DomainError as refusal:
            self.refuse(request, refusal)
        else:
            self.message_user(request, done, messages.SUCCESS)
        return redirect(here)


def payee_of(payout: Payout) -> str:
    """Return who is paid, as people say it."""
    if payout.affiliate is not None:
        return f"{payout.affiliate.party} ({payout.affiliate.code})"
    if payout.withdrawal is not None:
        return f"{payout.withdrawal.wallet.party} (withdrawal)"
    assert payout.outgoing is not None
    return f"{payout.outgoing.payment.party} (money back)"


def listed(screen: str, **lookups: Any) -> str:
    """Return the address of a list with filters."""
    return f"{reverse(f'admin:payouts_{screen}_changelist')}?{urlencode(lookups)}"


def withheld_as(payout: Payout) -> str | None:
    """Return what is withheld of a payout, and how that came about."""
    if not payout.withheld_rate:
        return None
    kept, base = (grouped(amount, payout.asset, named=True) for amount in (payout.withheld, payout.withheld_base))
    return f"{kept}: {percent(payout.withheld_rate)} of {base}"
