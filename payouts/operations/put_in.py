"""Put payees into a batch, with what is due to them, or with what keeps them from being paid."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection

from affiliates import operations as affiliates
from affiliates.models import Affiliate
from affiliates.operations.batch_commissions import Batched
from affiliates.states import CommissionState
from audit.operations import follow_many
from audit.operations.follow_many import Step
from payouts.models import Payout, PayoutBatch
from payouts.queries.choices import Choice, Chooser
from payouts.states import PAYOUT_TRANSITIONS, PayeeType, PayoutState
from wallets.models import Outgoing, Withdrawal

_LINES: Final = """
INSERT INTO payouts_payoutline (program_id, payout_id, commission_id, is_live)
SELECT %s, line.payout, line.commission, true FROM unnest(%s::uuid[], %s::uuid[]) AS line (payout, commission)
"""
CARRIED = "What the rail can't carry stays due."
_ROWS_AT_ONCE = 2_000
_DECIDED = (
    "amount", "carried", "fee", "rail_account_id", "method_id", "destination_kind", "destination", "holder",
    "destination_digest", "why", "reason", "clears_at",
)  # fmt: skip


@dataclass(slots=True)
class PutIn:
    """Whom a batch pays now, and whom it leaves out."""

    ready: list[Payout] = field(default_factory=list)
    left_out: list[Payout] = field(default_factory=list)


def put_in(
    batch: PayoutBatch, *, affiliates_due: Sequence[Affiliate] = (), outgoings: Sequence[Outgoing] = (),
    withdrawals: Sequence[Withdrawal] = (), at: datetime,
) -> PutIn:  # fmt: skip
    """Decide how each payee is paid, claim what that pays, and write it down. The caller holds the batch's lock.

    Who is in the batch already, and not left out, stays as they are.
    """
    known = {payout.payee_id: payout for payout in Payout.objects.filter(batch=batch)}
    in_it = {payee for payee, payout in known.items() if payout.state != PayoutState.EXCLUDED}
    payees = [affiliate for affiliate in affiliates_due if affiliate.pk not in in_it]
    chooser = Chooser(batch, at=at)
    chooser.read(payees)
    choices: dict[UUID, Choice] = {}

    def takes(affiliate_id: UUID, due: Decimal) -> bool:
        choices[affiliate_id] = chooser.for_affiliate(by_id[affiliate_id], due)
        return choices[affiliate_id].is_payable

    by_id = {affiliate.pk: affiliate for affiliate in payees}
    claimed = affiliates.batch_commissions(
        list(by_id), program_id=batch.program_id, asset_id=batch.asset_id, until=batch.until, takes=takes, at=at
    )
    written: list[tuple[Payout, Choice]] = []
    for affiliate in payees:
        if affiliate.pk in choices:
            payout = known.get(affiliate.pk) or _new(batch, at, payee_type=PayeeType.AFFILIATE, affiliate=affiliate)
            written.append((payout, choices[affiliate.pk]))
    for outgoing in _free_outgoings(outgoings, in_it):
        payout = known.get(outgoing.pk) or _new(batch, at, payee_type=PayeeType.OUTGOING, outgoing=outgoing)
        written.append((payout, chooser.for_outgoing(outgoing)))
    for withdrawal in _free_withdrawals(withdrawals, in_it):
        payout = known.get(withdrawal.pk) or _new(batch, at, payee_type=PayeeType.WITHDRAWAL, withdrawal=withdrawal)
        written.append((payout, chooser.for_withdrawal(withdrawal)))
    done = _write(written, known={payout.pk for payout in known.values()}, at=at)
    _write_lines(batch, done.ready, claimed, at=at)
    return done


def _free_outgoings(outgoings: Sequence[Outgoing], in_it: set[Any]) -> list[Outgoing]:
    """Return those that no payout may pay, with their locks: of two batches one gets them."""
    locked = Outgoing.objects.locked().filter(pk__in=[each.pk for each in outgoings]).select_related("payment__party")
    open_ones = set(
        Payout.objects.filter(outgoing__in=[each.pk for each in outgoings])
        .exclude(state__in=(PayoutState.EXCLUDED, PayoutState.RELEASED, PayoutState.RETURNED))
        .values_list("outgoing", flat=True)
    )
    return [outgoing for outgoing in locked if outgoing.pk not in in_it | open_ones]


def _free_withdrawals(withdrawals: Sequence[Withdrawal], in_it: set[Any]) -> list[Withdrawal]:
    """Return those that no payout pays, with their locks: of two batches one gets them, and none that is stopped."""
    ids = [each.pk for each in withdrawals]
    if not ids:
        return []
    locked = list(Withdrawal.objects.locked().filter(pk__in=ids).select_related("wallet__party"))
    tried = Payout.objects.filter(withdrawal__in=ids).exclude(state=PayoutState.EXCLUDED)
    taken = in_it | set(tried.values_list("withdrawal", flat=True))
    return [withdrawal for withdrawal in locked if withdrawal.pk not in taken]


def _new(batch: PayoutBatch, at: datetime, **payee: Any) -> Payout:
    return Payout(program_id=batch.program_id, batch=batch, asset_id=batch.asset_id, created_at=at, **payee)


def _write(written: Sequence[tuple[Payout, Choice]], *, known: set[UUID], at: datetime) -> PutIn:
    done = PutIn()
    for payout, choice in written:
        payout.amount, payout.carried = (choice.amount or choice.due), choice.carried
        payout.fee, payout.method = choice.fee, choice.method
        payout.rail_account = choice.sender.account if choice.sender and choice.is_payable else None
        payout.destination_kind, payout.destination = choice.destination_kind, choice.destination
        payout.holder, payout.destination_digest = choice.holder, choice.destination_digest
        payout.why, payout.reason, payout.clears_at = choice.why, choice.reason, choice.clears_at
        (done.ready if choice.is_payable else done.left_out).append(payout)
        if payout.pk not in known:
            payout.state = PayoutState.READY if choice.is_payable else PayoutState.EXCLUDED
    new = [payout for payout, _ in written if payout.pk not in known]
    old = [payout for payout, _ in written if payout.pk in known]
    Payout.objects.bulk_create(new, batch_size=_ROWS_AT_ONCE)
    Payout.objects.bulk_update(old, [name.removesuffix("_id") for name in _DECIDED], batch_size=500)
    taken_in = [payout for payout in done.ready if payout.pk in known]
    follow_many(
        PAYOUT_TRANSITIONS,
        [
            Step(pk=payout.pk, source=PayoutState.EXCLUDED, to=PayoutState.READY, program_id=payout.program_id)
            for payout in taken_in
        ],
        at=at,
    )
    for payout in taken_in:
        payout.state = PayoutState.READY
    return done


def _write_lines(batch: PayoutBatch, ready: Sequence[Payout], claimed: dict[UUID, Batched], *, at: datetime) -> None:
    paid = [payout for payout in ready if payout.affiliate_id is not None]
    partly = [payout for payout in paid if payout.carried]
    pairs = affiliates.carry_on(
        [(payout.payee_id, payout.carried) for payout in partly], program_id=batch.program_id,
        asset_id=batch.asset_id, reason=CARRIED, out=CommissionState.BATCHED, on=CommissionState.DUE, at=at,
    )  # fmt: skip
    carried = {payout.pk: pair.out_id for payout, pair in zip(partly, pairs, strict=True)}
    lines = [
        (payout.pk, commission_id)
        for payout in paid
        for commission_id in (*claimed[payout.payee_id].ids, *([carried[payout.pk]] if payout.pk in carried else ()))
    ]
    # A model object for each line, three to a payout, would take longer than all else that is written.
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [batch.program_id, [payout for payout, _ in lines], [row for _, row in lines]])
