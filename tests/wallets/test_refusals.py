"""What is refused, and that nothing has moved then."""

from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.errors import WrongState
from identity.models import Party, Program
from identity.states import PartyStatus
from ledger import errors as books
from ledger.operations import open_account
from tests.factories import PartyFactory, ProgramFactory
from tests.wallets.purses import RAIL, Purses, refused
from wallets import errors, operations
from wallets.queries.holdings import wallet_of

pytestmark = pytest.mark.django_db

BOTH_WAYS = ("top_up", "issue_bonus", "spend", "pay_from_wallet", "hold")


@pytest.fixture
def funded(purses: Purses) -> Purses:
    for asset in ("KES", "GOLD"):
        purses.do("top_up", "ann", "100", asset=asset)
    purses.wallet("ben")
    purses.do("issue_bonus", "ben", "1", asset="GOLD")
    for code in ("program:acme:revenue", "program:acme:expense"):
        open_account(code, program=purses.program, asset_code="KES", at=timezone.now())
    return purses


def test_money_does_not_come_out_of_the_treasury(funded: Purses) -> None:
    refused(funded, errors.RailNeeded, lambda: funded.do("top_up", "ann", "5", rail=""))
    refused(funded, errors.UnknownRail, lambda: funded.do("top_up", "ann", "5", rail="elsewhere"))
    refused(funded, errors.UnknownRail, lambda: funded.do("top_up", "ann", "5", rail="\0"))
    refused(funded, errors.RailForPoints, lambda: funded.do("top_up", "ann", "5", asset="GOLD", rail=RAIL))
    refused(funded, errors.RailForPoints, lambda: funded.do("charge_back", "ann", "5", asset="GOLD", rail=RAIL))
    with pytest.raises(books.NotForThisAsset), transaction.atomic():
        open_account("system:treasury", program=funded.program, asset_code="KES", at=timezone.now())


@pytest.mark.parametrize("verb", ["spend", "pay_from_wallet", "hold", "transfer", "adjust"])
def test_more_than_is_available_is_not_taken(funded: Purses, verb: str) -> None:
    held = funded.do("hold", "ann", "60")
    more: dict[str, Any] = {"to": funded.wallet("ben").pk} if verb == "transfer" else {}
    asked = "-40.0001" if verb == "adjust" else "40.0001"

    refusal = refused(funded, books.BelowFloor, lambda: funded.do(verb, "ann", asked, **more))

    assert (refusal.code, refusal.status) == ("insufficient_funds", 409)
    assert (refusal.params["available"], refusal.params["asked"]) == ("40", "40.0001")
    refused(funded, books.HoldTooSmall, lambda: funded.of("capture", held, "60.0001"))


@pytest.mark.parametrize("verb", BOTH_WAYS)
@pytest.mark.parametrize(
    ("amount", "why"),
    [
        ("0", books.BadAmount), ("-1", books.BadAmount), ("NaN", books.BadAmount), ("Infinity", books.BadAmount),
        ("1e20", books.BadAmount), ("0.00001", books.TooFine), ("1e-30", books.TooFine),
    ],
)  # fmt: skip
def test_what_is_no_amount(funded: Purses, verb: str, amount: str, why: Any) -> None:
    with pytest.raises((books.BadAmount, books.TooFine)) as refusal, transaction.atomic():
        funded.do(verb, "ann", amount)

    assert refusal.value.code == why.code or amount == "1e-30"
    assert funded.has("ann") == [100, 0, 0]


