"""Take in what a rail tells us."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import structlog

from wallets.models import RailAccount, RailEvent
from wallets.operations.verify_event import ABOUT, verify_event
from wallets.rules import PROVEN_WITHIN

log = structlog.get_logger("wallets.rails")

# What has nothing to do with the notice, and would be a secret of somebody else's, is not kept.
_KEPT_OUT: Final = frozenset({"authorization", "cookie", "proxy-authorization", "x-admin-key"})
_LONGEST_HEADER: Final = 2_000


def receive_event(
    account: RailAccount, *, body: bytes, headers: Mapping[str, str], address: str | None, at: datetime,
    about: str = "",
) -> RailEvent:  # fmt: skip
    """Keep what came as it came, and only then look at it. What is proven is applied by a worker.

    Should we end in between, or break, a worker finds it: what is kept is never answered with a failure of ours.
    """
    event = RailEvent.objects.create(
        program_id=account.program_id, account=account, received_at=at, address=address or None, body=body,
        headers=_storable(headers) | ({ABOUT: about} if about else {}), due_at=at + PROVEN_WITHIN,
    )  # fmt: skip
    try:
        return verify_event(event.pk, at=at)
    except Exception as fault:
        log.error("a rail event can't be proven yet", rail_event=str(event.pk), exc_info=fault)
        return event


def _storable(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name.lower(): value[:_LONGEST_HEADER].replace("\0", "\N{REPLACEMENT CHARACTER}")
        for name, value in headers.items()
        if name.lower() not in _KEPT_OUT and not name.startswith(":")
    }
