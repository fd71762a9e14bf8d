"""Where there is something to send, and somebody to ask."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from payouts.models import Attempt, Payout
from payouts.queries.bank_files import rails_by_file
from payouts.states import RUNNING, AttemptState, PayoutState
from wallets.models import RailAccount
from wallets.states import RailAccountState


def accounts_to_send(*, at: datetime) -> list[UUID]:
    """Return the rail accounts from which something can be sent, or where something stored waits.

    What goes in files waits for people.
    """
    waiting = Payout.objects.filter(
        Q(state=PayoutState.READY)
        | Q(state=PayoutState.FAILED, retry_at__isnull=False)
        | Q(state__in=(PayoutState.SENDING, PayoutState.ACCEPTED), parts__attempts=None),
        rail_account__state=RailAccountState.ACTIVE, batch__state__in=RUNNING, batch__expires_at__gt=at,
    )  # fmt: skip
    stored = Attempt.objects.filter(state=AttemptState.STORED, rail_account__state=RailAccountState.ACTIVE)
    found = {*waiting.order_by().values_list("rail_account", flat=True).distinct()}
    found |= {*stored.order_by().values_list("rail_account", flat=True).distinct()}
    by_file = RailAccount.objects.filter(pk__in=found, rail__in=rails_by_file())
    return sorted(found - set(by_file.values_list("pk", flat=True)))


def accounts_to_ask(*, at: datetime) -> list[UUID]:
    """Return the rail accounts whose rail is to be asked about something now."""
    due = Attempt.objects.filter(ask_at__lte=at).order_by().values_list("rail_account", flat=True).distinct()
    return sorted(due)


def programs_with_wallet_payouts(*, at: datetime) -> list[UUID]:
    """Return the programs that have something to pay into wallets here."""
    waiting = Payout.objects.filter(
        state=PayoutState.READY, destination_kind="WALLET", batch__state__in=RUNNING, batch__expires_at__gt=at
    )
    return sorted(waiting.order_by().values_list("program", flat=True).distinct())