@pytest.mark.parametrize("verb", BOTH_WAYS)
def test_keys_and_words_that_can_t_be_kept(funded: Purses, verb: str) -> None:
    for key in ("", "x" * 201):
        refused(funded, books.TooLong, partial(funded.do, verb, "ann", "1", key=key))
    for key in ("\0", "\ud800"):
        refused(funded, books.BadText, partial(funded.do, verb, "ann", "1", key=key))
    if verb == "hold":
        return
    refused(funded, books.TooLong, lambda: funded.do(verb, "ann", "1", description="x" * 501))
    refused(funded, books.BadText, lambda: funded.do(verb, "ann", "1", description="\0"))
    refused(funded, books.BadText, lambda: funded.do(verb, "ann", "1", metadata={"a": "\0"}))
    refused(funded, books.TooLong, lambda: funded.do(verb, "ann", "1", metadata={"a": "x" * 20_000}))


@pytest.mark.parametrize("verb", BOTH_WAYS)
def test_a_key_used_for_something_else_names_what_differs(funded: Purses, verb: str) -> None:
    funded.do(verb, "ann", "10", key="once")

    refusal = refused(funded, books.IdempotencyConflict, lambda: funded.do(verb, "ann", "11", key="once"))
    assert refusal.params["fields"] in ("movements", "amount")
    assert refusal.status == 409
    if verb != "hold":
        other = "spend" if verb != "spend" else "issue_bonus"
        refusal = refused(funded, books.IdempotencyConflict, lambda: funded.do(other, "ann", "10", key="once"))
        assert "kind" in refusal.params["fields"]


def test_one_key_is_one_payment_whatever_with(funded: Purses) -> None:
    held = funded.do("hold", "ann", "10")
    funded.do("pay_from_wallet", "ann", "10", key="once")

    refused(funded, books.IdempotencyConflict, lambda: funded.direct("ann", "10", key="once"))
    refused(funded, books.IdempotencyConflict, lambda: funded.of("capture", held, "10", key="once"))
    refused(funded, books.IdempotencyConflict, lambda: funded.do("spend", "ann", "10", key="once"))


def test_who_has_no_wallet(funded: Purses) -> None:
    ann, elsewhere = funded.party("ann"), PartyFactory()

    def to_nobody() -> object:
        return funded.do("transfer", "ann", "1", to=uuid4())

    refused(funded, errors.UnknownWallet, to_nobody)
    refused(funded, errors.NoWallet, lambda: wallet_of(ann.pk, program_id=funded.program.pk, asset_code="USDC"))
    refused(funded, errors.NoWallet, lambda: wallet_of(ann.pk, program_id=funded.program.pk, asset_code="\0"))
    refused(funded, errors.UnknownParty, lambda: opened(funded, elsewhere))
    refused(funded, books.UnknownAsset, lambda: opened(funded, ann, asset="SHELLS"))
    refused(funded, books.UnknownAsset, lambda: opened(funded, ann, asset="KES\0"))
    closed = PartyFactory(program=funded.program, status=PartyStatus.CLOSED)
    refused(funded, errors.PartyIsClosed, lambda: opened(funded, closed))


def opened(purses: Purses, party: Party, asset: str = "KES") -> object:
    return operations.open_wallet(party.pk, program_id=purses.program.pk, asset_code=asset, at=timezone.now())


def test_another_program_s_wallet_is_not_there(funded: Purses) -> None:
    wallet, other = funded.wallet("ann"), ProgramFactory()
    payment = funded.do("pay_from_wallet", "ann", "1")
    more = {"program_id": other.pk, "key": "k", "amount": Decimal(1), "at": timezone.now()}

    refused(funded, errors.UnknownWallet, lambda: operations.spend(wallet.pk, **more))
    refused(funded, errors.UnknownPayment, lambda: operations.refund(payment.pk, reason="x", **more))


def test_a_transfer_to_itself_or_into_another_asset(funded: Purses) -> None:
    ann, gold = funded.wallet("ann"), funded.wallet("ben", "GOLD")

    refused(funded, errors.TransferToSelf, lambda: funded.do("transfer", "ann", "1", to=ann.pk))
    refused(funded, books.AssetsDiffer, lambda: funded.do("transfer", "ann", "1", to=gold.pk))
    refused(funded, errors.NotAPayee, lambda: funded.do("pay_from_wallet", "ann", "1", payee=ann.account.code))
    refused(funded, errors.NotAPayee, lambda: funded.do("pay_from_wallet", "ann", "1", payee=gold.account.code))
    refused(funded, errors.NotAPayee, lambda: funded.do("pay_from_wallet", "ann", "1", payee="program:acme:expense"))
    refused(funded, errors.NotAPayee, lambda: funded.do("pay_from_wallet", "ann", "1", payee="\0"))


