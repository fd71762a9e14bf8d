"""Every worked example books as told, and ends where an accountant expects it to."""

from decimal import Decimal

import pytest

from ledger import chart, postings
from ledger.postings import AS_GIVEN
from tests.ledger.books import Book, Leg
from tests.ledger.flows import ALIASES, FLOWS, Flow

pytestmark = pytest.mark.django_db


def transactions(story: str, asset: str) -> list[tuple[str, list[Leg]]]:
    """Read a story: each transaction's kind and movements."""
    found = []
    for sentence in story.split(" | "):
        kind, _, rest = sentence.partition(" ")
        legs: list[Leg] = []
        for part in rest.split("; "):
            debit, _, credit, amount, *other = part.split()
            legs.append((ALIASES[debit], ALIASES[credit], amount, other[0] if other else asset))
        found.append((kind, legs))
    return found


def expected(flow: Flow) -> dict[tuple[str, str], Decimal]:
    lines = [line.split() for line in flow.end.split(", ") if line]
    return {(ALIASES[name], other[0] if other else flow.asset): Decimal(amount) for name, amount, *other in lines}


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_flow_ends_where_it_should(flow: Flow, book: Book) -> None:
    for kind, legs in transactions(flow.story, flow.asset):
        book.post(kind, *legs)
        debits = sum(amount if grows_by_debit(code) else -amount for (code, _), amount in everything(book))
        assert debits == 0, f"out of balance after {kind}"
        assert book.balance("system:payouts") == 0, f"payouts stand after {kind}"

    assert {named: amount for named, amount in everything(book) if amount} == expected(flow)


def everything(book: Book) -> list[tuple[tuple[str, str], Decimal]]:
    # A wallet comes with what its owner owes.
    for code, asset in list(book.accounts):
        if code.startswith("wallet:") and code.count(":") == 1:
            book.account(f"{code}:owed", asset)
    return [(named, book.balance(*named)) for named in book.accounts]


def grows_by_debit(code: str) -> bool:
    role = chart.role_of(code)
    assert role
    return role.account_class.grows_by_debit


def test_every_kind_has_a_worked_example() -> None:
    told = {kind for flow in FLOWS for kind, _ in transactions(flow.story, flow.asset)}

    assert set(postings.RULES) - told == {"PAYMENT"}  # books as SPEND does
    assert AS_GIVEN & told == {"YEAR_END"}
