"""Take settlements as proven: book them, and what they earn whom, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from affiliates.errors import ReceiptTaken, SettlementRefused, UnknownSettlement
from affiliates.models import Claim, Commission, Settlement
from affiliates.operations.find_books import EXPENSE, REVENUE, SETTLEMENTS, Books, find_books
from affiliates.operations.open_purses import open_purses
from affiliates.queries.families import Family, Sold, families
from affiliates.states import (
    CLAIM_TRANSITIONS,
    SETTLEMENT_TRANSITIONS,
    ClaimState,
    CommissionState,
    SettlementState,
)
from audit.context import Actor
from audit.operations import follow_many
from audit.operations.follow_many import Step
from ledger.models import Account
from ledger.movements import Asker, Movement, Posting
from ledger.operations import post_many
from wallets.errors import UnknownRail


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What proves that a settlement was paid, and on whose asking it was looked for."""

    settlement_id: UUID
    program_id: UUID
    occurred_at: datetime
    rail: str = ""  # where the money came in
    chain_id: int | None = None
    tx_hash: str = ""
    position: int | None = None
    block_number: int | None = None
    rail_event: UUID | None = None
    asker: Asker | None = None


Outcome = Settlement | SettlementRefused | UnknownRail


@transaction.atomic
def confirm_settlements(proofs: Sequence[Proof], *, at: datetime) -> list[Outcome]:
    """Confirm each settlement and let its family of commissions accrue; the statements do not grow with their number.

    One that is in the books already is returned as it stands. What is proven books whatever state program, member and
    affiliate are in: money is a fact.

    :raises PostingRefused: if one of them can't be booked; none is then.
    :raises NoTerms: if a program had no rates at the time; none is booked then.
    """
    rows = {
        row.pk: row
        for row in Settlement.objects.locked()
        .filter(pk__in={proof.settlement_id for proof in proofs})
        .select_related("asset", "program", "member")
    }
    clearing = _clearing(proofs, rows)
    taken = _taken_receipts(proofs, rows)
    outcomes: list[Outcome] = []
    new: dict[UUID, Proof] = {}
    for proof in proofs:
        outcome = _examined(proof, rows, clearing, taken)
        if isinstance(outcome, Settlement) and not outcome.is_recognised and outcome.pk not in new:
            new[outcome.pk] = proof
            taken |= {receipt} if (receipt := _receipt(proof, outcome)) else set()
        outcomes.append(outcome)
    if new:
        _book([rows[pk] for pk in new], new, clearing, at=at)
    return outcomes


Receipt = tuple[int, str, int | None]
_Rails = Mapping[tuple[UUID, int, str], int]


def _examined(proof: Proof, rows: Mapping[UUID, Settlement], clearing: _Rails, taken: set[Receipt]) -> Outcome:
    settlement = rows.get(proof.settlement_id)
    if settlement is None or settlement.program_id != proof.program_id:
        return UnknownSettlement(settlement=proof.settlement_id)
    if settlement.is_recognised:
        return settlement
    rail = proof.rail or settlement.rail
    if rail and (settlement.program_id, settlement.asset_id, rail) not in clearing:
        return UnknownRail(rail=rail, asset=settlement.asset.code)
    receipt = _receipt(proof, settlement)
    if receipt in taken:
        return ReceiptTaken(receipt=receipt[1])
    return settlement


def _receipt(proof: Proof, settlement: Settlement) -> Receipt | None:
    chain_id, tx_hash = proof.chain_id or settlement.chain_id, proof.tx_hash or settlement.tx_hash
    return (chain_id, tx_hash, proof.position) if chain_id is not None and tx_hash else None


def _taken_receipts(proofs: Sequence[Proof], rows: Mapping[UUID, Settlement]) -> set[Receipt]:
    hashes = {proof.tx_hash for proof in proofs} | {row.tx_hash for row in rows.values()}
    hashes.discard("")
    if not hashes:
        return set()
    known = Settlement.objects.recognised().filter(tx_hash__in=hashes).order_by()
    return {
        (chain_id, tx_hash, position)
        for chain_id, tx_hash, position in known.values_list("chain_id", "tx_hash", "position")
        if chain_id is not None
    }


def _clearing(proofs: Sequence[Proof], rows: Mapping[UUID, Settlement]) -> _Rails:
    rails = {proof.rail for proof in proofs} | {row.rail for row in rows.values()}
    codes = [f"rail:{rail}:clearing" for rail in rails if rail]
    if not codes:
        return {}
    found = Account.objects.filter(program__in={row.program_id for row in rows.values()}, code__in=codes).order_by()
    return {
        (program_id, asset_id, code.split(":")[1]): pk
        for program_id, asset_id, code, pk in found.values_list("program", "asset", "code", "pk")
    }


