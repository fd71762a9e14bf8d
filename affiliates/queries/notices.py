"""What rails tell of charges and settlements: read, and refused where it says nothing that could be booked."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from affiliates.errors import ProofDiffers, UnknownSettlement
from affiliates.models import Settlement
from affiliates.queries.keys import charge_event
from affiliates.rules import TX_HASH
from ledger.money import ZERO, exactly, plain
from wallets.errors import BadNotice

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount of something, as a rail calls it."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{plain(self.amount)} {self.currency}"


def charged(data: Data, *, program_id: UUID) -> Settlement:
    """Return the settlement that a charge is for, by its code or its id.

    :raises UnknownSettlement: if none is expected, or not yet: then the notice is looked at again later.
    """
    names = [charge_event(data[name]) for name in ("charge", "charge_id") if isinstance(data.get(name), str)]
    found = (
        Settlement.objects.filter(program=program_id, source_event__in=names).select_related("asset", "program").first()
    )
    if found is None:
        raise UnknownSettlement(settlement=names[0] if names else "without a name")
    return found


def settlement_called(reference: str, *, program_id: UUID) -> Settlement:
    """Return the settlement that a provider calls so.

    :raises UnknownSettlement: if there is none, or none yet.
    """
    found = Settlement.objects.filter(program=program_id, source_event=reference).select_related("asset").first()
    if found is None:
        raise UnknownSettlement(settlement=reference[:120])
    return found


def paid(data: Data) -> Sum:
    """Return what a charge was paid, all payments together.

    :raises BadNotice: if it says none, or payments of several assets.
    """
    payments = data.get("paid")
    if not isinstance(payments, list) or not payments:
        raise BadNotice(reason="it names no payment")
    sums = [sum_of(payment) for payment in payments]
    if len({one.currency for one in sums}) != 1:
        raise BadNotice(reason="it was paid in several assets")
    with exactly():
        return Sum(sum((one.amount for one in sums), ZERO), sums[0].currency)


def tx_hash_of(data: Data) -> str:
    """Return the hash of the one transaction that paid, where there is one."""
    payments = data.get("paid")
    hashes = [payment.get("tx_hash") for payment in payments] if isinstance(payments, list) else []
    only = hashes[0].lower() if len(hashes) == 1 and isinstance(hashes[0], str) else ""
    return only if TX_HASH.fullmatch(only) else ""


def sum_of(said: Any) -> Sum:
    """Return an amount with its currency.

    :raises BadNotice: if it is none above zero.
    """
    if not isinstance(said, Mapping) or not isinstance(said.get("currency"), str):
        raise BadNotice(reason="it names an amount without its currency")
    return Sum(amount_of(said), said["currency"][:40])


def amount_of(said: Data) -> Decimal:
    """Return an amount that is written as text.

    :raises BadNotice: if it is none above zero that the books can hold.
    """
    text = said.get("amount")
    try:
        amount = Decimal(text) if isinstance(text, str) and len(text) <= 60 else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount < Decimal(10) ** 20 or amount.adjusted() < -36:
        raise BadNotice(reason="its amount is no amount above zero, as text")
    return amount


def text_of(said: Data, name: str, *, longest: int = 200) -> str:
    """Return a text that a notice has to have.

    :raises BadNotice: if it has none.
    """
    text = said.get(name)
    if not isinstance(text, str) or not 0 < len(text) <= longest or "\0" in text:
        raise BadNotice(reason=f"its {name} is no text of at most {longest} characters")
    return text


def require_equal(settlement: Settlement, told: Sum) -> None:
    """Refuse to take for paid what was paid otherwise than expected: somebody has to look at it.

    :raises ProofDiffers: if the amount or the asset is another.
    """
    expected = Sum(settlement.amount, settlement.asset.code)
    if told != expected:
        raise ProofDiffers(told=str(told), expected=str(expected))
