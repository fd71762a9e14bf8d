"""Stop a member, or let them go on."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from affiliates.errors import UnknownMember
from affiliates.models import Member
from affiliates.states import MEMBER_TRANSITIONS, MemberState
from audit.operations import follow
from wallets.queries.checking import require_reason


@transaction.atomic
def change_member_state(member_id: UUID, *, program_id: UUID, to: MemberState, reason: str, at: datetime) -> Member:
    """Follow the member's states. What a suspended member has paid books when it is proven.

    :raises UnknownMember: if the program has no such member.
    :raises WrongState: if it can't become this from where it is.
    """
    reason = require_reason(reason)
    member = Member.objects.locked().filter(pk=member_id, program=program_id).first()
    if member is None:
        raise UnknownMember(member=member_id)

    return follow(
        MEMBER_TRANSITIONS, member, to=to, at=at, program_id=program_id, payload={"reason": reason},
        values={"state_reason": reason},
    )  # fmt: skip
