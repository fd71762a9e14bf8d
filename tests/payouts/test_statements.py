"""What the till's statements say, held against what was sent: found by name, else by amount and day, or left."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone

from audit.models import Finding
from audit.operations import begin_run, carry_out_run
from payouts.models import Attempt
from payouts.queries.statement_checking import left_over
from payouts.queries.statements import counted, matches
from tests.payouts.house import House
from tests.payouts.till import TILL
from tests.wallets.statements import Said, statement
from wallets.models import RailStatement
from wallets.operations import import_statement

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def house(house_of_two: House) -> House:
    house_of_two.funds("10000")
    return house_of_two


@pytest.fixture
def paid(house: House) -> House:
    """Ada and Bea were paid four days ago, out of ten thousand that were there."""
    house.earns("ada", "120")
    house.earns("bea", "300")
    house.started()
    house.send()
    return house


def now() -> datetime:
    return timezone.now().astimezone(UTC)


def says(house: House, *lines: Said, opening: str = "10000", **more: Any) -> RailStatement:
    """Have the till say what happened; from yesterday to the day after tomorrow unless told otherwise."""
    more.setdefault("begins_at", now() - DAY)
    more.setdefault("ends_at", now() + 2 * DAY)
    content = statement(lines, opening=opening, **more)
    done = import_statement(house.account.pk, program_id=house.program.pk, file=BytesIO(content), at=timezone.now())
    return done.statement


def left(house: House) -> list[str]:
    return [one.title.removeprefix("shop: ") for one in left_over(house.program.pk)[1]]


def attempt(house: House, name: str) -> Attempt:
    return Attempt.objects.get(payout=house.payout(name))


def by(one: RailStatement) -> list[str]:
    return [f"{match.reference}: {match.attempt and match.by}" for match in matches(one, limit=100)]


def test_money_out_is_found_by_any_name_that_both_have(house: House) -> None:
    for name in ("ada", "bea", "cyd", "dan"):
        house.earns(name, "100")
    house.started()
    house.send()
    ada, bea, cyd, dan = (attempt(house, name) for name in ("ada", "bea", "cyd", "dan"))
    Attempt.objects.filter(pk=bea.pk).update(rail_reference="T-BEA")

    one = says(
        house,
        (now(), "-100", {"reference": ada.receipt}),
        (now(), "-100", {"reference": "T-BEA"}),
        (now(), "-100", {"reference": "X1", "ours": cyd.reference}),
        (now(), "-100", {"reference": "X2", "description": f"Business payment {dan.reference}, dan"}),
    )

    assert by(one) == [
        f"{ada.receipt}: receipt", "T-BEA: rail_reference", "X1: reference", "X2: reference",
    ]  # fmt: skip
    assert [match.payout_id for match in matches(one, limit=9)] == [ada.payout_id, bea.payout_id, cyd.payout_id,
                                                                    dan.payout_id]  # fmt: skip
    assert left(house) == []


def test_what_has_no_name_is_by_amount_and_day_where_nothing_else_could_be(paid: House) -> None:
    one = says(paid, (now(), "-120", {"reference": "X1"}), (now(), "-300", {"reference": "X2"}))

    assert by(one) == ["X1: amount", "X2: amount"]
    assert (counted(one).by_amount, counted(one).by_name, counted(one).left) == (2, 0, 0)
    assert left(paid) == []


def test_two_of_one_amount_are_nobody_s(paid: House) -> None:
    one = says(paid, (now(), "-120", {"reference": "X1"}), (now(), "-120", {"reference": "X2"}))

    assert by(one) == ["X1: ", "X2: "]
    assert "120 KES left by X1, and nobody here knows why" in left(paid)
    assert "120 KES left by X2, and nobody here knows why" in left(paid)


def test_the_amount_days_apart_is_nobody_s(paid: House) -> None:
    one = says(paid, (now() - 3 * DAY, "-120", {"reference": "X1"}), begins_at=now() - 4 * DAY)

    assert by(one) == ["X1: "]


def test_money_that_left_and_that_nobody_knows_of_is_found(paid: House) -> None:
    ada, bea = attempt(paid, "ada"), attempt(paid, "bea")

    says(
        paid,
        (now(), "-120", {"reference": ada.receipt}),
        (now(), "-5000", {"reference": "WHO", "description": "To a bank"}),
        (now(), "-300", {"reference": bea.receipt}),
    )

    assert left(paid)[0] == "5000 KES left by WHO, and nobody here knows why"
    [unknown] = [one for one in left_over(paid.program.pk)[1] if one.key.startswith("unknown:")]
    assert (unknown.ours, unknown.theirs["description"]) == ({}, "To a bank")


def test_what_is_paid_and_on_no_statement_is_found_a_day_later(paid: House) -> None:
    ada = attempt(paid, "ada")
    named: Said = (now(), "-120", {"reference": ada.receipt})
    begins_at = now() - DAY
    says(paid, named, begins_at=begins_at, ends_at=now() + DAY / 2)
    assert left(paid) == ["9880 KES by the statement to " + _last(paid) + " UTC, and the books have 9580"]

    says(paid, named, begins_at=begins_at, ends_at=now() + 2 * DAY)

    bea = attempt(paid, "bea")
    assert f"300 KES is paid in the books by {bea.reference}, and no statement has it" in left(paid)


def test_before_the_first_statement_nothing_is_missed(paid: House) -> None:
    says(paid, opening="9580", begins_at=now() + DAY, ends_at=now() + 5 * DAY)

    assert left(paid) == []


def test_amounts_that_differ_are_found(paid: House) -> None:
    ada, bea = attempt(paid, "ada"), attempt(paid, "bea")

    says(paid, (now(), "-121", {"reference": ada.receipt}), (now(), "-300", {"reference": bea.receipt}))

    assert left(paid)[0] == f"{ada.receipt} took 121 KES, and 120 was sent"


def test_a_second_line_for_one_payment_is_found(paid: House) -> None:
    ada, bea = attempt(paid, "ada"), attempt(paid, "bea")
    line: Said = (now(), "-120", {"reference": ada.receipt})

    says(paid, line, line, (now(), "-300", {"reference": bea.receipt}))

    assert left(paid)[0] == f"{ada.receipt} took 120 KES for a payment that an earlier line has taken already"


def test_what_left_and_was_refused_or_is_unknown_is_found(house: House) -> None:
    house.earns("ada", "120")
    house.earns("bea", "300")
    TILL.behaves = lambda order: "refused" if order.amount == 120 else "unclear_paid"
    house.started()
    house.send()
    ada, bea = attempt(house, "ada"), attempt(house, "bea")

    says(
        house,
        (now(), "-120", {"reference": "X1", "ours": ada.reference}),
        (now(), "-300", {"reference": "X2", "ours": bea.reference}),
    )

    assert left(house)[:2] == [
        "X1 took 120 KES, and we have it as refused",
        "X2 took 300 KES, and we have it as unknown",
    ]


def test_what_came_back_of_a_payout_is_found(paid: House) -> None:
    ada, bea = attempt(paid, "ada"), attempt(paid, "bea")

    says(
        paid,
        (now(), "-120", {"reference": ada.receipt}), (now(), "-300", {"reference": bea.receipt}),
        (now(), "+120", {"reference": ada.receipt}),
    )  # fmt: skip

    assert left(paid)[0] == f"120 KES of a payout came back by {ada.receipt}, and we have it as paid"


def test_the_last_balance_is_the_books_but_for_what_is_on_its_way(house: House) -> None:
    house.earns("ada", "120")
    TILL.behaves = lambda order: "accepted"
    house.started()
    house.send()
    begins_at = now() - DAY

    says(house, begins_at=begins_at, ends_at=now() + DAY)  # it has not left yet
    assert left(house) == []

    says(house, (now() + DAY, "-121"), begins_at=begins_at, ends_at=now() + 2 * DAY)  # a shilling more than can have
    [unknown, balance] = left_over(house.program.pk)[1]
    assert unknown.key.startswith("unknown:")
    assert balance.title.endswith("and the books have between 9880 and 10000")
    assert balance.ours["in_transit"] == attempt(house, "ada").reference


def test_fees_are_told_beside_the_balance_that_they_explain(paid: House) -> None:
    ada, bea = attempt(paid, "ada"), attempt(paid, "bea")

    one = says(
        paid,
        (now(), "-120", {"reference": ada.receipt}), (now(), "-13", {"reference": ada.receipt, "type": "FEE"}),
        (now(), "-300", {"reference": bea.receipt}),
    )  # fmt: skip

    [balance] = left_over(paid.program.pk)[1]
    assert (balance.theirs, counted(one).fees) == ({"closing": "9567", "fees_on_statements": "-13"}, 1)


def test_a_time_that_no_statement_tells_of_is_found(paid: House) -> None:
    says(paid, opening="9580", begins_at=now() + 2 * DAY, ends_at=now() + 3 * DAY)
    says(paid, opening="9580", begins_at=now() + 4 * DAY, ends_at=now() + 5 * DAY)

    [gap] = left_over(paid.program.pk)[1]

    assert gap.title.startswith("shop: no statement of KES from ")


def test_it_is_asked_every_night_and_books_nothing(paid: House) -> None:
    before = paid.books()
    says(paid, (now(), "-5000", {"reference": "WHO"}))

    run = begin_run(program_id=paid.program.pk, at=timezone.now())
    assert carry_out_run(run.pk, at=timezone.now()).state == "FINDINGS"

    assert Finding.objects.filter(check_name="payouts.statements", title__contains="left by WHO").exists()
    assert paid.books() == before


def test_another_program_s_lines_are_not_looked_at(paid: House, other: Any) -> None:
    says(paid, (now(), "-5000", {"reference": "WHO"}))

    assert left_over(other.program.pk) == (0, [])
    assert left_over(None)[0] == 1


def test_what_is_left_can_be_asked_for_alone_and_in_pages(paid: House) -> None:
    one = says(paid, *[(now(), "-1", {"reference": f"W{number}"}) for number in range(5)], (now(), "+7"))

    assert [match.reference for match in matches(one, limit=3, only_left=True)] == ["W0", "W1", "W2"]
    assert [match.reference for match in matches(one, skip=3, limit=3, only_left=True)] == ["W3", "W4"]
    summed = counted(one)
    assert (summed.left, summed.left_amount, summed.came_in) == (5, Decimal(5), 1)


def _last(house: House) -> str:
    last = RailStatement.objects.latest("ends_at")
    return f"{last.ends_at:%Y-%m-%d %H:%M}"
