"""What a chain says of a settlement: asked outside of transactions, and judged by what was expected."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from affiliates.models import Settlement
from ledger.models import Asset
from ledger.money import plain
from wallets.queries.chains import address_of, addresses_for, finality_of
from wallets.rails import RailError
from wallets.rails.evm import NotFound, Proven, Reverted, Shallow, Unrelated, amount_of, look_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked for: so much, from this address, in this transaction, to one of ours."""

    chain_id: int
    tx_hash: str
    sender: str
    amount: Decimal
    asset: Asset
    places: tuple[tuple[str, str], ...]  # the rail accounts that are addresses there, with those


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The transfer that proves it."""

    rail: str
    position: int
    block_number: int
    mined_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of looking: the proof, or why there is none, for good or for now."""

    said: str
    is_final: bool = False
    transfer: Found | None = None


def asked_of(settlement: Settlement) -> Asked:
    """Return what has to be on the chain for this settlement."""
    assert settlement.chain_id is not None
    # An asset lives on one chain; what is told of another brings it nothing.
    is_there = settlement.chain_id == settlement.asset.chain_id
    accounts = addresses_for(settlement.asset, program_id=settlement.program_id) if is_there else ()
    return Asked(
        chain_id=settlement.chain_id, tx_hash=settlement.tx_hash, sender=settlement.member.wallet_address,
        amount=settlement.amount, asset=settlement.asset,
        places=tuple((account.name, address_of(account)) for account in accounts),
    )  # fmt: skip


def judge(asked: Asked) -> Verdict:
    """Ask the chain. A node that fails says nothing about the payment, so that is no verdict for good.

    Never call it in a transaction of the database: it talks to the world.
    """
    if not asked.places:
        return Verdict(f"The program has no address for {asked.asset.code} on the chain {asked.chain_id}.", True)
    verdict = Verdict("")
    for rail, address in asked.places:
        try:
            verdict = _judge_at(asked, rail, address)
        except RailError as fault:
            return Verdict(f"The chain could not be asked: {fault}")
        if verdict.transfer is not None or not verdict.is_final:
            break
    return verdict


def _judge_at(asked: Asked, rail: str, address: str) -> Verdict:
    seen = look_up(
        asked.chain_id, asked.tx_hash, to=address, token=asked.asset.contract or "", scale=asked.asset.scale,
        finality=finality_of(asked.chain_id),
    )  # fmt: skip
    match seen:
        case NotFound():
            return Verdict("No block has the transaction.")
        case Shallow(depth, needed):
            return Verdict(f"The transaction is {depth} blocks deep; {needed} are needed.")
        case Reverted():
            return Verdict("The transaction failed on the chain and moved nothing.", is_final=True)
        case Unrelated():
            return Verdict(f"The transaction brought no {asked.asset.code} to an address of ours.", is_final=True)
        case Proven():
            return _judge_transfers(asked, rail, seen)
    assert_never(seen)


def _judge_transfers(asked: Asked, rail: str, seen: Proven) -> Verdict:
    """Somebody else's payment, or another amount, settles nothing."""
    theirs = [transfer for transfer in seen.transfers if transfer.sender == asked.sender]
    if not theirs:
        return Verdict("The transaction was not sent from the member's address.", is_final=True)
    for transfer in theirs:
        if amount_of(transfer.units, scale=asked.asset.scale) == asked.amount:
            found = Found(rail=rail, position=transfer.position, block_number=seen.block_number, mined_at=seen.mined_at)
            return Verdict("Proven.", is_final=True, transfer=found)
    sums = ", ".join(plain(amount_of(transfer.units, scale=asked.asset.scale)) for transfer in theirs)
    return Verdict(f"The transaction brought {sums} {asked.asset.code}, not {plain(asked.amount)}.", is_final=True)
