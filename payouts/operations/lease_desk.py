"""Take the one place from which a rail account sends."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from payouts import rules
from payouts.models import Desk


@transaction.atomic
def lease_desk(account_id: UUID, *, holder: str, at: datetime) -> bool:
    """Take the desk for a while, or keep it for longer; False when somebody else has it."""
    Desk.objects.get_or_create(rail_account_id=account_id)
    desk = Desk.objects.locked().get(pk=account_id)
    if desk.leased_by != holder and desk.leased_until is not None and desk.leased_until > at:
        return False
    desk.leased_by, desk.leased_until = holder, at + rules.LEASE
    desk.save(update_fields=("leased_by", "leased_until"))
    return True


@transaction.atomic
def give_desk_back(account_id: UUID, *, holder: str) -> None:
    """Let the next one have it at once."""
    desk = Desk.objects.locked().filter(pk=account_id, leased_by=holder).first()
    if desk is not None:
        desk.leased_by, desk.leased_until = "", None
        desk.save(update_fields=("leased_by", "leased_until"))


def holds_desk(desk: Desk, *, holder: str, at: datetime) -> bool:
    """Whether the desk is this one's. Asked under its lock."""
    return desk.leased_by == holder and desk.leased_until is not None and desk.leased_until > at
