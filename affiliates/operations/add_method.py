"""Add a place where an affiliate can be paid."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from affiliates import rules
from affiliates.errors import AffiliateNotActive, MethodTaken
from affiliates.models import PayoutMethod
from affiliates.queries import people
from affiliates.queries.destinations import checked_destination, checked_holder
from affiliates.states import AffiliateState, MethodKind
from audit import context
from audit.operations import record


@transaction.atomic
def add_method(
    affiliate_id: UUID, *, program_id: UUID, kind: MethodKind, destination: str, holder: str = "", at: datetime
) -> PayoutMethod:
    """Add a destination. It can be used once it is verified, and has cooled for two days after that.

    :raises UnknownAffiliate: if the program has no such affiliate.
    :raises AffiliateNotActive: if it is closed.
    :raises BadDestination: if the destination is none of its kind.
    :raises MethodTaken: if the affiliate has it.
    """
    affiliate = people.locked_affiliate(affiliate_id, program_id=program_id)
    if affiliate.state == AffiliateState.CLOSED:
        raise AffiliateNotActive(state="closed")
    read = checked_destination(kind, destination, affiliate=affiliate)
    actor = context.current().actor
    method = PayoutMethod(
        program_id=program_id, affiliate=affiliate, kind=kind, destination=read, holder=checked_holder(kind, holder),
        destination_digest=rules.digest_of(kind, read), added_at=at, added_by=f"{actor.type}:{actor.id}",
    )  # fmt: skip
    try:
        with transaction.atomic():
            method.save(force_insert=True)
    except IntegrityError as collision:
        raise MethodTaken from collision

    record(
        "affiliates.method.added", subject=method, at=at, program_id=program_id,
        payload={"affiliate": str(affiliate.pk), "kind": kind, "digest": method.destination_digest},
    )  # fmt: skip
    return method
