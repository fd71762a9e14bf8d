"""Ask whether a rail has told us what came in its name."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.operations import follow
from wallets.errors import NotProven
from wallets.models import RailEvent
from wallets.operations.nudge_inbox import nudge_inbox
from wallets.queries.rail_accounts import secrets_of
from wallets.rails import Notice, Received, rail_named
from wallets.states import RAIL_EVENT_TRANSITIONS, RailEventState

# Kept among the headers, as HTTP/2 keeps what was called; a name that begins so can't be a sender's.
ABOUT: Final = ":about"


@transaction.atomic
def verify_event(event_id: UUID, *, at: datetime) -> RailEvent:
    """Prove the event on the bytes as they came; what tells the same as an earlier one is put beside that.

    :raises SecretUnreadable: if the account's secrets don't open.
    """
    event = RailEvent.objects.locked().select_related("account").get(pk=event_id)
    if event.state not in (RailEventState.RECEIVED, RailEventState.REJECTED):
        return event
    received = Received(
        bytes(event.body), event.headers, event.received_at, event.address, event.headers.get(ABOUT, "")
    )
    try:
        notice = rail_named(event.account.rail).read(received, secrets_of(event.account))
    except NotProven as refusal:
        return _reject(event, str(refusal), at=at)

    told = {
        "external_id": notice.external_id, "kind": notice.kind, "occurred_at": notice.occurred_at,
        "data": dict(notice.data),
    }  # fmt: skip
    known = _known(event, notice)
    if known is None:
        try:
            with transaction.atomic():
                return _verified(event, {**told, "due_at": at}, at=at)
        except IntegrityError as taken:
            # Somebody else was told the same at the same moment, and has committed.
            if "wallets_railevent_once" not in str(taken):
                raise
            event = RailEvent.objects.select_related("account").get(pk=event_id)
            known = _known(event, notice)
            assert known is not None
    changed = not _tells_the_same(known, notice)
    verdict = "It tells otherwise what was told before." if changed else "It was told before."
    event = _verified(event, {**told, "duplicate_of": known, "is_changed": changed, "due_at": None}, at=at)
    return follow(
        RAIL_EVENT_TRANSITIONS, event, to=RailEventState.IGNORED, at=at, program_id=event.program_id,
        payload={"duplicate_of": str(known.pk), "changed": changed}, values={"verdict": verdict, "settled_at": at},
    )  # fmt: skip


def _verified(event: RailEvent, values: Mapping[str, Any], *, at: datetime) -> RailEvent:
    event = follow(
        RAIL_EVENT_TRANSITIONS, event, to=RailEventState.VERIFIED, at=at, program_id=event.program_id,
        payload={"kind": values["kind"], "external_id": values["external_id"]},
        values={**values, "verdict": "", "fault": ""},
    )  # fmt: skip
    if event.due_at is not None:
        nudge_inbox()
    return event


def _reject(event: RailEvent, verdict: str, *, at: datetime) -> RailEvent:
    if event.state == RailEventState.REJECTED:
        return event
    return follow(
        RAIL_EVENT_TRANSITIONS, event, to=RailEventState.REJECTED, at=at, program_id=event.program_id,
        payload={"verdict": verdict}, values={"verdict": verdict[:500], "due_at": None},
    )  # fmt: skip


def _known(event: RailEvent, notice: Notice) -> RailEvent | None:
    told = RailEvent.objects.filter(account=event.account_id, external_id=notice.external_id, duplicate_of=None)
    return told.exclude(state=RailEventState.REJECTED).exclude(pk=event.pk).first()


def _tells_the_same(known: RailEvent, notice: Notice) -> bool:
    """Whether both tell the same; how often it was sent, and how it was written, does not matter."""
    said = json.dumps(dict(notice.data), sort_keys=True)
    return known.kind == notice.kind and json.dumps(known.data, sort_keys=True) == said