def _book(settlements: Sequence[Settlement], proofs: Mapping[UUID, Proof], clearing: _Rails, *, at: datetime) -> None:
    claims = list(Claim.objects.locked().filter(settlement__in=[row.pk for row in settlements]))
    earned = families([_sold(row, proofs[row.pk]) for row in settlements])
    owners = {
        (row.affiliate_id, settlement.asset_id) for settlement in settlements for row in earned[settlement.pk].rows
    }
    purses = {owner: purse.liability_id for owner, purse in open_purses(owners, at=at).items()}
    books = find_books({(row.program, row.asset) for row in settlements}, at=at)

    postings: list[Posting] = []
    for row in settlements:
        postings += _postings(row, proofs[row.pk], earned[row.pk], books, clearing, purses, at=at)
    booked = {one.key: one.id for one in post_many(postings)}

    _write_commissions(settlements, earned, booked, at=at)
    follow_many(
        SETTLEMENT_TRANSITIONS, [_step(row, proofs[row.pk], earned[row.pk], booked, at=at) for row in settlements],
        at=at,
    )  # fmt: skip
    follow_many(
        CLAIM_TRANSITIONS,
        [_settled(claim, proofs, at=at) for claim in claims if claim.state != ClaimState.SETTLED],
        at=at,
    )


def _sold(row: Settlement, proof: Proof) -> Sold:
    return Sold(
        settlement_id=row.pk, program=row.program, affiliate_id=row.member.affiliate_id, amount=row.amount,
        scale=row.asset.scale, at=proof.occurred_at,
    )  # fmt: skip


def key_of(settlement_id: UUID, what: str) -> str:
    """Return the key under which the books know a part of a settlement."""
    return f"house:settlement:{settlement_id}:{what}"


def _postings(
    row: Settlement, proof: Proof, family: Family, books: Books, clearing: _Rails,
    purses: Mapping[tuple[UUID, int], int], *, at: datetime,
) -> list[Posting]:  # fmt: skip
    own = (row.program_id, row.asset_id)
    settled, when = books[*own, SETTLEMENTS], min(proof.occurred_at, at)

    def posting(what: str, kind: str, movements: tuple[Movement, ...]) -> Posting:
        return Posting(
            program_id=row.program_id, key=key_of(row.pk, what), kind=kind, movements=movements, effective_at=when,
            metadata={"settlement": str(row.pk)}, asker=proof.asker,
        )  # fmt: skip

    found = [posting("booked", "SETTLEMENT", (Movement(settled, books[*own, REVENUE], row.amount),))]
    rail = proof.rail or row.rail
    if rail:
        received = Movement(clearing[*own, rail], settled, row.amount)
        found.append(posting("received", "SETTLEMENT_RECEIVED", (received,)))
    earned = tuple(
        Movement(books[*own, EXPENSE], purses[one.affiliate_id, row.asset_id], one.share.amount)
        for one in family.rows
        if one.share.amount
    )
    if earned:
        found.append(posting("commission", "COMMISSION", earned))
    return found


def _write_commissions(
    settlements: Sequence[Settlement], earned: Mapping[UUID, Family], booked: Mapping[str, UUID], *, at: datetime
) -> None:
    Commission.objects.bulk_create(
        Commission(
            program_id=row.program_id, affiliate_id=one.affiliate_id, asset_id=row.asset_id, type=one.type,
            state=CommissionState.HELD if one.held_reason else CommissionState.ACCRUED, amount=one.share.amount,
            settlement_id=row.pk, base=row.amount, rate=one.share.rate, exact=one.share.exact,
            rate_from=one.share.rate_from, accrued_at=at, payable_at=one.payable_at, held_reason=one.held_reason,
            ledger_transaction_id=booked.get(key_of(row.pk, "commission")) if one.share.amount else None,
        )
        for row in settlements
        for one in earned[row.pk].rows
    )  # fmt: skip


def _step(
    row: Settlement, proof: Proof, family: Family, booked: Mapping[str, UUID], *, at: datetime
) -> Step:  # fmt: skip
    shares = {one.type.lower(): f"{one.share.amount:f}" for one in family.rows}
    asker = proof.asker
    return Step(
        pk=row.pk, source=row.state, to=SettlementState.CONFIRMED, program_id=row.program_id,
        payload={"amount": f"{row.amount:f}", "commissions": shares},
        actor=Actor(asker.actor_type, asker.actor_id) if asker else None,
        correlation_id=asker.correlation_id if asker else None,
        values={
            "affiliate": family.affiliate_id and str(family.affiliate_id),
            "parent": family.parent_id and str(family.parent_id),
            "rail": proof.rail or row.rail, "chain_id": proof.chain_id or row.chain_id,
            "tx_hash": proof.tx_hash or row.tx_hash, "position": proof.position, "block_number": proof.block_number,
            "rail_event": proof.rail_event and str(proof.rail_event),
            "occurred_at": proof.occurred_at, "confirmed_at": at, "verified_at": at, "due_at": None, "verdict": "",
            "ledger_transaction": str(booked[key_of(row.pk, "booked")]),
        },
    )  # fmt: skip


def _settled(claim: Claim, proofs: Mapping[UUID, Proof], *, at: datetime) -> Step:
    assert claim.settlement_id is not None
    asker = proofs[claim.settlement_id].asker
    return Step(
        pk=claim.pk, source=claim.state, to=ClaimState.SETTLED, program_id=claim.program_id,
        actor=Actor(asker.actor_type, asker.actor_id) if asker else None,
        correlation_id=asker.correlation_id if asker else None, values={"decided_at": at},
    )  # fmt: skip
