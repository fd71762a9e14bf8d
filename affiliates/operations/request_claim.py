"""Ask the program to recognise what a member paid."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from affiliates import rules
from affiliates.errors import (
    BadReceipt,
    BadReference,
    ClaimOutOfBounds,
    ClaimsClosed,
    ClaimTaken,
    MemberNotRegistered,
    TooManyClaims,
    UnknownChain,
)
from affiliates.models import Claim, Member
from affiliates.operations.approve_claim import approve_claim
from affiliates.queries import people
from affiliates.states import MemberState
from audit.operations import record
from identity.models import Program
from identity.proofs import LARGEST_CHAIN_ID
from identity.queries.settings import setting
from ledger.models import Asset
from ledger.money import plain
from ledger.movements import is_storable
from wallets.queries.checking import require_amount


@transaction.atomic
def request_claim(
    claim_id: UUID, *, program: Program, member: Member, reference: str, asset: Asset, amount: Decimal, chain_id: int,
    tx_hash: str, note: str = "", at: datetime,
) -> Claim:  # fmt: skip
    """Write the claim down; a small one is looked up at once, if the program lets it.

    :raises ProgramTakesNobody: if the program is paused or closed.
    :raises ClaimsClosed: if it takes no claims.
    :raises MemberNotRegistered: if the member is suspended, or not registered yet.
    :raises BadReference: if the claim's name is none.
    :raises BadReceipt: if the transaction's hash or the chain is none.
    :raises UnknownChain: if the asset lives on another chain.
    :raises BadAmount: if the amount is none.
    :raises TooFine: if it is finer than the asset.
    :raises ClaimOutOfBounds: if it is for less or more than the program takes.
    :raises TooManyClaims: if the member has made as many as a day allows.
    :raises ClaimTaken: if the member has one of the name that says something else.
    """
    people.require_open(program)
    if not setting("affiliates.claims_open", program):
        raise ClaimsClosed(program=program.name)
    require_amount(amount, asset=asset.code, scale=asset.scale)
    if not rules.REFERENCE.fullmatch(reference):
        raise BadReference
    if not (0 < chain_id <= LARGEST_CHAIN_ID and rules.TX_HASH.fullmatch(tx_hash)):
        raise BadReceipt
    if asset.chain_id != chain_id:
        raise UnknownChain(program=program.name, asset=asset.code, chain=chain_id)
    # The member's lock: claims are counted, and nobody makes two at the same moment.
    member = Member.objects.locked().get(pk=member.pk)
    if member.state != MemberState.REGISTERED:
        raise MemberNotRegistered(state=member.get_state_display().lower())
    wanted = Claim(
        id=claim_id, program=program, member=member, reference=reference, asset=asset, amount=amount,
        chain_id=chain_id, tx_hash=tx_hash, note=note[:500] if is_storable(note) else "", requested_at=at,
    )  # fmt: skip
    known = Claim.objects.filter(member=member, reference=reference).first()
    if known is not None:
        _require_the_same(known, wanted)
        return known
    _require_within(program, wanted, at=at)

    wanted.save(force_insert=True)
    record(
        "affiliates.claim.requested", subject=wanted, at=at, program_id=program.pk,
        payload={
            "member": str(member.pk), "reference": reference, "amount": plain(amount), "asset": asset.code,
            "chain_id": chain_id, "tx_hash": tx_hash,
        },
    )  # fmt: skip
    if amount <= setting("affiliates.claims_looked_up_alone", program):
        return approve_claim(wanted.pk, program_id=program.pk, reason="Small enough to be looked up at once.", at=at)
    return wanted


def _require_within(program: Program, wanted: Claim, *, at: datetime) -> None:
    least = setting("affiliates.claim_at_least", program)
    most = setting("affiliates.claim_at_most", program)
    if not least <= wanted.amount <= most:
        raise ClaimOutOfBounds(least=plain(least), most=plain(most), asset=wanted.asset.code)
    a_day: int = setting("affiliates.claims_a_day", program)
    lately = Claim.objects.filter(member=wanted.member, requested_at__gt=at - timedelta(days=1))
    if lately.count() >= a_day:
        raise TooManyClaims(most=a_day)


def _require_the_same(known: Claim, wanted: Claim) -> None:
    if (known.asset_id, known.amount, known.chain_id, known.tx_hash) != (
        wanted.asset_id, wanted.amount, wanted.chain_id, wanted.tx_hash,
    ):  # fmt: skip
        raise ClaimTaken(reference=wanted.reference)
