"""Write what a tier or an affiliate earns, from a moment on."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from affiliates.errors import BadRates, RatesReachBack, UnknownAffiliate, UnknownTier
from affiliates.models import Affiliate, Rate, Tier
from audit import context
from audit.operations import record
from identity import rules as identity_rules


@transaction.atomic
def record_rate(
    *,
    program_id: UUID,
    tier_id: UUID | None = None,
    affiliate_id: UUID | None = None,
    direct_rate: Decimal | None,
    override_rate: Decimal | None,
    valid_from: datetime | None = None,
    reason: str,
    at: datetime,
) -> Rate:
    """Let these rates hold from ``valid_from`` on, else as soon as can be; without rates, what would hold without them.

    :raises UnknownTier: if the program has no such tier.
    :raises UnknownAffiliate: if the program has no such affiliate.
    :raises BadRates: if only one is given, or the two are more than everything.
    :raises RatesReachBack: if ``valid_from`` is less than a minute away.
    """
    _require_sense(direct_rate, override_rate)
    subject: Tier | Affiliate | None
    if tier_id is not None:
        subject = Tier.objects.select_for_update(no_key=True, of=("self",)).filter(
            pk=tier_id, program=program_id).first()  # fmt: skip
    elif affiliate_id is not None:
        subject = Affiliate.objects.locked().filter(pk=affiliate_id, program=program_id).first()
    else:
        raise BadRates(reason="name a tier or an affiliate")
    if subject is None:
        raise UnknownTier(tier=tier_id) if tier_id is not None else UnknownAffiliate(affiliate=affiliate_id)
    earliest = at + identity_rules.TERMS_LEAD
    begins = valid_from or identity_rules.next_start(at)
    if begins < earliest:
        raise RatesReachBack(valid_from=begins.isoformat(), earliest=earliest.isoformat())

    latest = subject.rates.order_by("-number").first()
    actor = context.current().actor
    rate = Rate.objects.create(
        program_id=program_id, tier_id=tier_id, affiliate_id=None if tier_id else affiliate_id,
        number=latest.number + 1 if latest else 1, valid_from=begins, direct_rate=direct_rate,
        override_rate=override_rate, recorded_at=at, recorded_by=f"{actor.type}:{actor.id}", reason=reason,
    )  # fmt: skip

    record(
        "affiliates.rate.recorded", subject=subject, at=at, program_id=program_id,
        payload={
            "number": rate.number, "valid_from": begins, "direct_rate": direct_rate, "override_rate": override_rate,
            "reason": reason,
        },
    )  # fmt: skip
    return rate


def _require_sense(direct: Decimal | None, override: Decimal | None) -> None:
    if (direct is None) != (override is None):
        raise BadRates(reason="give both rates, or neither")
    if direct is not None and override is not None and (min(direct, override) < 0 or direct + override > 1):
        raise BadRates(reason="they are fractions, and together at most 1")
