"""Starting again after everything was stopped."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from identity.kinds import ProposalKind, register_kind
from identity.models import Program, Proposal, User
from identity.operations import propose
from identity.rules import Band
from payouts import operations
from payouts.errors import NotStopped
from payouts.models import Brake
from wallets.queries.checking import require_reason

Payload = Mapping[str, Any]

RESTART: Final = "payouts.restart"


def register() -> None:
    """Let it be proposed."""
    register_kind(
        ProposalKind(
            name=RESTART,
            label="Start payouts again",
            permission_to_propose="payout.restart",
            bands=(Band(Decimal(0), 1, frozenset({"OWNER", "FINANCE_APPROVER"})),),
            check=_check,
            describe=_describe,
            execute=_execute,
        )
    )


def propose_restart(program: Program, *, reason: str, by: User, at: datetime) -> Proposal:
    """Ask a second person to agree that payouts go on.

    :raises NotStopped: if they are not stopped.
    :raises PolicyUnsatisfiable: if nobody could agree but ``by``.
    """
    brake = Brake.objects.filter(program=program, is_on=True).first()
    if brake is None:
        raise NotStopped
    payload = {"stopped_at": brake.changed_at.isoformat(), "reason": brake.reason}
    return propose(
        RESTART, program=program, payload=payload, reason=require_reason(reason),
        subject=("payouts.brake", str(program.pk)), by=by, at=at,
    )  # fmt: skip


def _check(program: Program, payload: Payload) -> None:
    """It is about the stop that stands now: one that came later is another."""
    brake = Brake.objects.filter(program=program, is_on=True).first()
    if brake is None or brake.changed_at.isoformat() != payload.get("stopped_at"):
        raise NotStopped


def _describe(payload: Payload) -> list[tuple[str, str]]:
    return [("Stopped since", str(payload["stopped_at"])), ("Because", str(payload["reason"]))]


def _execute(proposal: Proposal, at: datetime) -> Payload:
    _check(proposal.program, proposal.payload)
    operations.let_go_of_brake(proposal.program_id, reason=proposal.reason, at=at)
    return {}
