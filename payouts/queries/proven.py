"""What chains have shown to be paid."""

from django.db.models import QuerySet

from payouts.models import Attempt
from payouts.states import AttemptState
from wallets.rails import rails


def on_chains() -> QuerySet[Attempt]:
    """Return what a block shows to be paid; what people say was paid is theirs to know."""
    chains = [rail.name for rail in rails() if rail.payer is not None and rail.payer.counts]
    return Attempt.objects.filter(
        state=AttemptState.CONFIRMED, rail_account__rail__in=chains, evidence__has_key="block_hash"
    )  # fmt: skip
