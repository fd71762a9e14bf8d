"""Put payees into a batch, with what is due to them, or with what keeps them from being paid."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection
from uuid_utils.compat import uuid7

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

# What is decided about a payee, and kept on the payout.
_DECIDED: Final = {
    "gross": "numeric", "amount": "numeric", "withheld": "numeric", "carried": "numeric", "withheld_base": "numeric",
    "withheld_rate": "numeric", "withheld_exact": "numeric", "fee": "numeric", "rail_account_id": "uuid",
    "method_id": "uuid", "destination_kind": "text", "destination": "text", "holder": "text",
    "destination_digest": "text", "why": "text", "reason": "text", "clears_at": "timestamptz",
}  # fmt: skip
_WRITTEN: Final = {
    "id": "uuid", "payee_type": "text", "affiliate_id": "uuid", "outgoing_id": "uuid",
    "withdrawal_id": "uuid", "state": "text", **_DECIDED,
}  # fmt: skip
# By letters in what is sent, as ten thousand times a column's name is longer than what stands in it; and no model
# objects, which take longer to make than the rows.
_LETTERS: Final = {name: f"c{number}" for number, name in enumerate(_WRITTEN)}
_INSERT: Final = f"""
INSERT INTO payouts_payout (program_id, batch_id, asset_id, created_at, receipt, {", ".join(_WRITTEN)})
SELECT %s, %s, %s, %s, '', {", ".join(_LETTERS.values())}
FROM json_to_recordset(%s) AS row ({", ".join(f"{_LETTERS[name]} {kind}" for name, kind in _WRITTEN.items())})
"""  # noqa: S608 - of names of our own columns
_LINES: Final = """
INSERT INTO payouts_payoutline (program_id, payout_id, commission_id, is_live)
SELECT %s, line.payout::uuid, unnest(string_to_array(line.rows, ',')::uuid[]), true
FROM json_to_recordset(%s) AS line (payout text, rows text)
"""
CARRIED = "What the rail can't carry stays due."


@dataclass(frozen=True, slots=True)
class Put:
    """A payout that was put in, or left out, and what was decided about it."""

    payout_id: UUID
    payee_type: str
    payee_id: UUID
    choice: Choice


@dataclass(slots=True)
class PutIn:
    """Whom a batch pays now, and whom it leaves out."""

    ready: list[Put] = field(default_factory=list)
    left_out: list[Put] = field(default_factory=list)


def put_in(
    batch: PayoutBatch, *, affiliates_due: Sequence[Affiliate] = (), outgoings: Sequence[Outgoing] = (),
    withdrawals: Sequence[Withdrawal] = (), at: datetime,
) -> PutIn:  # fmt: skip
    """Decide how each payee is paid, claim what that pays, and write it down. The caller holds the batch's lock.

    Who is in the batch already, and not left out, stays as they are.
    """
    known = {payout.payee_id: payout for payout in Payout.objects.filter(batch=batch)}
    in_it = {payee for payee, payout in known.items() if payout.state != PayoutState.EXCLUDED}
    by_id = {affiliate.pk: affiliate for affiliate in affiliates_due if affiliate.pk not in in_it}
    chooser = Chooser(batch, at=at)
    choices: dict[UUID, Choice] = {}

    def takes(due: Mapping[UUID, Decimal]) -> Collection[UUID]:
        choices.update(chooser.for_affiliates([by_id[pk] for pk in due], due))
        return [pk for pk, choice in choices.items() if choice.is_payable]

    claimed = affiliates.batch_commissions(
        list(by_id), program_id=batch.program_id, asset_id=batch.asset_id, until=batch.until, takes=takes, at=at
    )

    def put(payee_type: str, payee_id: UUID, choice: Choice) -> Put:
        there = known.get(payee_id)
        return Put(there.pk if there else uuid7(), payee_type, payee_id, choice)

    every = [put(PayeeType.AFFILIATE, pk, choices[pk]) for pk in by_id if pk in choices]
    every += [
        put(PayeeType.OUTGOING, pk, choice)
        for pk, choice in chooser.for_outgoings(_free_outgoings(outgoings, in_it)).items()
    ]
    every += [
        put(PayeeType.WITHDRAWAL, withdrawal.pk, chooser.for_withdrawal(withdrawal))
        for withdrawal in _free_withdrawals(withdrawals, in_it)
    ]
    _write(batch, every, known={payout.pk: payout for payout in known.values()}, at=at)
    done = PutIn()
    for each in every:
        (done.ready if each.choice.is_payable else done.left_out).append(each)
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


def _decided(choice: Choice) -> dict[str, Any]:
    """Return what is kept of a choice. Of whom it leaves out the amount is what would be due."""
    return {
        "gross": choice.due, "amount": choice.amount or choice.due, "withheld": choice.withheld,
        "carried": choice.carried, "withheld_base": choice.withheld_base, "withheld_rate": choice.withheld_rate,
        "withheld_exact": choice.withheld_exact, "fee": choice.fee,
        "rail_account_id": choice.sender.account.pk if choice.sender else None,
        "method_id": choice.method.pk if choice.method else None, "destination_kind": choice.destination_kind,
        "destination": choice.destination, "holder": choice.holder, "destination_digest": choice.destination_digest,
        "why": choice.why, "reason": choice.reason, "clears_at": choice.clears_at,
    }  # fmt: skip


def _write(batch: PayoutBatch, every: Sequence[Put], *, known: Mapping[UUID, Payout], at: datetime) -> None:
    rows = []
    for put in every:
        if put.payout_id in known:
            continue
        row = {
            "id": put.payout_id, "payee_type": put.payee_type, f"{put.payee_type.lower()}_id": put.payee_id,
            "state": PayoutState.READY if put.choice.is_payable else PayoutState.EXCLUDED, **_decided(put.choice),
        }  # fmt: skip
        rows.append({_LETTERS[name]: _plain(value) for name, value in row.items()})
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [batch.program_id, batch.pk, batch.asset_id, at, json.dumps(rows)])

    again = [put for put in every if put.payout_id in known]
    for put in again:
        for name, value in _decided(put.choice).items():
            setattr(known[put.payout_id], name, value)
    Payout.objects.bulk_update(
        [known[put.payout_id] for put in again], [name.removesuffix("_id") for name in _DECIDED], batch_size=500
    )
    follow_many(
        PAYOUT_TRANSITIONS,
        [
            Step(pk=put.payout_id, source=PayoutState.EXCLUDED, to=PayoutState.READY, program_id=batch.program_id)
            for put in again
            if put.choice.is_payable
        ],
        at=at,
    )


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _write_lines(batch: PayoutBatch, ready: Sequence[Put], claimed: dict[UUID, Batched], *, at: datetime) -> None:
    paid = [put for put in ready if put.payee_type == PayeeType.AFFILIATE]
    partly = [put for put in paid if put.choice.carried]
    pairs = affiliates.carry_on(
        [(put.payee_id, put.choice.carried) for put in partly], program_id=batch.program_id,
        asset_id=batch.asset_id, reason=CARRIED, out=CommissionState.BATCHED, on=CommissionState.DUE, at=at,
    )  # fmt: skip
    carried = {put.payee_id: pair.out_id for put, pair in zip(partly, pairs, strict=True)}
    lines = [
        {
            "payout": str(put.payout_id),
            "rows": claimed[put.payee_id].rows
            + (f",{carried[put.payee_id]}" if put.payee_id in carried else ""),
        }
        for put in paid
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [batch.program_id, json.dumps(lines)])
