"""Paying a batch."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from identity.kinds import ProposalKind, register_kind
from identity.models import Program
from identity.rules import Band
from payouts import operations
from payouts.errors import BatchChanged
from payouts.operations.submit_batch import PAY_BATCH
from payouts.queries.batches import batch_of, contents_of
from payouts.queries.flags import FLAGS
from payouts.states import BatchState

Payload = Mapping[str, Any]

_APPROVERS = frozenset({"OWNER", "FINANCE_APPROVER"})


def register() -> None:
    """Let it be proposed."""
    register_kind(
        ProposalKind(
            name=PAY_BATCH,
            label="Pay a batch",
            permission_to_propose="payout.prepare",
            bands=(Band(Decimal(0), 1, _APPROVERS), Band(Decimal(100_000), 2, _APPROVERS)),
            check=_check,
            describe=_describe,
            agree=operations.approve_batch,
            execute=operations.start_batch,
            lapse=operations.send_back_batch,
            executes_at_approval=False,
        )
    )


def _check(program: Program, payload: Payload) -> None:
    """Only what submitting a batch has just worked out can be agreed to."""
    try:
        batch = batch_of(UUID(str(payload["batch"])), program_id=program.pk)
        said = (payload["digest"], payload["revision"])
    except (KeyError, ValueError):
        raise BatchChanged from None
    contents = contents_of(batch, revision=batch.revision)
    if batch.state != BatchState.DRAFT or said != (contents.digest, batch.revision) or batch.digest != contents.digest:
        raise BatchChanged


def _describe(payload: Payload) -> list[tuple[str, str]]:
    asset = payload["asset"]
    lines = [
        ("Batch", str(payload["number"])),
        ("Payouts", str(payload["count"])),
        ("Total", f"{payload['total']} {asset}"),
    ]
    withheld = payload.get("withheld", "0")
    if withheld != "0":
        lines.append(("Withheld beside it, as tax", f"{withheld} {asset}"))
    for rail in payload["rails"]:
        fees = f", fees about {rail['fees']} {asset}" if rail["fees"] else ""
        lines.append((f"From {rail['account']}", f"{rail['total']} {asset} in {rail['count']}{fees}"))
    lines += [(FLAGS.get(flag, flag), f"{many} of them") for flag, many in payload["flags"].items()]
    return [*lines, ("Digest", f"{payload['digest']}, revision {payload['revision']}")]
