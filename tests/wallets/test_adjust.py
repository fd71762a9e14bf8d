"""One person adjusts little; more takes two, however it is divided."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.errors import DomainError
from identity.models import Membership, Proposal, User
from identity.operations import propose, vote
from identity.states import Decision, ProposalState, Role
from ledger import errors as books
from tests.factories import MembershipFactory, UserFactory
from tests.wallets.purses import RAIL, Purses, refused
from wallets import errors
from wallets.proposable import ADJUST, CONFIRM_PAYMENT

pytestmark = pytest.mark.django_db


@pytest.fixture
def maker(purses: Purses) -> User:
    for email, role in (("mia@example.com", Role.FINANCE_MAKER), ("anton@example.com", Role.FINANCE_APPROVER)):
        MembershipFactory(user=UserFactory(email=email), program=purses.program, role=role)
    Membership.objects.update(created_at=timezone.now() - timedelta(days=9))
    mia: User = User.objects.get(email="mia@example.com")
    return mia


def proposed(purses: Purses, maker: User, kind: str, payload: dict[str, Any]) -> Proposal:
    return propose(kind, program=purses.program, payload=payload, reason="Wrong", by=maker, at=timezone.now())


def agreed(proposal: Proposal) -> Proposal:
    return vote(
        proposal.pk, digest=proposal.digest, revision=proposal.revision, decision=Decision.APPROVE,
        by=User.objects.get(email="anton@example.com"), at=timezone.now(),
    )  # fmt: skip


def test_one_person_adjusts_so_much_a_day(purses: Purses) -> None:
    purses.do("top_up", "ann", "500")
    purses.do("adjust", "ann", "60", key="first")

    refusal = refused(purses, errors.AdjustmentNeedsTwo, lambda: purses.do("adjust", "ann", "-40.01"))
    assert refusal.params == {"asked": "100.01", "asset": "KES", "most": "100"}
    assert purses.do("adjust", "ann", "60", key="first").number == 2
    purses.do("adjust", "ann", "-40")
    refused(purses, errors.AdjustmentNeedsTwo, lambda: purses.do("adjust", "ann", "0.01"))
    purses.do("adjust", "ann", "100", at=timezone.now() + timedelta(days=1))
    purses.wallet("ann", "GOLD")
    refused(purses, errors.AdjustmentNeedsTwo, lambda: purses.do("adjust", "ann", "1001", asset="GOLD"))
    refused(purses, errors.NoReason, lambda: purses.do("adjust", "ann", "1", reason=" "))


def test_what_is_neither_points_nor_the_program_s_currency_takes_two(purses: Purses) -> None:
    purses.wallet("ann", "USDC")
    purses.do("issue_bonus", "ann", "1", asset="USDC")

    refused(purses, errors.AdjustmentNeedsTwo, lambda: purses.do("adjust", "ann", "0.01", asset="USDC"))


def test_two_people_adjust_more(purses: Purses, maker: User) -> None:
    wallet = purses.wallet("ann")
    payload = {"wallet": str(wallet.pk), "amount": "5000.5", "reason": "Counted again"}

    done = agreed(proposed(purses, maker, ADJUST, payload))

    done.refresh_from_db()
    assert done.state == ProposalState.EXECUTED
    line = wallet.transactions.get()
    assert done.result == {"wallet_transaction": str(line.pk)}
    assert line.metadata == {"proposal": str(done.pk)}
    assert (line.description, purses.lines("ann")) == ("Counted again", [("ADJUSTMENT", line.amount, line.amount)])
    purses.do("adjust", "ann", "100")  # what two agreed on counts for nobody alone
    assert purses.differences() == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"wallet": "x"}, errors.BadAdjustment), ({"wallet": "0" * 32}, errors.UnknownWallet),
        ({"amount": 5}, errors.BadAdjustment), ({"amount": "much"}, errors.BadAdjustment),
        ({"amount": "0"}, books.BadAmount), ({"amount": "0.00001"}, books.TooFine),
        ({"amount": "NaN"}, books.BadAmount),
        ({"reason": None}, errors.BadAdjustment), ({"reason": " "}, errors.NoReason),
        ({"reason": "x" * 501}, books.TooLong), ({"reason": "\0"}, books.BadText),
    ],
)  # fmt: skip
def test_what_could_never_be_done_is_not_proposed(
    purses: Purses, maker: User, change: dict[str, Any], why: type[DomainError]
) -> None:
    payload = {"wallet": str(purses.wallet("ann").pk), "amount": "500", "reason": "Counted again", **change}

    refused(purses, why, lambda: proposed(purses, maker, ADJUST, payload))


def test_two_people_take_a_payment_as_proven(purses: Purses, maker: User) -> None:
    payment = purses.direct("ann", "25")
    wrong = {"payment": str(purses.wallet("ann").pk), "receipt": "QX1"}
    refused(purses, errors.UnknownPayment, lambda: proposed(purses, maker, CONFIRM_PAYMENT, wrong))

    agreed(proposed(purses, maker, CONFIRM_PAYMENT, {"payment": str(payment.pk), "receipt": "QX1"}))

    payment.refresh_from_db()
    assert (payment.state, payment.receipt, payment.rail) == ("PAID", "QX1", RAIL)