@pytest.mark.parametrize("verb", ["spend", "pay_from_wallet", "hold", "transfer"])
def test_a_frozen_wallet_gives_its_owner_nothing(funded: Purses, verb: str) -> None:
    funded.do("freeze", "ann")
    more: dict[str, Any] = {"to": funded.wallet("ben").pk} if verb == "transfer" else {}

    refused(funded, books.AccountFrozen, lambda: funded.do(verb, "ann", "1", **more))
    refused(funded, WrongState, lambda: funded.do("freeze", "ann"))


def test_a_wallet_is_closed_empty_and_for_good(funded: Purses) -> None:
    refused(funded, errors.WalletNotEmpty, lambda: funded.do("close", "ann"))
    held = funded.do("hold", "ann", "100")
    refused(funded, errors.WalletNotEmpty, lambda: funded.do("close", "ann"))
    funded.of("capture", held, "100")
    funded.do("charge_back", "ann", "5")
    refusal = refused(funded, errors.WalletNotEmpty, lambda: funded.do("close", "ann"))
    assert refusal.params == {"available": "0", "reserved": "0", "owed": "5"}
    funded.do("top_up", "ann", "5")
    funded.do("close", "ann")

    for verb in (*BOTH_WAYS, "adjust"):
        refused(funded, errors.WalletIsClosed, partial(funded.do, verb, "ann", "1"))
    closed = funded.wallet("ann")
    refused(funded, WrongState, lambda: funded.do("close", "ann"))
    refused(funded, WrongState, lambda: funded.do("unfreeze", "ann"))
    funded.do("top_up", "ben", "5")
    refused(funded, errors.WalletIsClosed, lambda: funded.do("transfer", "ben", "1", to=closed.pk))


def test_more_than_was_paid_is_not_given_back(funded: Purses) -> None:
    payment = funded.do("pay_from_wallet", "ann", "40")
    funded.of("refund", payment, "30")

    refusal = refused(funded, errors.RefundTooLarge, lambda: funded.of("refund", payment, "10.0001"))
    assert refusal.params == {"paid": "40", "refunded": "30", "left": "10", "asked": "10.0001"}
    refused(funded, books.TooFine, lambda: funded.of("refund", payment, "0.00001"))
    refused(funded, books.BadAmount, lambda: funded.of("refund", payment, "-1"))
    refused(funded, errors.NoReason, lambda: funded.of("refund", payment, "1", reason=" "))
    refused(funded, errors.UnknownRail, lambda: funded.of("refund", payment, "1", rail="elsewhere"))
    funded.of("refund", payment)
    refused(funded, errors.NotRefundable, lambda: funded.of("refund", payment, "1"))
    refused(funded, errors.NotRefundable, lambda: funded.of("refund", payment))


def test_who_was_paid_and_has_it_no_more_can_t_give_it_back(funded: Purses) -> None:
    payment = funded.do("pay_from_wallet", "ann", "40", payee=funded.wallet("ben").account.code)
    funded.do("spend", "ben", "30")

    refused(funded, books.BelowFloor, lambda: funded.of("refund", payment))


