"""Two at the same moment, with real commits: what each may do alone, both together may not make wrong."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from affiliates import operations
from affiliates.errors import CodeTaken, ReversalTooLarge, SelfReferral, StandsInACircle
from affiliates.models import Affiliate, Member, Reversal, Settlement
from affiliates.operations.confirm_settlements import Proof
from audit.errors import WrongState
from tests.affiliates.troupe import RAIL, Troupe, address
from tests.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def moving(troupe: Troupe, name: str, under: str) -> Callable[[], Any]:
    affiliate, parent = troupe.affiliate(name), troupe.affiliate(under)
    return lambda: operations.move_affiliate(
        affiliate.pk, program_id=troupe.program.pk, parent_id=parent.pk, tier_id=None, reason="asked for",
        at=timezone.now(),
    )  # fmt: skip


def test_two_do_not_come_to_stand_under_each_other(troupe: Troupe) -> None:
    outcomes = at_once(moving(troupe, "ada", "bea"), moving(troupe, "bea", "ada"))

    assert outcomes.count(StandsInACircle) == 1
    assert sum(isinstance(outcome, Affiliate) for outcome in outcomes) == 1


def test_a_member_and_a_parent_do_not_make_one_earn_from_himself(troupe: Troupe) -> None:
    """Bea brings Max while she comes to stand under the affiliate that Max is."""
    code = troupe.affiliate("bea").code
    troupe.affiliate("ada", wallet_address=address(7))

    outcomes = at_once(
        moving(troupe, "bea", "ada"),
        lambda: operations.register_member(
            program=troupe.program, wallet_address=address(7), code=code, at=timezone.now()
        ),
    )

    assert outcomes.count(SelfReferral) == 1
    assert sum(isinstance(outcome, Affiliate | Member) for outcome in outcomes) == 1


def test_a_code_is_given_once(troupe: Troupe) -> None:
    def register(number: int) -> Callable[[], Any]:
        return lambda: operations.register_affiliate(
            program=troupe.program, name=f"n{number}", code="wanted", is_active=True, at=timezone.now()
        )

    outcomes = at_once(*(register(number) for number in range(6)))

    assert outcomes.count(CodeTaken) == 5
    assert Affiliate.objects.filter(code="wanted").count() == 1


def sold(troupe: Troupe) -> Settlement:
    troupe.affiliate("ada")
    troupe.affiliate("bea", under="ada")
    troupe.member("max", by="bea")
    return troupe.expect("max", "1000")


def test_a_settlement_settles_once(troupe: Troupe) -> None:
    settlement = sold(troupe)

    def settle() -> Any:
        proof = Proof(
            settlement_id=settlement.pk, program_id=troupe.program.pk, occurred_at=timezone.now(), rail=RAIL,
            rail_event=settlement.pk,
        )  # fmt: skip
        return operations.confirm_settlements([proof], at=timezone.now())[0]

    outcomes = at_once(*(settle for _ in range(8)))

    assert set(outcomes) == {settlement.pk}
    assert (troupe.owed("bea"), troupe.owed("ada")) == ("100", "20")
    troupe.require_order()


def test_refunds_do_not_exceed_the_payment(troupe: Troupe) -> None:
    settlement = troupe.confirm(sold(troupe))

    def refund(number: int) -> Callable[[], Any]:
        return lambda: operations.reverse_settlement(
            settlement.pk, program_id=troupe.program.pk, amount=Decimal(300), key=f"refund-{number}", reason="refunded",
            at=timezone.now(),
        )  # fmt: skip

    outcomes = at_once(*(refund(number) for number in range(6)))

    assert outcomes.count(ReversalTooLarge) == 3
    assert sum(isinstance(outcome, Reversal) for outcome in outcomes) == 3
    assert (troupe.owed("bea"), troupe.owed("ada")) == ("10", "2")
    troupe.require_order()


def test_a_row_is_voided_or_batched(troupe: Troupe) -> None:
    settlement = troupe.confirm(sold(troupe))
    troupe.mature()
    row, bea = troupe.row(settlement), troupe.affiliate("bea")

    outcomes = at_once(
        lambda: operations.void_commission(
            row.pk, program_id=troupe.program.pk, reason="never earned", at=timezone.now()
        ),
        lambda: operations.batch_commissions(
            [bea.pk],
            program_id=troupe.program.pk,
            asset_id=settlement.asset_id,
            takes=lambda due: due,
            at=timezone.now(),
        ),
    )

    row.refresh_from_db()
    assert row.state == ("BATCHED" if WrongState in outcomes else "VOIDED")
    troupe.require_order()


def test_tallies_are_right_while_they_are_added_up(troupe: Troupe) -> None:
    ada = troupe.affiliate("ada")

    def click(number: int) -> Callable[[], Any]:
        return lambda: operations.note_click(ada, visitor=f"v{number}", at=timezone.now())

    at_once(*(click(number) for number in range(6)), *(operations.fold_tallies for _ in range(4)))

    troupe.require_order()
