"""Rows of payouts with boring defaults, for tests of who sees them and of their states."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from identity.models import Program, Proposal
from identity.states import Decision
from payouts.models import Attempt, BankFile, BatchMaker, Brake, Desk, Part, Payout, PayoutBatch, PayoutLine
from payouts.operations.submit_batch import PAY_BATCH
from payouts.operations.take_numbers import take_numbers
from tests.affiliates.factories import AffiliateFactory, CommissionFactory
from tests.factories import AssetFactory, ProgramFactory, RailAccountFactory, UserFactory

DIGEST = "0" * 64


def proposal_of(batch: PayoutBatch, *, state: str = "EXECUTED") -> Proposal:
    """Return a proposal to pay a batch, agreed to and carried out."""
    now = timezone.now()
    proposal = Proposal.objects.create(
        program=batch.program, kind=PAY_BATCH, subject_type="payouts.payoutbatch", subject_id=str(batch.pk), reason="r",
        payload={"batch": str(batch.pk), "digest": DIGEST, "revision": 1, "number": batch.number, "count": 1,
                 "total": "1", "asset": batch.asset.code, "rails": [], "flags": {}},
        digest=DIGEST, votes_needed=1, voter_roles=["OWNER"], proposed_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    proposal.makers.create(user=UserFactory(), revision=1, at=now)
    proposal.votes.create(by=UserFactory(), revision=1, digest=DIGEST, decision=Decision.APPROVE, at=now)
    for step in ("APPROVED", "EXECUTED"):
        Proposal.objects.filter(pk=proposal.pk).update(state=step)
        if step == state:
            break
    proposal.refresh_from_db()
    return proposal


def batch_in(state: str = "DRAFT", *, program: Program | None = None, **more: Any) -> PayoutBatch:
    """Return a batch in a state, as far as the database is concerned agreed to by everybody."""
    now = timezone.now()
    batch = PayoutBatch.objects.create(
        program=program or ProgramFactory(), number=take_numbers("batch_number", count=1)[0], key=str(uuid4()),
        asset=more.pop("asset", None) or AssetFactory(), created_at=now, **more,
    )  # fmt: skip
    BatchMaker.objects.create(program=batch.program, batch=batch, user=UserFactory(), role="CREATED", at=now)
    PayoutBatch.objects.filter(pk=batch.pk).update(
        digest=DIGEST, revision=1, count=1, total=1, proposal=proposal_of(batch), expires_at=now + timedelta(days=1)
    )
    follow_to(batch, state)
    return batch


def bank_file_in(*, program: Program | None = None, batch: PayoutBatch | None = None) -> BankFile:
    """Return a file to a bank, of a batch that is on its way."""
    batch = batch or batch_in("PROCESSING", program=program)
    return BankFile.objects.create(
        program=batch.program, batch=batch, rail_account=RailAccountFactory(program=batch.program), number=1,
        name=f"B{batch.number}-1", content=f"{batch.program.slug}", sha256=DIGEST, count=1, total=1,
        written_at=timezone.now(), written_by=UserFactory(),
    )  # fmt: skip


def follow_to(batch: PayoutBatch, state: str) -> None:
    """Let a batch go to a state by the shortest way."""
    ways = {
        "DRAFT": (), "CANCELLED": ("CANCELLED",), "EXPIRED": ("PENDING_APPROVAL", "APPROVED", "EXPIRED"),
        "EXECUTED": ("PENDING_APPROVAL", "APPROVED", "PROCESSING", "EXECUTED"),
        "EXECUTED_WITH_ERRORS": ("PENDING_APPROVAL", "APPROVED", "PROCESSING", "EXECUTED_WITH_ERRORS"),
    }  # fmt: skip
    way = ("PENDING_APPROVAL", "APPROVED", "PROCESSING")
    for step in ways.get(state, way[: way.index(state) + 1] if state in way else ()):
        PayoutBatch.objects.filter(pk=batch.pk).update(state=step)
    batch.refresh_from_db()


def payout_in(state: str = "READY", *, program: Program | None = None, **more: Any) -> Payout:
    """Return a payout in a state, of a batch that is on its way; what is left out is so in a draft."""
    account = more.pop("rail_account", None) or RailAccountFactory(program=program or ProgramFactory())
    batch = more.pop("batch", None) or batch_in(program=account.program)
    payout = Payout.objects.create(
        program=account.program, batch=batch, payee_type="AFFILIATE", asset=batch.asset, gross=1, amount=1,
        affiliate=more.pop("affiliate", None) or AffiliateFactory(program=account.program),
        rail_account=account, destination_kind="MPESA", destination="254700000001", destination_digest="0" * 32,
        reason="why", created_at=timezone.now(), **more,
    )  # fmt: skip
    if state != "EXCLUDED":
        follow_to(batch, "PROCESSING")
    Payout.objects.filter(pk=payout.pk).update(state=state)
    payout.refresh_from_db()
    return payout


def part_of(payout: Payout) -> Part:
    """Return the one part of a payout."""
    return Part.objects.create(program=payout.program, payout=payout, number=1, amount=payout.amount)


def attempt_in(state: str = "STORED", *, program: Program | None = None, **more: Any) -> Attempt:
    """Return an attempt in a state."""
    payout = more.pop("payout", None) or payout_in("SENDING", program=program)
    assert payout.rail_account is not None
    attempt = Attempt.objects.create(
        program=payout.program, payout=payout, part=part_of(payout), rail_account=payout.rail_account, number=1,
        reference=uuid4().hex[:12].upper(), amount=payout.amount, stored_at=timezone.now(), **more,
    )  # fmt: skip
    settled = {"receipt": f"R-{attempt.reference}", "settled_at": timezone.now()} if state == "CONFIRMED" else {}
    Attempt.objects.filter(pk=attempt.pk).update(state=state, **settled)
    attempt.refresh_from_db()
    return attempt


def line_of(payout: Payout) -> PayoutLine:
    """Return a row that a payout pays."""
    commission = CommissionFactory(program=payout.program, affiliate=payout.affiliate)
    return PayoutLine.objects.create(program=payout.program, payout=payout, commission=commission)


def desk_of(program: Program | None = None) -> Desk:
    """Return a desk that nobody has."""
    return Desk.objects.create(rail_account=RailAccountFactory(program=program or ProgramFactory()))


def brake_of(program: Program | None = None) -> Brake:
    """Return a brake that nobody has pulled."""
    return Brake.objects.create(program=program or ProgramFactory(), changed_at=timezone.now())
