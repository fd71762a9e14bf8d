"""Owners take money out: it is held at once, somebody approves or rejects it, and its owner can stop it before that."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from affiliates.states import MethodKind
from audit.context import acting_as
from audit.errors import WrongState
from audit.models import Entry
from identity.models import User
from identity.operations import store_setting
from ledger.errors import AccountFrozen, BadAmount, BelowFloor, IdempotencyConflict, TooFine, UnknownHold
from tests.factories import UserFactory
from tests.payouts.till import TILL
from tests.wallets.purses import Purses, refused
from tests.wallets.tills import PHONE, fresh_till, open_till
from wallets import operations
from wallets.errors import (
    BadPayee,
    BadWithdrawal,
    HeldForWithdrawal,
    NoReason,
    NoWayOut,
    OwnWithdrawal,
    UnknownWallet,
    UnknownWithdrawal,
    WalletIsClosed,
)
from wallets.models import RailAccount, Withdrawal
from wallets.states import DestinationKind

__all__ = ["fresh_till"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(purses: Purses) -> Purses:
    """A program with a till that sends KES to phones; Ann has 100 there."""
    open_till(purses)
    purses.do("top_up", "ann", "100", rail="shop")
    return purses


@pytest.fixture
def kim() -> User:
    found: User = UserFactory(email="kim@example.com")
    return found


def ask(purses: Purses, who: str, amount: str, **more: Any) -> Withdrawal:
    asked = {"kind": "MPESA", "destination": PHONE, **more}
    taken: Withdrawal = purses.do("request_withdrawal", who, amount, **asked)
    return taken


def end(purses: Purses, verb: str, withdrawal: Withdrawal, **more: Any) -> Withdrawal:
    operation = getattr(operations, f"{verb}_withdrawal")
    operation(withdrawal.pk, program_id=purses.program.pk, at=timezone.now(), **more)
    withdrawal.refresh_from_db()
    return withdrawal


def let(purses: Purses, key: str, value: str) -> None:
    store_setting(key, program=purses.program, value=value, version=0, reason="Ours", at=timezone.now())


def test_it_is_held_with_a_line_that_waits(shop: Purses) -> None:
    with acting_as("user", "ann"):
        withdrawal = ask(shop, "ann", "60", holder="  Ann   Able ")

    assert (withdrawal.state, withdrawal.holder, withdrawal.requested_by) == ("REQUESTED", "Ann Able", "user:ann")
    assert shop.has("ann") == [40, 60, 0]
    line = withdrawal.wallet_transaction
    assert (line.type, line.status, line.is_credit) == ("WITHDRAWAL", "PENDING", False)
    assert line.amount == withdrawal.hold.amount == 60
    assert line.description == f"M-Pesa: {PHONE}"
    assert withdrawal.hold.expires_at is None
    entry = Entry.objects.get(action="wallets.withdrawal.requested")
    assert PHONE not in str(entry.payload)
    assert shop.differences() == []


@pytest.mark.parametrize("said", ["0712 000 001", "+254712000001", " 254 712000001 "])
def test_a_phone_is_kept_as_the_rail_dials_it(shop: Purses, said: str) -> None:
    assert ask(shop, "ann", "60", destination=said).destination == PHONE


def test_asked_again_it_is_found(shop: Purses) -> None:
    first = ask(shop, "ann", "60", key="once")

    again = ask(shop, "ann", "60", key="once", destination="0712000001")

    assert again.pk == first.pk
    assert shop.has("ann") == [40, 60, 0]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"amount": Decimal(50)}, "amount"),
        ({"destination": "254712000002"}, "destination"),
        ({"holder": "Ben"}, "holder"),
        ({"kind": "BANK"}, "kind"),
    ],
)
def test_the_key_of_another_is_refused(shop: Purses, changed: dict[str, Any], named: str) -> None:
    ask(shop, "ann", "60", key="once")

    no = refused(shop, IdempotencyConflict, lambda: ask(shop, "ann", **{"amount": "60", "key": "once", **changed}))

    assert no.params["fields"] == named


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        ("NaN", BadAmount), ("Infinity", BadAmount), ("-5", BadAmount), ("0", BadAmount), ("1e30", BadAmount),
        ("60.00001", TooFine), ("60.5", BadWithdrawal), ("9", BadWithdrawal), ("250001", BadWithdrawal),
        ("101", BelowFloor),
    ],
)  # fmt: skip
def test_what_is_no_amount_or_more_than_there_is_is_refused(shop: Purses, amount: str, why: Any) -> None:
    refused(shop, why, lambda: ask(shop, "ann", amount))

    assert not Withdrawal.objects.exists()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"destination": ""}, BadPayee), ({"destination": "1" * 121}, BadPayee), ({"destination": "25\x00"}, BadPayee),
        ({"holder": "A\nB\x07"}, BadPayee), ({"kind": "WALLET"}, NoWayOut), ({"kind": "EVM"}, NoWayOut),
        ({"kind": "x\x00"}, NoWayOut),
    ],
)  # fmt: skip
def test_where_nobody_can_be_paid_is_refused(shop: Purses, changed: dict[str, Any], why: Any) -> None:
    refused(shop, why, lambda: ask(shop, "ann", "60", **changed))


def test_the_rail_looks_at_where_it_goes_at_once(shop: Purses, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(destination: str) -> str:
        raise BadPayee(reason=f"the till knows no {destination}")

    monkeypatch.setattr(TILL, "checked", refuse, raising=False)

    no = refused(shop, BadPayee, lambda: ask(shop, "ann", "60"))

    assert no.params["reason"] == f"the till knows no {PHONE}"


def test_a_bank_asks_whose_account_it_is(shop: Purses) -> None:
    TILL.pays = "BANK"

    refused(shop, BadPayee, lambda: ask(shop, "ann", "60", kind="BANK", destination="68141:0123456789"))

    ask(shop, "ann", "60", kind="BANK", destination="68141:0123456789", holder="Ann Able")


def test_without_an_account_in_use_nothing_goes_out(shop: Purses) -> None:
    operations.stop_rail_account(
        RailAccount.objects.get(name="shop").pk,
        program_id=shop.program.pk, reason="Closed for the day", at=timezone.now(),
    )  # fmt: skip

    no = refused(shop, NoWayOut, lambda: ask(shop, "ann", "60"))

    assert str(no) == "KES can't be sent from here to: M-Pesa."


def test_points_and_another_programs_wallet_are_not_taken_out(shop: Purses, other: Purses) -> None:
    shop.do("top_up", "ann", "5", asset="GOLD")
    refused(shop, NoWayOut, lambda: ask(shop, "ann", "5", asset="GOLD"))
    theirs = other.wallet("zoe").pk

    refused(
        shop, UnknownWallet,
        lambda: operations.request_withdrawal(
            theirs, program_id=shop.program.pk, amount=Decimal(10), kind="MPESA", destination=PHONE, key="k",
            at=timezone.now(),
        ),
    )  # fmt: skip


def test_of_a_frozen_or_closed_wallet_nothing_is_taken(shop: Purses) -> None:
    shop.do("freeze", "ann")
    refused(shop, AccountFrozen, lambda: ask(shop, "ann", "60"))
    shop.do("close", "ben")
    refused(shop, WalletIsClosed, lambda: ask(shop, "ben", "60"))


def test_the_program_says_how_little_and_how_much_a_day(shop: Purses, kim: User) -> None:
    let(shop, "wallets.withdrawal_at_least", "20")
    let(shop, "wallets.withdrawn_within_a_day", "70")
    least = refused(shop, BadWithdrawal, lambda: ask(shop, "ann", "19"))
    assert least.params["reason"] == "it takes 20 at least"
    first = ask(shop, "ann", "50")
    most = refused(shop, BadWithdrawal, lambda: ask(shop, "ann", "21"))
    assert most.params["reason"] == "70 leaves a wallet within a day, withdrawals under way counted"

    end(shop, "cancel", first)  # it came to nothing, and counts for nothing

    ask(shop, "ann", "70")


def test_one_approves_it_and_not_whose_it_is_nor_who_asked(shop: Purses, kim: User) -> None:
    withdrawal = ask(shop, "ann", "60")
    owner = UserFactory()
    party = shop.party("ann")
    party.user = owner
    party.save()
    refused(shop, OwnWithdrawal, lambda: end(shop, "approve", withdrawal, by=owner))
    with acting_as("user", str(kim.pk)):
        asked = ask(shop, "ann", "20")
    refused(shop, OwnWithdrawal, lambda: end(shop, "approve", asked, by=kim))

    end(shop, "approve", withdrawal, by=kim)

    assert (withdrawal.state, withdrawal.approved_by) == ("APPROVED", f"user:{kim.pk}")
    assert shop.has("ann") == [20, 80, 0]
    refused(shop, WrongState, lambda: end(shop, "approve", withdrawal, by=UserFactory()))


@pytest.mark.parametrize("is_approved", [False, True])
def test_rejected_it_is_its_owners_again_with_the_reason(shop: Purses, kim: User, is_approved: bool) -> None:
    withdrawal = ask(shop, "ann", "60")
    if is_approved:
        end(shop, "approve", withdrawal, by=kim)
    refused(shop, NoReason, lambda: end(shop, "reject", withdrawal, reason=" "))

    end(shop, "reject", withdrawal, reason="Not your phone")

    assert (withdrawal.state, withdrawal.reason) == ("REJECTED", "Not your phone")
    assert shop.has("ann") == [100, 0, 0]
    withdrawal.wallet_transaction.refresh_from_db()
    assert withdrawal.wallet_transaction.status == "FAILED"
    assert shop.differences() == []
    refused(shop, WrongState, lambda: end(shop, "cancel", withdrawal))


def test_cancelled_it_repays_what_is_owed_first(shop: Purses) -> None:
    withdrawal = ask(shop, "ann", "60")
    shop.do("charge_back", "ann", "70", rail="shop")
    assert shop.has("ann") == [0, 60, 30]

    end(shop, "cancel", withdrawal)

    assert withdrawal.state == "CANCELLED"
    assert shop.has("ann") == [30, 0, 0]
    assert shop.differences() == []
    refused(shop, WrongState, lambda: end(shop, "cancel", withdrawal))


@pytest.mark.parametrize("verb", ["approve", "reject", "cancel"])
def test_another_programs_is_not_there(shop: Purses, other: Purses, kim: User, verb: str) -> None:
    withdrawal = ask(shop, "ann", "60")
    said: dict[str, dict[str, Any]] = {"approve": {"by": kim}, "reject": {"reason": "No"}, "cancel": {}}

    refused(other, UnknownWithdrawal, lambda: end(other, verb, withdrawal, **said[verb]))


def test_its_hold_is_nobody_elses(shop: Purses) -> None:
    withdrawal = ask(shop, "ann", "60")

    refused(shop, HeldForWithdrawal, lambda: shop.of("release", withdrawal.hold))
    refused(shop, HeldForWithdrawal, lambda: shop.of("capture", withdrawal.hold, "60"))
    refused(shop, UnknownHold, lambda: shop.of("release", shop.wallet("ann")))


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 1}, {"destination": "254712000009"}, {"wallet": None}, {"state": "PAID"}, {"state": "REJECTED"},
        {"batched_at": "2026-11-30T00:00:00Z"}, {"approved_by": "user:x", "state": "APPROVED"},
    ],
)  # fmt: skip
def test_the_database_keeps_it_as_it_is(shop: Purses, change: dict[str, Any]) -> None:
    withdrawal = ask(shop, "ann", "60")

    with pytest.raises(IntegrityError), transaction.atomic():
        Withdrawal.objects.filter(pk=withdrawal.pk).update(**change)


def test_the_database_keeps_what_has_ended(shop: Purses) -> None:
    withdrawal = end(shop, "cancel", ask(shop, "ann", "60"))

    with pytest.raises(IntegrityError), transaction.atomic():
        Withdrawal.objects.filter(pk=withdrawal.pk).update(state="REQUESTED")
    with pytest.raises(IntegrityError), transaction.atomic():
        withdrawal.delete()


def test_kinds_of_destinations_are_called_as_payout_methods_call_them() -> None:
    assert [MethodKind(kind).label for kind in DestinationKind] == [kind.label for kind in DestinationKind]
