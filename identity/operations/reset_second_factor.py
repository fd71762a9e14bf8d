"""Take away a second factor that its owner has lost."""

from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from audit.operations import record
from identity.errors import NoSecondFactor
from identity.models import Proposal, TokenFamily, User
from identity.operations.revoke_tokens import revoke_tokens


@transaction.atomic
def reset_second_factor(user_id: UUID, *, proposal: Proposal, at: datetime) -> list[str]:
    """Remove every authenticator of the person and end every sign-in, as two people agreed on; return what went.

    The person's votes count again once ``identity.role_cooling`` is over: who can read their mail and knows their
    password could set up a second factor at once, and must not approve anything with it.

    :raises NoSecondFactor: if there is nothing to take away.
    """
    user = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user_id)
    authenticators = Authenticator.objects.filter(user_id=user.pk)
    removed = sorted(authenticators.values_list("type", flat=True))
    if not removed:
        raise NoSecondFactor(person=str(user))

    authenticators.delete()
    user.second_factor_reset_at = at
    user.save(update_fields=("second_factor_reset_at",))
    for session in UserSession.objects.filter(user_id=user.pk):
        session.end()
    for family in TokenFamily.objects.filter(user=user, revoked_at=None).order_by("pk"):
        revoke_tokens(family.pk, reason="the second factor was reset", at=at)

    record(
        "identity.user.second_factor_reset",
        subject=user,
        at=at,
        program_id=proposal.program_id,
        payload={"removed": removed, "proposal": str(proposal.pk)},
    )
    return removed
