"""Stop paying to a destination."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from affiliates.errors import UnknownMethod
from affiliates.models import PayoutMethod
from affiliates.states import METHOD_TRANSITIONS, MethodState
from audit.operations import follow


@transaction.atomic
def retire_method(method_id: UUID, *, program_id: UUID, at: datetime) -> PayoutMethod:
    """Retire it for good; the same destination can be added again, and cools anew.

    :raises UnknownMethod: if the program has no such method.
    :raises WrongState: if it was retired.
    """
    method = PayoutMethod.objects.locked().filter(pk=method_id, program=program_id).first()
    if method is None:
        raise UnknownMethod(method=method_id)

    return follow(
        METHOD_TRANSITIONS, method, to=MethodState.RETIRED, at=at, program_id=program_id,
        payload={"affiliate": str(method.affiliate_id)}, values={"retired_at": at},
    )  # fmt: skip
