"""Where an affiliate is paid, and why not yet: rule by rule, with the day that each is over."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from affiliates import operations, rules
from affiliates.models import Commission, PayoutMethod
from affiliates.queries.destinations import is_proven, shared_with
from affiliates.queries.figures import days, figures_of, figures_of_program
from affiliates.queries.payability import Payability, payability, situation_of
from affiliates.queries.what_if import Wish, what_if
from affiliates.states import AffiliateState, MethodKind
from identity.models import WalletAddress
from tests.affiliates.troupe import Troupe, address, refused
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold(troupe: Troupe) -> Troupe:
    troupe.affiliate("ada")
    troupe.affiliate("bea", under="ada")
    troupe.member("max", by="bea")
    return troupe


def add(troupe: Troupe, name: str, kind: MethodKind, destination: str, **more: Any) -> PayoutMethod:
    return operations.add_method(
        troupe.affiliate(name).pk, program_id=troupe.program.pk, kind=kind, destination=destination,
        at=timezone.now(), **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "destination", "kept"),
    [
        (MethodKind.EVM, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
        (MethodKind.MPESA, "+254 712 000 001", "254712000001"),
        (MethodKind.MPESA, "0712000001", "254712000001"),
        (MethodKind.BANK, "deutdeff: 0532 0130 00", "DEUTDEFF:0532013000"),
    ],
)
def test_a_destination_is_kept_in_one_form(sold: Troupe, kind: MethodKind, destination: str, kept: str) -> None:
    assert add(sold, "ada", kind, destination, holder="Ada A.").destination == kept


@pytest.mark.parametrize(
    ("kind", "destination"),
    [
        (MethodKind.EVM, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"),  # a letter's case is wrong
        (MethodKind.EVM, "0x" + "0" * 40),
        (MethodKind.EVM, "me"),
        (MethodKind.MPESA, "4917012345678"),
        (MethodKind.MPESA, "25471200000"),
        (MethodKind.BANK, "DE89370400440532013000"),
        (MethodKind.WALLET, "mine"),
        (MethodKind.WALLET, "00000000-0000-0000-0000-000000000001"),
        (MethodKind.BANK, "x" * 200),
        (MethodKind.MPESA, "2547\0" + "12000001"),
    ],
)
def test_what_can_not_be_paid_to(sold: Troupe, kind: MethodKind, destination: str) -> None:
    refused("bad_destination", lambda: add(sold, "ada", kind, destination, holder="Ada A."))


def test_a_bank_asks_for_a_name(sold: Troupe) -> None:
    refused("bad_destination", lambda: add(sold, "ada", MethodKind.BANK, "DEUTDEFF:0532013000"))


def test_a_method_cools_for_two_days(sold: Troupe) -> None:
    method = add(sold, "ada", MethodKind.MPESA, "254712000001")
    refused("method_taken", lambda: add(sold, "ada", MethodKind.MPESA, "0712000001"))
    now = timezone.now()
    operations.verify_method(method.pk, program_id=sold.program.pk, evidence="called back", at=now)
    refused("wrong_state", lambda: operations.verify_method(
        method.pk, program_id=sold.program.pk, evidence="again", at=now))  # fmt: skip

    method.refresh_from_db()
    assert method.usable_at == now + timedelta(hours=48)
    assert operations.cool_methods(at=now + timedelta(hours=47)) == 0
    # The database asks its own clock: nobody uses it earlier by telling another time.
    with pytest.raises(IntegrityError), transaction.atomic():
        operations.cool_methods(at=now + timedelta(hours=49))
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutMethod.objects.filter(pk=method.pk).update(destination="254712999999")
    operations.retire_method(method.pk, program_id=sold.program.pk, at=now)
    add(sold, "ada", MethodKind.MPESA, "0712000001")


def test_one_destination_of_two_is_seen(sold: Troupe) -> None:
    add(sold, "bea", MethodKind.MPESA, "254712000001")
    method = add(sold, "ada", MethodKind.MPESA, "0712000001")

    assert shared_with(method) == [sold.affiliate("bea").code]


def test_an_address_that_signed_is_proven(troupe: Troupe) -> None:
    user = UserFactory()
    WalletAddress.objects.create(user=user, address=address(5), chain_id=1, proven_at=timezone.now())
    troupe.affiliate("ada", user=user)

    assert is_proven(add(troupe, "ada", MethodKind.EVM, address(5)))
    assert not is_proven(add(troupe, "ada", MethodKind.EVM, address(6)))


# Why not yet


def why_not(row: Commission, *, in_days: int = 0) -> Payability:
    affiliate = row.affiliate
    affiliate.program.refresh_from_db()
    situation = situation_of(affiliate, row.asset.code)
    return payability(row, situation=situation, at=timezone.now() + timedelta(days=in_days))


def codes(found: Payability) -> list[str]:
    return [one.code for one in found.obstacles]


def usable(troupe: Troupe, name: str) -> None:
    now = timezone.now() - timedelta(days=3)
    PayoutMethod.objects.create(
        program=troupe.program, affiliate=troupe.affiliate(name), kind=MethodKind.MPESA, destination="254712000001",
        destination_digest="x", state="USABLE", added_at=now, added_by="x:y", verified_at=now, verified_by="x:y",
        usable_at=now + rules.COOLING,
    )  # fmt: skip


def test_each_reason_is_said_with_its_end(sold: Troupe) -> None:
    row = sold.row(sold.settle("max", "1000"))

    found = why_not(row)
    assert codes(found) == ["hold_period", "no_method", "below_minimum"]
    assert found.clears_at is None  # somebody has to add a method

    usable(sold, "bea")
    sold.mature()
    row.refresh_from_db()
    assert why_not(row, in_days=15).is_payable


def test_what_clears_by_itself_says_when(sold: Troupe) -> None:
    sold.settle("max", "5000", at=timezone.now() - timedelta(days=30))
    operations.mature_commissions(at=timezone.now())
    row = sold.row(sold.settle("max", "1000"))
    usable(sold, "bea")

    found = why_not(row)

    assert codes(found) == ["hold_period"]
    assert found.clears_at == row.payable_at


def test_what_was_taken_back_is_recovered_first(sold: Troupe) -> None:
    settlement = sold.settle("max", "1000")
    usable(sold, "bea")
    sold.mature()
    sold.pay_out("bea")
    sold.reverse(settlement, "500")
    sold.settle("max", "100", at=timezone.now() - timedelta(days=30))
    operations.mature_commissions(at=timezone.now())

    newest = Commission.objects.filter(affiliate=sold.affiliate("bea"), type="DIRECT").latest("id")
    found = why_not(newest)

    assert codes(found) == ["recovering"]
    assert found.obstacles[0].text == "40 KES more was taken back than is due."
    assert codes(why_not(Commission.objects.get(type="CLAWBACK", affiliate=newest.affiliate))) == [
        "taken_back", "recovering"
    ]  # fmt: skip


def test_a_hold_and_a_suspension_are_named(sold: Troupe) -> None:
    row = sold.row(sold.settle("max", "1000"))
    sold.change("hold", row, reason="asked the shop")
    operations.change_affiliate_state(
        row.affiliate_id, program_id=sold.program.pk, to=AffiliateState.SUSPENDED, reason="looked into",
        at=timezone.now(),
    )  # fmt: skip
    row.refresh_from_db()

    found = why_not(row)

    assert codes(found)[:3] == ["held", "hold_period", "affiliate_not_active"]
    assert found.obstacles[0].text == "It is on hold: asked the shop"


# Figures


def test_figures_say_where_everything_stands(sold: Troupe) -> None:
    first = sold.settle("max", "1000")
    sold.settle("max", "500")
    sold.reverse(first, "100")
    operations.void_commission(
        sold.row(first, "OVERRIDE").pk, program_id=sold.program.pk, reason="fraud", at=timezone.now()
    )
    operations.note_click(sold.affiliate("bea"), visitor="v", at=timezone.now())

    bea = figures_of(sold.affiliate("bea").pk)
    ada = figures_of(sold.affiliate("ada").pk)

    assert (bea.clicks, bea.members, bea.settlements, ada.downline) == (1, 1, 2, 1)
    kes = bea.earnings["KES"]
    assert (kes.settled, kes.direct, kes.clawed_back, kes.accrued, kes.due, kes.unpaid) == tuple(
        map(Decimal, ("1400", "150", "-10", "150", "-10", "140"))
    )
    assert (ada.earnings["KES"].override, ada.earnings["KES"].voided) == (Decimal(10), Decimal(18))
    operations.fold_tallies()
    assert figures_of(sold.affiliate("bea").pk) == bea
    assert figures_of_program(sold.program.pk).earnings["KES"].direct == Decimal(150)
    [day] = days(sold.program.pk, asset_code="KES", since=timezone.now() - timedelta(days=2), zone=ZoneInfo("UTC"))
    assert (day.earned, day.clawed_back, day.paid) == (Decimal(160), Decimal(-10), Decimal(0))


# What if


def test_what_if_says_what_other_rates_would_have_come_to(sold: Troupe) -> None:
    sold.settle("max", "1000")
    sold.settle("max", "500", asset="USDC")
    start, end = timezone.now() - timedelta(days=1), timezone.now() + timedelta(minutes=1)

    def asked(**wish: Any) -> list[tuple[str, Decimal, Decimal]]:
        found = what_if(
            sold.program, Wish(**{"direct": Decimal("0.2"), "override": Decimal("0.05"), **wish}), start=start, end=end
        )
        return [(one.asset, one.would_be_direct, one.would_be_override) for one in found]

    assert asked() == [("KES", Decimal(200), Decimal(50)), ("USDC", Decimal(100), Decimal(25))]
    assert asked(affiliate_id=sold.affiliate("bea").pk)[0] == ("KES", Decimal(200), Decimal(20))
    assert asked(affiliate_id=sold.affiliate("ada").pk)[0] == ("KES", Decimal(100), Decimal(50))
    [kes, _] = what_if(sold.program, Wish(direct=Decimal(0), override=Decimal(0)), start=start, end=end)
    assert (kes.settlements, kes.was_direct, kes.difference) == (1, Decimal(100), Decimal(-120))
    assert Commission.objects.count() == 4  # nothing came of it
    refused("bad_report_period", lambda: what_if(sold.program, Wish(direct=Decimal(0), override=Decimal(0)),
                                                 start=end, end=start))  # fmt: skip
