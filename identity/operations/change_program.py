"""Give a program another name or time zone."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import available_timezones

from django.db import transaction

from audit.operations import record
from identity.errors import TermsNeedProposal, UnknownTimeZone
from identity.models import Program


@transaction.atomic
def change_program(
    program_id: UUID,
    *,
    name: str | None = None,
    time_zone: str | None = None,
    base_commission_rate: Decimal | None = None,
    override_commission_rate: Decimal | None = None,
    at: datetime,
) -> Program:
    """Change what is given and differs; what changes nothing is not recorded.

    The rates may be sent along as they stand, as whoever sends a whole program back does.

    :raises UnknownTimeZone: if the time zone does not exist.
    :raises TermsNeedProposal: if a rate is another than holds now: two people decide on that.
    """
    program = Program.objects.select_for_update(no_key=True, of=("self",)).get(pk=program_id)
    if time_zone is not None and time_zone not in available_timezones():
        raise UnknownTimeZone(time_zone=time_zone)
    terms = program.terms.in_force(at=at).first()
    for name_of_rate, rate in (
        ("base_commission_rate", base_commission_rate),
        ("override_commission_rate", override_commission_rate),
    ):
        if rate is not None and (terms is None or getattr(terms, name_of_rate) != rate):
            raise TermsNeedProposal

    wanted = {"name": name, "time_zone": time_zone}
    changes = {
        field: {"from": getattr(program, field), "to": value}
        for field, value in wanted.items()
        if value is not None and value != getattr(program, field)
    }
    if not changes:
        return program
    for field, change in changes.items():
        setattr(program, field, change["to"])
    program.full_clean(validate_unique=False)
    program.save(update_fields=tuple(changes))

    record("identity.program.changed", subject=program, at=at, program_id=program.pk, payload=changes)
    return program
