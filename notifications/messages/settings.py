"""What is told of settings: that one was changed, to all owners, whoever did it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from audit.models import Entry
from identity.models import Membership, Program, Setting, User
from identity.queries.settings import standing
from identity.states import Role
from notifications.messages.registry import Message, Planned, register_message
from notifications.models import Delivery


def register() -> None:
    """Have it told."""
    register_message(
        Message(
            name="setting_changed",
            label="A setting was changed",
            actions=frozenset({"identity.setting.changed"}),
            plan=_plan,
            context=_context,
        )
    )


def _plan(entry: Entry, at: datetime) -> Planned | None:
    program = Program.objects.filter(pk=entry.program_id).first() if entry.program_id else None
    if program is None:
        return None
    owners = Membership.objects.filter(program=program, role=Role.OWNER, user__is_active=True)
    return Planned(
        key=f"setting_changed:{entry.pk}",
        program_id=program.pk,
        heading=f"{entry.payload.get('setting', 'A setting')} was changed, {program}",
        recipients=frozenset(owners.values_list("user_id", flat=True)),
    )


def _context(delivery: Delivery, at: datetime) -> Mapping[str, Any] | None:
    entry = Entry.objects.filter(pk=delivery.entry_id).first()
    row = Setting.objects.filter(pk=delivery.subject_id).select_related("program").first()
    if entry is None or row is None:
        return None
    return {
        "setting": standing(row.key, row.program),
        "reason": entry.payload.get("reason", ""),
        "actor": _actor(entry),
        "at": entry.at,
        "url": f"{settings.PUBLIC_URL}{reverse('admin:identity_setting_one', args=[row.program.slug, row.key])}",
    }


def _actor(entry: Entry) -> str:
    person = User.objects.filter(pk=entry.actor_id).first() if entry.actor_type == "user" else None
    return str(person) if person else f"{entry.actor_id} ({entry.actor_type})"
