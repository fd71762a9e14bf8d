"""Open a program."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction

from audit.operations import record
from identity.errors import SlugTaken, UnknownTimeZone
from identity.models import Program
from identity.operations.record_terms import record_terms


@transaction.atomic
def create_program(
    *,
    name: str,
    slug: str,
    time_zone: str = "UTC",
    default_asset_code: str = "USD",
    base_commission_rate: Decimal | None = None,
    override_commission_rate: Decimal | None = None,
    at: datetime,
) -> Program:
    """Open a program under a slug of its own, with commission rates when one is given; the other is none then.

    :raises SlugTaken: if another program has the slug.
    :raises UnknownTimeZone: if the time zone does not exist.
    :raises RatesMakeNoSense: if the two rates together are more than everything.
    """
    if time_zone not in available_timezones():
        raise UnknownTimeZone(time_zone=time_zone)

    program = Program(name=name, slug=slug, time_zone=time_zone, default_asset_code=default_asset_code, created_at=at)
    # Everything a form would check, the slug's form included; only the collision is left to the database.
    program.full_clean(validate_unique=False)
    try:
        with transaction.atomic():
            program.save(force_insert=True)
    except IntegrityError as collision:
        raise SlugTaken(slug=slug) from collision

    record(
        "identity.program.created", subject=program, at=at, program_id=program.pk, payload={"slug": slug, "name": name}
    )
    if base_commission_rate is not None or override_commission_rate is not None:
        record_terms(
            program=program,
            base_commission_rate=base_commission_rate or Decimal(0),
            override_commission_rate=override_commission_rate or Decimal(0),
            valid_from=at,
            reason="The program was opened with them.",
            at=at,
        )
    return program
