"""Stop everything that is sent."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from audit.operations import record
from identity.models import Program
from identity.rules import HOUSE_SLUG
from payouts.models import Attempt, Brake
from payouts.states import AttemptState
from wallets.queries.checking import require_reason


def fit_brakes(program: Program, *, at: datetime) -> None:
    """Have a brake for the program and one for the house, before anything of it is sent.

    Whoever sends shares their locks. One that came into being when it is first pulled would not be waited for.
    """
    both = Program.objects.filter(Q(pk=program.pk) | Q(slug=HOUSE_SLUG)).order_by("pk")
    Brake.objects.bulk_create([Brake(program=each, changed_at=at) for each in both], ignore_conflicts=True)


@transaction.atomic
def pull_brake(program: Program, *, reason: str, at: datetime) -> int:
    """Stop: once this is committed nothing more is sent. Return how many calls went out before and are not answered.

    One person is enough. Pulled again, it stays pulled, for the first reason.
    """
    reason = require_reason(reason)
    Brake.objects.get_or_create(program=program, defaults={"changed_at": at})
    brake = Brake.objects.select_for_update(of=("self",)).get(program=program)
    if not brake.is_on:
        brake.is_on, brake.reason, brake.changed_at = True, reason, at
        brake.save(update_fields=("is_on", "reason", "changed_at"))
        record("payouts.brake.pulled", subject=brake, at=at, program_id=program.pk, payload={"reason": reason})
    called = Attempt.objects.filter(state=AttemptState.STORED, called_at__isnull=False, program=program)
    return called.count()
