"""The payouts' background tasks."""

import os
import socket
from typing import Final

from django.utils import timezone

from payouts import operations
from payouts.errors import Stopped
from payouts.queries.desks import accounts_to_ask, accounts_to_send, programs_with_wallet_payouts

# A task has a time limit, and tasks of other kinds want their turn.
SECONDS_AT_MOST: Final = 20


def send() -> dict[str, int]:
    """Send what is approved, from every account that has something to send, and into wallets here."""
    counts: dict[str, int] = {}
    for account_id in accounts_to_send(at=timezone.now()):
        sent = operations.send_due(account_id, holder=_holder(), seconds_at_most=SECONDS_AT_MOST)
        for said, count in sent.counts.items():
            counts[said] = counts.get(said, 0) + count
    for program_id in programs_with_wallet_payouts(at=timezone.now()):
        try:
            counts["paid"] = counts.get("paid", 0) + operations.pay_wallets(program_id, at=timezone.now())
        except Stopped:
            counts["stopped"] = counts.get("stopped", 0) + 1
    return counts


def ask() -> dict[str, int]:
    """Ask the rails what came of what they have accepted, and of what nobody knows."""
    counts = {"asked": 0, "told": 0}
    for account_id in accounts_to_ask(at=timezone.now()):
        said = operations.ask_rails(account_id, seconds_at_most=SECONDS_AT_MOST, clock=timezone.now)
        counts = {name: counts[name] + said[name] for name in counts}
    return counts


def look_again() -> dict[str, int]:
    """Look again at what was paid on chains."""
    return dict(operations.look_again(seconds_at_most=SECONDS_AT_MOST, clock=timezone.now))


def tidy() -> dict[str, int]:
    """Let go of what was approved and not sent in time, and say which batches are through."""
    return {
        "lapsed": operations.lapse_batches(at=timezone.now()), "settled": operations.sweep_batches(at=timezone.now())
    }  # fmt: skip


def _holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:120]
