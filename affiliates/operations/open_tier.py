"""Add a tier."""

from datetime import datetime

from django.db import IntegrityError, transaction

from affiliates.errors import BadRates, TierTaken
from affiliates.models import Tier
from audit.operations import record
from identity.models import Program
from ledger.movements import is_storable


@transaction.atomic
def open_tier(*, program: Program, name: str, at: datetime) -> Tier:
    """Add a step that affiliates can stand on.

    :raises BadRates: if the name can't be one.
    :raises TierTaken: if there is one of the name.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= 60 or not is_storable(name) or not name.isprintable():
        raise BadRates(reason="a tier's name has 1 to 60 characters")
    tier = Tier(program=program, name=name, created_at=at)
    try:
        with transaction.atomic():
            tier.save(force_insert=True)
    except IntegrityError as collision:
        raise TierTaken(name=name) from collision

    record("affiliates.tier.opened", subject=tier, at=at, program_id=program.pk, payload={"name": name})
    return tier
