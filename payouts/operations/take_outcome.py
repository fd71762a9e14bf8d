"""Take in what a rail's notice says came of a payout."""

from datetime import datetime

from django.db.models import Q

from payouts.models import Attempt
from payouts.operations.record_answers import record_answers
from payouts.operations.take_return import take_return
from wallets.models import RailEvent
from wallets.rails import Applied, Delivery, Ignored
from wallets.rails.sending import RETURNED, told_in


def take_outcome(delivery: Delivery, at: datetime) -> Applied | Ignored:
    """Find the attempt by our reference or the rail's, and record what came of it. It is asked for in a transaction."""
    account_id = RailEvent.objects.values_list("account", flat=True).get(pk=delivery.event_id)
    told = told_in(delivery.notice)
    named = Q(reference=told.reference) if told.reference else Q(rail_reference=told.rail_reference)
    if not told.reference and not told.rail_reference:
        return Ignored("it names no payout")
    attempt = Attempt.objects.filter(named, rail_account=account_id).first()
    if attempt is None:
        return Ignored(f"no payout of ours is called {told.reference or told.rail_reference}")
    if delivery.notice.kind == RETURNED:
        return take_return(attempt, told, at=at)
    record_answers([(attempt.pk, told.outcome)], at=at)
    attempt.refresh_from_db(fields=("state",))
    return Applied({"payout": str(attempt.payout_id), "attempt": attempt.reference, "state": attempt.state})
