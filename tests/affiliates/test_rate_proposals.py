"""Rates of a tier or an affiliate take two people, say what stood there, and never reach back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from affiliates import operations
from affiliates.models import Rate
from affiliates.proposable.rates import CHANGE_RATE
from audit.errors import DomainError
from identity.kinds import lines_of
from identity.models import Membership, Proposal, User
from identity.operations import propose, vote
from identity.states import Decision, Role
from tests.affiliates.troupe import Troupe, unknown
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owners(troupe: Troupe) -> tuple[User, User]:
    for name in ("olivia", "oscar"):
        MembershipFactory(user=UserFactory(email=f"{name}@example.com"), program=troupe.program, role=Role.OWNER)
    Membership.objects.update(created_at=timezone.now() - timedelta(days=9))
    one, other = User.objects.order_by("email")
    return one, other


def proposed(troupe: Troupe, by: User, **payload: Any) -> Proposal:
    wanted = {"direct_rate": "0.2", "override_rate": "0.05", **payload}
    return propose(CHANGE_RATE, program=troupe.program, payload=wanted, reason="season", by=by, at=timezone.now())


def agreed(proposal: Proposal, by: User) -> None:
    vote(proposal.pk, digest=proposal.digest, revision=1, decision=Decision.APPROVE, by=by, at=timezone.now())


def test_two_owners_change_a_rate(troupe: Troupe, owners: tuple[User, User]) -> None:
    ada = troupe.affiliate("ada")
    proposal = proposed(troupe, owners[0], affiliate=str(ada.pk))
    assert dict(lines_of(CHANGE_RATE, proposal.payload)) == {
        "Whose": f"Affiliate {ada.code}", "As it stands": "As without rates of its own", "Direct commission": "20 %",
        "Override commission": "5 %", "From": "As soon as it is agreed on, within two minutes",
    }  # fmt: skip

    agreed(proposal, owners[1])

    rate = Rate.objects.get()
    assert (rate.affiliate, rate.direct_rate, rate.override_rate) == (ada, Decimal("0.2"), Decimal("0.05"))
    assert rate.valid_from > timezone.now()


def test_a_rate_is_taken_away_again(troupe: Troupe, owners: tuple[User, User]) -> None:
    gold = operations.open_tier(program=troupe.program, name="Gold", at=timezone.now())
    troupe.rate(gold, "0.2", "0.05")

    proposal = proposed(troupe, owners[0], tier=str(gold.pk), direct_rate=None, override_rate=None)
    assert proposal.payload["stands"] == "20 % and 5 %"
    agreed(proposal, owners[1])

    assert Rate.objects.latest("number").direct_rate is None


def test_what_was_decided_meanwhile_is_not_overwritten(troupe: Troupe, owners: tuple[User, User]) -> None:
    ada = troupe.affiliate("ada")
    proposal = proposed(troupe, owners[0], affiliate=str(ada.pk))
    troupe.rate(ada, "0.1", "0.1")

    with pytest.raises(DomainError) as caught:
        agreed(proposal, owners[1])

    assert caught.value.code == "rates_changed"
    assert Rate.objects.count() == 1


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "bad_rates"),
        ({"tier": "x"}, "bad_rates"),
        ({"tier": str(unknown())}, "unknown_tier"),
        ({"affiliate": str(unknown())}, "unknown_affiliate"),
        ({"tier": str(unknown()), "affiliate": str(unknown())}, "bad_rates"),
        ({"direct_rate": "0.9", "override_rate": "0.2"}, "bad_rates"),
        ({"direct_rate": "NaN"}, "bad_rates"),
        ({"direct_rate": None}, "bad_rates"),
        ({"valid_from": "tomorrow"}, "bad_rates"),
        ({"valid_from": "2020-01-01T00:00:00+00:00"}, "rates_reach_back"),
        ({"valid_from": "2999-01-01T00:00:00+00:00"}, "bad_rates"),
    ],
)
def test_rates_that_are_not_proposed(
    troupe: Troupe, owners: tuple[User, User], payload: dict[str, Any], code: str
) -> None:
    named = {} if payload.keys() & {"tier", "affiliate"} or not payload else {"affiliate": str(ada(troupe))}

    with pytest.raises(DomainError) as caught:
        proposed(troupe, owners[0], **{**named, **payload})

    assert caught.value.code == code
    assert Proposal.objects.count() == 0


def ada(troupe: Troupe) -> Any:
    return troupe.affiliate("ada").pk
