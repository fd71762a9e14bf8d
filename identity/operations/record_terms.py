"""Write the commission rates of a program, from a moment on."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from audit import context
from audit.operations import record
from identity import rules
from identity.errors import RatesMakeNoSense, TermsReachBack
from identity.models import Program, ProgramTerms


@transaction.atomic
def record_terms(
    *,
    program: Program,
    base_commission_rate: Decimal,
    override_commission_rate: Decimal,
    valid_from: datetime | None = None,
    reason: str,
    at: datetime,
) -> ProgramTerms:
    """Let these rates hold from ``valid_from`` on, else as soon as can be; they replace what was planned from then on.

    The first terms of a program may reach back to its beginning: nothing was paid without any.

    :raises RatesMakeNoSense: if the two together are more than everything.
    :raises TermsReachBack: if ``valid_from`` is less than a minute away.
    """
    Program.objects.select_for_update(no_key=True, of=("self",)).get(pk=program.pk)
    if base_commission_rate + override_commission_rate > 1:
        raise RatesMakeNoSense(reason="the two rates are more than 1 together")
    latest = program.terms.order_by("-number").first()
    earliest = at + rules.TERMS_LEAD if latest else program.created_at
    begins = valid_from or rules.next_start(at)
    if begins < earliest:
        raise TermsReachBack(valid_from=begins.isoformat(), earliest=earliest.isoformat())

    actor = context.current().actor
    terms = ProgramTerms.objects.create(
        program=program,
        number=latest.number + 1 if latest else 1,
        valid_from=begins,
        base_commission_rate=base_commission_rate,
        override_commission_rate=override_commission_rate,
        recorded_at=at,
        recorded_by=f"{actor.type}:{actor.id}",
        reason=reason,
    )

    record(
        "identity.terms.recorded",
        subject=program,
        at=at,
        program_id=program.pk,
        payload={
            "number": terms.number,
            "valid_from": begins,
            "base_commission_rate": base_commission_rate,
            "override_commission_rate": override_commission_rate,
            "reason": reason,
        },
    )
    return terms
