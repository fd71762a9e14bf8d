"""Write down that a member is said to have paid; it counts once that is proven."""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from affiliates import rules
from affiliates.errors import BadReceipt, MemberNotRegistered, SettlementTaken
from affiliates.models import Member, Settlement
from affiliates.states import MemberState, SettlementSource
from audit.operations import record
from identity.proofs import LARGEST_CHAIN_ID
from ledger.models import Asset
from ledger.money import plain
from wallets.queries.checking import require_amount, require_key


@transaction.atomic
def expect_settlement(
    member: Member,
    *,
    asset: Asset,
    amount: Decimal,
    source: SettlementSource,
    source_event: str,
    rail: str = "",
    chain_id: int | None = None,
    tx_hash: str = "",
    occurred_at: datetime | None = None,
    at: datetime,
) -> Settlement:
    """Return the settlement that ``source_event`` tells of, as it stands; write it down if nobody has told of it.

    :raises MemberNotRegistered: if the member's address is not proven yet.
    :raises SettlementTaken: if the event was told of otherwise.
    :raises BadReceipt: if it is on a chain, and the transaction's hash or the chain is none.
    :raises BadAmount: if the amount is none.
    :raises TooFine: if it is finer than the asset.
    """
    require_amount(amount, asset=asset.code, scale=asset.scale)
    require_key(source_event)
    on_chain = chain_id is not None or tx_hash != ""
    if on_chain and not (0 < (chain_id or 0) <= LARGEST_CHAIN_ID and rules.TX_HASH.fullmatch(tx_hash)):
        raise BadReceipt
    if member.state == MemberState.PENDING:
        raise MemberNotRegistered(state=member.get_state_display().lower())
    wanted = Settlement(
        program_id=member.program_id, member=member, asset=asset, amount=amount, source=source,
        source_event=source_event, rail=rail, chain_id=chain_id, tx_hash=tx_hash, occurred_at=occurred_at,
        created_at=at, due_at=at if source == SettlementSource.CHAIN else None,
    )  # fmt: skip
    known = _known(wanted)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            wanted.save(force_insert=True)
    except IntegrityError:
        known = _known(wanted)  # somebody told of it at the same moment
        if known is None:
            raise
        return known

    record(
        "affiliates.settlement.expected", subject=wanted, at=at, program_id=member.program_id,
        payload={
            "member": str(member.pk), "amount": plain(amount), "asset": asset.code, "source": source,
            "source_event": source_event,
        },
    )  # fmt: skip
    return wanted


def _known(wanted: Settlement) -> Settlement | None:
    known = Settlement.objects.filter(program=wanted.program_id, source_event=wanted.source_event).first()
    if known is None:
        return None
    fields = [
        name
        for name in ("member_id", "asset_id", "amount", "source", "chain_id", "tx_hash")
        if getattr(known, name) != getattr(wanted, name)
    ]
    if fields:
        said = ", ".join(name.removesuffix("_id") for name in fields)
        raise SettlementTaken(source_event=wanted.source_event, fields=said)
    return known