def test_a_direct_payment_that_is_not_proven(funded: Purses) -> None:
    funded.direct("zoe", "1")
    payment, other = funded.direct("ann", "10"), funded.direct("ann", "10")

    refused(funded, errors.NotRefundable, lambda: funded.of("refund", payment, "1"))
    refused(funded, errors.UnknownRail, lambda: funded.direct("ann", "10", rail="elsewhere"))
    refused(funded, errors.RailNeeded, lambda: funded.direct("ann", "10", rail=""))
    refused(funded, books.UnknownAsset, lambda: funded.direct("ann", "10", asset_code="SHELLS"))
    refused(funded, books.UnknownAsset, lambda: funded.direct("ann", "10", asset_code="KES\0"))
    funded.of("confirm_payment", payment, receipt="QX1")
    refused(funded, errors.ReceiptUsed, lambda: funded.of("confirm_payment", other, receipt="QX1"))
    refused(funded, errors.ReceiptUsed, lambda: funded.of("confirm_payment", payment, receipt="QX2"))
    refused(funded, WrongState, lambda: funded.of("fail_payment", payment))
    from_zoe = funded.direct("zoe", "5")
    funded.of("confirm_payment", from_zoe, receipt="QX3")
    refused(funded, errors.NoWallet, lambda: funded.of("refund", from_zoe, "1"))


def test_what_no_rail_carried_is_not_charged_back(funded: Purses) -> None:
    payment = funded.do("pay_from_wallet", "ann", "10")
    direct = funded.of("confirm_payment", funded.direct("ann", "10"), receipt="QX1")

    refused(funded, errors.NotDirect, lambda: funded.of("confirm_payment", payment, receipt="QX9"))
    refused(funded, errors.NotDirect, lambda: funded.of("fail_payment", payment))
    refused(funded, errors.NotChargeable, lambda: funded.of("charge_back_payment", payment, "10"))
    refused(funded, errors.NotChargeable, lambda: funded.of("charge_back_payment", direct, "10.5"))
    refused(funded, errors.NotChargeable, lambda: funded.of("win_charge_back", direct))
    funded.of("charge_back_payment", direct, "10")
    refused(funded, WrongState, lambda: funded.of("charge_back_payment", direct, "10"))
    refused(funded, errors.NotRefundable, lambda: funded.of("refund", direct, "1"))


def test_somebody_who_saw_another_version_looks_again(funded: Purses) -> None:
    seen = funded.wallet("ann").version
    funded.do("spend", "ann", "1")

    for verb in BOTH_WAYS:
        refusal = refused(funded, errors.WalletChanged, partial(funded.do, verb, "ann", "1", version=seen))
        assert refusal.params == {"version": seen + 1, "seen": seen}
    refused(funded, errors.WalletChanged, lambda: funded.do("freeze", "ann", version=seen))


def test_a_paused_program_takes_nothing_from_its_customers(funded: Purses) -> None:
    Program.objects.filter(pk=funded.program.pk).update(status="PAUSED")

    for verb in ("spend", "pay_from_wallet", "hold"):
        refused(funded, books.ProgramRefusesPosting, partial(funded.do, verb, "ann", "1"))


GUARDED = [
    ("wallets_wallet", "party_id = party_id, version = version - 1"),
    ("wallets_wallet", "last_number = 0"),
    ("wallets_wallettransaction", "amount = amount"),
    ("wallets_wallettransaction", "status = 'FAILED'"),
    ("wallets_paymentrecord", "amount = amount + 1"),
    ("wallets_paymentrecord", "refunded = refunded - 1"),
    ("wallets_paymentrecord", "wallet_transaction_id = NULL"),
    ("wallets_outgoing", "amount = amount + 1"),
]


@pytest.mark.parametrize(("table", "change"), GUARDED)
def test_the_database_lets_nobody_rewrite(funded: Purses, table: str, change: str) -> None:
    funded.of("refund", funded.do("pay_from_wallet", "ann", "40"), "2")
    direct = funded.of("confirm_payment", funded.direct("ann", "5"), receipt="QX1")
    funded.of("refund", direct, "1", rail=RAIL)

    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in (f"UPDATE {table} SET {change}", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(DatabaseError, match=r"stays what it is|is refused"), transaction.atomic():
            connection.cursor().execute(statement)
