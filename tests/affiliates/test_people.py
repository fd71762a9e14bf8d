"""Who may stand under whom, and who may be brought by whom: held by the database, said in words, raced."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from affiliates import operations
from affiliates.models import Affiliate, Member, Standing, Tally, Tier
from affiliates.queries.tree import level
from identity.models import Program
from tests.affiliates.troupe import Troupe, address, refused, unknown
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def move(troupe: Troupe, name: str, under: str | None, **more: Any) -> Affiliate:
    parent = troupe.affiliates[under] if under else None
    return operations.move_affiliate(
        troupe.affiliates[name].pk, program_id=troupe.program.pk, parent_id=parent.pk if parent else None,
        tier_id=None, reason="asked for", at=timezone.now(), **more,
    )  # fmt: skip


def downline(troupe: Troupe) -> dict[str, int]:
    rows = Tally.objects.filter(what="DOWNLINE", program=troupe.program).values_list("affiliate__party__name", "count")
    found: dict[str, int] = {}
    for name, count in rows:
        found[name] = found.get(name, 0) + count
    return {name: count for name, count in found.items() if count}


def test_nobody_stands_in_a_circle(troupe: Troupe) -> None:
    troupe.affiliate("ada")
    troupe.affiliate("bea", under="ada")
    troupe.affiliate("cy", under="bea")

    refused("stands_in_a_circle", lambda: move(troupe, "ada", "cy"))
    refused("stands_in_a_circle", lambda: move(troupe, "ada", "ada"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Affiliate.objects.filter(pk=troupe.affiliates["ada"].pk).update(parent=troupe.affiliates["cy"])


def test_a_tree_ends(troupe: Troupe) -> None:
    troupe.affiliate("n0")
    for number in range(1, 50):
        troupe.affiliate(f"n{number}", under=f"n{number - 1}")

    refused("tree_too_deep", lambda: troupe.affiliate("n50", under="n49"), most=50)
    troupe.affiliate("top")
    refused("tree_too_deep", lambda: move(troupe, "n0", "top"))


def test_counts_follow_whoever_moves(troupe: Troupe) -> None:
    troupe.affiliate("ada")
    troupe.affiliate("bea", under="ada")
    troupe.affiliate("cy", under="bea")
    troupe.affiliate("dan")
    assert downline(troupe) == {"ada": 2, "bea": 1}

    move(troupe, "bea", "dan")
    assert downline(troupe) == {"dan": 2, "bea": 1}
    operations.fold_tallies()
    assert downline(troupe) == {"dan": 2, "bea": 1}

    move(troupe, "bea", None)
    assert downline(troupe) == {"bea": 1}


def test_the_past_keeps_where_they_stood(troupe: Troupe) -> None:
    troupe.affiliate("ada")
    troupe.affiliate("bea")
    move(troupe, "bea", "ada")

    rows = Standing.objects.filter(affiliate=troupe.affiliates["bea"]).order_by("number")
    assert [row.parent for row in rows] == [None, troupe.affiliates["ada"]]
    refused("nothing_changes", lambda: move(troupe, "bea", "ada"))
    for change in (rows.update, lambda **_: rows.delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change(reason="forged")


def test_parents_are_of_the_same_program_and_active(troupe: Troupe, other: Troupe) -> None:
    stranger = other.affiliate("stranger")
    troupe.affiliate("ada")
    troupe.affiliate("idle", is_active=False)
    troupe.affiliates["stranger"] = stranger

    refused("unknown_affiliate", lambda: troupe.affiliate("bea", under="stranger"))
    refused("unknown_affiliate", lambda: move(troupe, "ada", "stranger"))
    refused("parent_not_active", lambda: troupe.affiliate("bea", under="idle"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Affiliate.objects.filter(pk=troupe.affiliates["ada"].pk).update(parent=stranger)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"code": "ADA-CODE"}, "code_taken"),
        ({"code": "x"}, "bad_code"),
        ({"code": "support"}, "bad_code"),
        ({"code": "a--b"}, "bad_code"),
        ({"code": "é" * 5}, "bad_code"),
        ({"code": "", "wallet_address": address(1)}, "affiliate_taken"),
        ({"code": "", "parent_id": unknown()}, "unknown_affiliate"),
        ({"code": "", "tier_id": unknown()}, "unknown_tier"),
    ],
)
def test_what_can_not_be_registered(troupe: Troupe, more: dict[str, Any], code: str) -> None:
    register(troupe, name="ada", code="ada-code", wallet_address=address(1))

    refused(code, lambda: register(troupe, name="bea", **more))


def register(troupe: Troupe, **more: Any) -> Affiliate:
    return operations.register_affiliate(program=troupe.program, is_active=True, at=timezone.now(), **more)


def test_a_person_is_one_affiliate_of_a_program(troupe: Troupe, other: Troupe) -> None:
    user = UserFactory()
    first = register(troupe, name="ada", user=user)

    refused("affiliate_taken", lambda: register(troupe, name="ada again", user=user))
    register(other, name="ada", user=user)
    assert len(first.code) == 8
    assert user.may("affiliate_portal.enter")


@pytest.mark.parametrize("status", ["PAUSED", "CLOSED"])
def test_a_program_that_stands_still_takes_nobody(troupe: Troupe, status: str) -> None:
    Program.objects.filter(pk=troupe.program.pk).update(status=status)
    troupe.program.refresh_from_db()

    refused("program_takes_nobody", lambda: troupe.affiliate("ada"))
    refused("program_takes_nobody", lambda: troupe.member("max"))


# Nobody earns from what they settle themselves


def by_user(_troupe: Troupe) -> tuple[dict[str, Any], dict[str, Any]]:
    user = UserFactory()
    return {"user": user}, {"user": user}


def by_address(_troupe: Troupe) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"wallet_address": address(7)}, {"wallet_address": address(7)}


def by_phone(_troupe: Troupe) -> tuple[dict[str, Any], dict[str, Any]]:
    """Under another e-mail, with the same phone written differently."""
    return {"user": UserFactory(phone="+254 712 000 001")}, {"user": UserFactory(phone="+254712000001")}


@pytest.mark.parametrize("same", [by_user, by_address, by_phone])
def test_nobody_is_brought_by_himself(troupe: Troupe, same: Callable[[Troupe], Any]) -> None:
    as_affiliate, as_member = same(troupe)
    troupe.affiliate("ada", **as_affiliate)

    refused("self_referral", lambda: troupe.member("max", by="ada", **as_member))
    assert troupe.member("max", **as_member).affiliate is None


@pytest.mark.parametrize("same", [by_user, by_address, by_phone])
def test_nobody_earns_the_override_on_himself(troupe: Troupe, same: Callable[[Troupe], Any]) -> None:
    as_affiliate, as_member = same(troupe)
    troupe.affiliate("ada", **as_affiliate)
    troupe.affiliate("bea", under="ada")

    refused("self_referral", lambda: troupe.member("max", by="bea", **as_member))


@pytest.mark.parametrize("same", [by_user, by_address, by_phone])
def test_nobody_comes_to_stand_above_himself(troupe: Troupe, same: Callable[[Troupe], Any]) -> None:
    as_affiliate, as_member = same(troupe)
    troupe.affiliate("bea")
    troupe.member("max", by="bea", **as_member)
    troupe.affiliate("ada", **as_affiliate)

    refused("self_referral", lambda: move(troupe, "bea", "ada"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.filter(pk=troupe.members["max"].pk).update(affiliate=troupe.affiliates["ada"])


def test_who_brought_a_member_stays(troupe: Troupe) -> None:
    troupe.affiliate("ada")
    member = troupe.member("max")

    assert troupe.member("max") == member
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.filter(pk=member.pk).update(affiliate=troupe.affiliates["ada"])


@pytest.mark.parametrize(("days", "brought"), [(29, True), (31, False)])
def test_a_link_counts_for_a_while(troupe: Troupe, days: int, *, brought: bool) -> None:
    troupe.affiliate("ada")

    member = troupe.member("max", by="ada", clicked_at=timezone.now() - timedelta(days=days))

    assert (member.affiliate is not None) == brought


def test_a_code_of_nobody_keeps_nobody_out(troupe: Troupe, other: Troupe) -> None:
    stranger = other.affiliate("stranger").code
    troupe.affiliate("idle", is_active=False)

    for number, code in enumerate(("nobody", stranger, "\0", troupe.affiliates["idle"].code)):
        member = operations.register_member(
            program=troupe.program, wallet_address=address(number + 1), code=code, at=timezone.now()
        )
        assert member.affiliate is None


def test_a_click_counts_once_in_a_while(troupe: Troupe) -> None:
    ada, now = troupe.affiliate("ada"), timezone.now()

    counted = [
        operations.note_click(ada, visitor=visitor, at=now + timedelta(minutes=minutes))
        for visitor, minutes in (("a", 0), ("a", 5), ("b", 5), ("a", 40))
    ]

    assert counted == [True, False, True, True]
    troupe.require_order()


def test_a_level_is_three_statements(troupe: Troupe, django_assert_num_queries: Any) -> None:
    troupe.affiliate("ada")
    for number in range(7):
        troupe.affiliate(f"n{number}", under="ada")
    troupe.affiliate("deep", under="n3")

    with django_assert_num_queries(3):
        first = level(troupe.program.pk, under=troupe.affiliates["ada"].pk, size=5)

    assert [(str(node.affiliate.party), node.children, node.downline) for node in first.nodes][3] == ("n3", 1, 1)
    second = level(troupe.program.pk, under=troupe.affiliates["ada"].pk, after=first.after, size=5)
    assert [str(node.affiliate.party) for node in second.nodes] == ["n1", "n0"]
    assert second.after is None


# Tiers and rates


def test_rates_go_from_the_nearest(troupe: Troupe) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    gold = operations.open_tier(program=troupe.program, name="Gold", at=timezone.now())
    troupe.rate(gold, "0.2", "0.05")
    ada = troupe.affiliate("ada", tier_id=gold.pk)
    troupe.member("max", by="ada")

    def rate(at: Any) -> tuple[Decimal | None, str]:
        row = troupe.row(troupe.settle("max", "100", at=at))
        return row.rate, row.rate_from

    assert rate(timezone.now()) == (Decimal("0.1"), "the program's")
    assert rate(soon) == (Decimal("0.2"), "of the tier Gold")
    troupe.rate(ada, "0.3", "0")
    assert rate(soon) == (Decimal("0.3"), "the affiliate's own")
    troupe.rate(ada, None, None)
    assert rate(soon) == (Decimal("0.2"), "of the tier Gold")
    troupe.require_order()


@pytest.mark.parametrize(
    ("direct", "override", "code"),
    [("0.1", None, "bad_rates"), ("-0.1", "0.1", "bad_rates"), ("0.6", "0.5", "bad_rates")],
)
def test_rates_that_make_no_sense(troupe: Troupe, direct: str, override: str | None, code: str) -> None:
    ada = troupe.affiliate("ada")

    refused(code, lambda: troupe.rate(ada, direct, override))


def test_rates_do_not_reach_back(troupe: Troupe) -> None:
    ada, now = troupe.affiliate("ada"), timezone.now()

    refused(
        "rates_reach_back",
        lambda: operations.record_rate(
            program_id=troupe.program.pk, affiliate_id=ada.pk, direct_rate=Decimal(0), override_rate=Decimal(0),
            valid_from=now - timedelta(days=1), reason="forged", at=now,
        ),
    )  # fmt: skip


def test_a_tier_has_its_name_once(troupe: Troupe) -> None:
    operations.open_tier(program=troupe.program, name="Gold", at=timezone.now())

    refused("tier_taken", lambda: operations.open_tier(program=troupe.program, name="gold ", at=timezone.now()))
    refused("bad_rates", lambda: operations.open_tier(program=troupe.program, name=" \0", at=timezone.now()))
    assert Tier.objects.count() == 1


def test_what_was_paid_before_there_were_rates_is_earned_by_the_first(troupe: Troupe) -> None:
    troupe.affiliate("ada")
    troupe.member("max", by="ada")

    settlement = troupe.settle("max", "100", at=troupe.program.created_at - timedelta(days=3))

    assert troupe.rows(settlement) == ["ada DIRECT 10 ACCRUED"]
