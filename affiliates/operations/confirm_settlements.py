"""Take settlements as proven: book them, and what they earn whom, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from affiliates.errors import ReceiptTaken, SettlementRefused, UnknownSettlement
from affiliates.models import Claim, Settlement
from affiliates.operations.find_books import EXPENSE, REVENUE, SETTLEMENTS, Books, find_books
from affiliates.operations.open_purses import open_purses
from affiliates.operations.write_commissions import NewCommission, write_commissions
from affiliates.queries.families import Family, Sold, families
from affiliates.queries.people import one_of
from affiliates.states import (
    CLAIM_TRANSITIONS,
    RECOGNISED,
    SETTLEMENT_TRANSITIONS,
    ClaimState,
    SettlementState,
)
from audit.context import Actor
from audit.operations import follow_many
from audit.operations.follow_many import Step
from identity.models import Program
from ledger.models import Account, Asset
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


# The settlement's id, once it is in the books, or why it is not.
Outcome = UUID | SettlementRefused | UnknownRail


class _Row(NamedTuple):
    """What is asked of a settlement; a thousand whole objects would take longer than the books."""

    pk: UUID
    program_id: UUID
    asset_id: int
    amount: Decimal
    state: str
    rail: str
    chain_id: int | None
    tx_hash: str
    brought_by: UUID | None


@transaction.atomic
def confirm_settlements(proofs: Sequence[Proof], *, at: datetime) -> list[Outcome]:
    """Confirm each settlement and let its family of commissions accrue; the statements do not grow with their number.

    What is proven books whatever state program, member and affiliate are in: money is a fact. What is in the books
    already stays as it stands.

    :raises PostingRefused: if one of them can't be booked; none is then.
    :raises NoTerms: if a program has no rates; none is booked then.
    """
    rows = _locked({proof.settlement_id for proof in proofs})
    clearing = _clearing(proofs, rows)
    taken = _taken_receipts(proofs, rows)
    outcomes: list[Outcome] = []
    new: dict[UUID, Proof] = {}
    for proof in proofs:
        outcome = _examined(proof, rows, clearing, taken)
        outcomes.append(outcome)
        if isinstance(outcome, UUID) and rows[outcome].state not in RECOGNISED and outcome not in new:
            new[outcome] = proof
            receipt = _receipt(proof, rows[outcome])
            taken |= {receipt} if receipt else set()
    if new:
        _book([rows[pk] for pk in new], new, clearing, at=at)
    return outcomes


def _locked(ids: set[UUID]) -> dict[UUID, _Row]:
    found = (
        Settlement.objects.locked()
        .filter(one_of("pk", ids))
        .values_list(
            "pk", "program_id", "asset_id", "amount", "state", "rail", "chain_id", "tx_hash", "member__affiliate_id"
        )
    )
    return {row[0]: _Row(*row) for row in found}


Receipt = tuple[int, str, int | None]
_Rails = Mapping[tuple[UUID, int, str], int]


def _examined(proof: Proof, rows: Mapping[UUID, _Row], clearing: _Rails, taken: set[Receipt]) -> Outcome:
    row = rows.get(proof.settlement_id)
    if row is None or row.program_id != proof.program_id:
        return UnknownSettlement(settlement=proof.settlement_id)
    if row.state in RECOGNISED:
        return row.pk
    rail = proof.rail or row.rail
    if rail and (row.program_id, row.asset_id, rail) not in clearing:
        return UnknownRail(rail=rail, asset=Asset.objects.get(pk=row.asset_id).code)
    if _receipt(proof, row) in taken:
        return ReceiptTaken(receipt=proof.tx_hash or row.tx_hash)
    return row.pk


def _receipt(proof: Proof, row: _Row) -> Receipt | None:
    chain_id, tx_hash = proof.chain_id or row.chain_id, proof.tx_hash or row.tx_hash
    return (chain_id, tx_hash, proof.position) if chain_id is not None and tx_hash else None


def _taken_receipts(proofs: Sequence[Proof], rows: Mapping[UUID, _Row]) -> set[Receipt]:
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


def _clearing(proofs: Sequence[Proof], rows: Mapping[UUID, _Row]) -> _Rails:
    rails = {proof.rail for proof in proofs} | {row.rail for row in rows.values()}
    codes = [f"rail:{rail}:clearing" for rail in rails if rail]
    if not codes:
        return {}
    found = Account.objects.filter(program__in={row.program_id for row in rows.values()}, code__in=codes).order_by()
    return {
        (program_id, asset_id, code.split(":")[1]): pk
        for program_id, asset_id, code, pk in found.values_list("program", "asset", "code", "pk")
    }


def _book(rows: Sequence[_Row], proofs: Mapping[UUID, Proof], clearing: _Rails, *, at: datetime) -> None:
    waiting = [row.pk for row in rows]
    claims = list(Claim.objects.locked().filter(one_of("settlement", waiting)).exclude(state=ClaimState.SETTLED))
    programs = Program.objects.in_bulk({row.program_id for row in rows})
    assets = Asset.objects.in_bulk({row.asset_id for row in rows})
    earned = families([
        Sold(
            settlement_id=row.pk, program=programs[row.program_id], affiliate_id=row.brought_by, amount=row.amount,
            scale=assets[row.asset_id].scale, at=proofs[row.pk].occurred_at,
        )
        for row in rows
    ])  # fmt: skip
    owners = {(one.affiliate_id, row.asset_id) for row in rows for one in earned[row.pk].rows}
    purses = {owner: purse.liability_id for owner, purse in open_purses(owners, at=at).items()}
    books = find_books({(programs[row.program_id], assets[row.asset_id]) for row in rows}, at=at)

    postings: list[Posting] = []
    for row in rows:
        postings += _postings(row, proofs[row.pk], earned[row.pk], books, clearing, purses, at=at)
    booked = {one.key: one.id for one in post_many(postings)}

    write_commissions([
        NewCommission(row.pk, row.program_id, row.asset_id, row.amount, one, booked.get(key_of(row.pk, "commission")))
        for row in rows
        for one in earned[row.pk].rows
    ], at=at)  # fmt: skip
    steps = [_step(row, proofs[row.pk], earned[row.pk], booked, at=at) for row in rows]
    follow_many(SETTLEMENT_TRANSITIONS, steps, at=at)
    follow_many(CLAIM_TRANSITIONS, [_settled(claim, proofs, at=at) for claim in claims], at=at)


def key_of(settlement_id: UUID, what: str) -> str:
    """Return the key under which the books know a part of a settlement."""
    return f"house:settlement:{settlement_id}:{what}"


def _postings(
    row: _Row, proof: Proof, family: Family, books: Books, clearing: _Rails,
    purses: Mapping[tuple[UUID, int], int], *, at: datetime,
) -> list[Posting]:  # fmt: skip
    own = (row.program_id, row.asset_id)
    settled, when = books[*own, SETTLEMENTS], min(proof.occurred_at, at)

    def posting(what: str, kind: str, movements: tuple[Movement, ...]) -> Posting:
        return Posting(
            program_id=row.program_id, key=key_of(row.pk, what), kind=kind, movements=movements, effective_at=when,
            asker=proof.asker,
        )  # fmt: skip

    recognised = (Movement(settled, books[*own, REVENUE], row.amount),)
    rail = proof.rail or row.rail
    received = (Movement(clearing[*own, rail], settled, row.amount),) if rail else ()
    found = [posting("booked", "SETTLEMENT", recognised + received)]
    earned = tuple(
        Movement(books[*own, EXPENSE], purses[one.affiliate_id, row.asset_id], one.share.amount)
        for one in family.rows
        if one.share.amount
    )
    if earned:
        found.append(posting("commission", "COMMISSION", earned))
    return found


def _step(row: _Row, proof: Proof, family: Family, booked: Mapping[str, UUID], *, at: datetime) -> Step:
    shares = {one.type.lower(): f"{one.share.amount:f}" for one in family.rows}
    actor, correlation_id = _asked_by(proof)
    return Step(
        pk=row.pk, source=row.state, to=SettlementState.CONFIRMED, program_id=row.program_id,
        payload={"amount": f"{row.amount:f}", "commissions": shares}, actor=actor, correlation_id=correlation_id,
        values={
            "affiliate": family.affiliate_id and family.affiliate_id.hex,
            "parent": family.parent_id and family.parent_id.hex,
            "rail": proof.rail or row.rail, "chain_id": proof.chain_id or row.chain_id,
            "tx_hash": proof.tx_hash or row.tx_hash, "position": proof.position, "block_number": proof.block_number,
            "rail_event": proof.rail_event and proof.rail_event.hex,
            "occurred_at": proof.occurred_at, "confirmed_at": at, "verified_at": at, "due_at": None, "verdict": "",
            "ledger_transaction": booked[key_of(row.pk, "booked")].hex,
        },
    )  # fmt: skip


def _settled(claim: Claim, proofs: Mapping[UUID, Proof], *, at: datetime) -> Step:
    assert claim.settlement_id is not None
    actor, correlation_id = _asked_by(proofs[claim.settlement_id])
    return Step(
        pk=claim.pk, source=claim.state, to=ClaimState.SETTLED, program_id=claim.program_id, actor=actor,
        correlation_id=correlation_id, values={"decided_at": at},
    )  # fmt: skip


def _asked_by(proof: Proof) -> tuple[Actor | None, str | None]:
    """Return for whom a step is taken, where that is somebody else than whoever acts."""
    if proof.asker is None:
        return None, None
    return Actor(proof.asker.actor_type, proof.asker.actor_id), proof.asker.correlation_id
