"""Take a payout method for the affiliate's."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from affiliates import rules
from affiliates.errors import UnknownMethod, VerifiedByOneself
from affiliates.models import PayoutMethod
from affiliates.queries.destinations import is_proven
from affiliates.states import METHOD_TRANSITIONS, MethodState
from audit import context
from audit.operations import follow


@transaction.atomic
def verify_method(method_id: UUID, *, program_id: UUID, evidence: str, at: datetime) -> PayoutMethod:
    """Say that the destination is the affiliate's, and what shows it; from then on it cools.

    Somebody else than who added it says so, unless the affiliate has proven it: a destination is where money goes.

    :raises UnknownMethod: if the program has no such method.
    :raises VerifiedByOneself: if the same person has added it, or is the affiliate.
    :raises WrongState: if it was verified or retired.
    """
    method = PayoutMethod.objects.locked().select_related("affiliate").filter(pk=method_id, program=program_id).first()
    if method is None:
        raise UnknownMethod(method=method_id)
    actor = context.current().actor
    oneself = (method.added_by, f"user:{method.affiliate.user_id}")
    if actor.type == "user" and f"user:{actor.id}" in oneself and not is_proven(method):
        raise VerifiedByOneself

    return follow(
        METHOD_TRANSITIONS, method, to=MethodState.VERIFIED, at=at, program_id=program_id,
        payload={"evidence": evidence[:500], "affiliate": str(method.affiliate_id)},
        values={
            "verified_at": at, "verified_by": f"{actor.type}:{actor.id}", "usable_at": at + rules.COOLING,
        },
    )  # fmt: skip
