"""Kinds of intents for tests: the house ships none of its own in the ledger."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from ledger import kinds
from ledger.errors import BadIntentPayload, PostingRefused
from ledger.kinds import Done, Errand, IntentKind, Outcome
from ledger.movements import Movement, Posting
from ledger.operations import post_many

PAY = "PAY"


def examine(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A payment: two accounts and an amount."""
    wrong = {name: ["Needed."] for name in ("debit", "credit", "amount") if not payload.get(name)}
    if wrong:
        raise BadIntentPayload(fields=wrong)
    return {"debit": payload["debit"], "credit": payload["credit"], "amount": str(payload["amount"])}


def pay(errands: Sequence[Errand]) -> list[Outcome]:
    """Book each payment for whoever asked for it."""
    postings = [
        Posting(
            program_id=errand.program_id, key=f"intent:{errand.id}", kind="TRANSFER", asker=errand.asker,
            movements=(
                Movement(errand.payload["debit"], errand.payload["credit"], Decimal(errand.payload["amount"])),
            ),
        )
        for errand in errands
    ]  # fmt: skip
    booked = post_many(postings, each=True)
    return [one if isinstance(one, PostingRefused) else Done({"transaction": str(one.id)}) for one in booked]


@contextmanager
def registered(
    carry_out: Callable[[Sequence[Errand]], Sequence[Outcome]] = pay, *, name: str = PAY
) -> Iterator[IntentKind]:
    """Have a kind while the block lasts."""
    kind = IntentKind(name=name, label=f"{name.title()} somebody", examine=examine, carry_out=carry_out)
    kinds.register_kind(kind)
    try:
        yield kind
    finally:
        del kinds._kinds[name]
