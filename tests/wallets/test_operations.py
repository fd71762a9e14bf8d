"""What each operation does: lines that follow one another, links both ways, and a replay that changes nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from audit.context import acting_as
from audit.models import Entry as JournalEntry
from ledger.models import Account, Transaction
from ledger.queries.balances import balance_now
from ledger.states import HoldState
from tests.wallets.purses import RAIL, Purses
from wallets.models import Outgoing, PaymentRecord
from wallets.queries.holdings import wallet_of
from wallets.states import PaymentState
from wallets.tasks import expire_holds

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _agrees_at_the_end(purses: Purses) -> object:
    """Whatever a test did, books and wallets agree about it."""
    yield
    assert purses.differences() == []


def in_books(purses: Purses, code: str, asset: str = "KES") -> Decimal:
    return balance_now(Account.objects.get(program=purses.program, code=code, asset__code=asset))


def test_a_wallet_is_opened_once_with_all_it_is_made_of(purses: Purses) -> None:
    wallet = purses.wallet("ann")

    assert purses.wallet("ann") == wallet == wallet_of(wallet.party_id, program_id=purses.program.pk, asset_code="KES")
    codes = [wallet.account.code, wallet.reserved.code, wallet.owed.code]
    assert codes == [f"wallet:{wallet.pk}", f"wallet:{wallet.pk}:reserved", f"wallet:{wallet.pk}:owed"]
    assert purses.wallet("ann", "GOLD") != wallet
    assert JournalEntry.objects.filter(action="wallets.wallet.opened").count() == 2


def test_points_come_from_the_treasury_and_money_from_its_rail(purses: Purses) -> None:
    purses.do("top_up", "ann", "100.5")
    purses.do("issue_bonus", "ann", "4.5")
    purses.do("spend", "ann", "5")
    for verb, amount in (("top_up", "10"), ("issue_bonus", "5"), ("spend", "3")):
        purses.do(verb, "ann", amount, asset="GOLD")

    assert purses.lines("ann") == [("DEPOSIT", Decimal("100.5"), Decimal("100.5")), ("BONUS", Decimal("4.5"), 105),
                                   ("SPEND", -5, 100)]  # fmt: skip
    assert in_books(purses, f"rail:{RAIL}:clearing") == Decimal("100.5")
    assert [in_books(purses, f"program:acme:{name}") for name in ("expense", "revenue")] == [Decimal("4.5"), 5]
    assert in_books(purses, "system:treasury", "GOLD") == 12
    assert purses.has("ann", "GOLD") == [12, 0, 0]


def test_a_transfer_writes_a_line_in_each_wallet(purses: Purses) -> None:
    purses.do("top_up", "ann", "100")
    line = purses.do("transfer", "ann", "30", to=purses.wallet("ben").pk, description="Rent")

    assert (line.wallet, line.description, line.is_credit) == (purses.wallet("ann"), "Rent", False)
    assert purses.lines("ann")[-1] == ("TRANSFER", -30, 70)
    assert purses.lines("ben") == [("TRANSFER", 30, 30)]
    assert line.ledger_transaction.wallet_transactions.count() == 2


def test_a_payment_and_its_line_name_each_other(purses: Purses) -> None:
    purses.do("top_up", "ann", "100")
    payment = purses.do("pay_from_wallet", "ann", "40", metadata={"order": 7})

    payment.refresh_from_db()
    line = payment.wallet_transaction
    assert (payment.state, payment.method, payment.ledger_transaction) == ("PAID", "WALLET", line.ledger_transaction)
    assert line.payment == payment
    assert line.metadata == {"order": 7, "payment": str(payment.pk)}
    assert purses.lines("ann")[-1] == ("PAYMENT", -40, 60)
    assert in_books(purses, "program:acme:revenue") == 40


def test_somebody_else_s_wallet_can_be_paid_and_gives_back(purses: Purses) -> None:
    purses.do("top_up", "ann", "100")
    payment = purses.do("pay_from_wallet", "ann", "40", payee=purses.wallet("shop").account.code)
    back = purses.of("refund", payment, "15")

    assert purses.lines("shop") == [("PAYMENT", 40, 40), ("REFUND", -15, 25)]
    assert purses.lines("ann")[-1] == ("REFUND", 15, 75)
    assert back.wallet_transaction.wallet == purses.wallet("ann")
    assert back.payment.state == PaymentState.PARTIALLY_REFUNDED


def test_a_payment_is_refunded_in_parts_and_then_whole(purses: Purses) -> None:
    purses.do("top_up", "ann", "100")
    payment = purses.do("pay_from_wallet", "ann", "40")

    purses.of("refund", payment, "10")
    purses.of("refund", payment, "10.5")
    last = purses.of("refund", payment, key="rest")
    again = purses.of("refund", payment, key="rest")

    payment.refresh_from_db()
    assert (payment.state, payment.refunded) == (PaymentState.REFUNDED, 40)
    assert (last.amount, again.amount) == (Decimal("19.5"), Decimal("19.5"))
    assert again.wallet_transaction == last.wallet_transaction
    assert purses.has("ann") == [100, 0, 0]
    assert in_books(purses, "program:acme:revenue") == 0


def test_a_refund_to_a_rail_waits_to_go_out(purses: Purses) -> None:
    payment = purses.direct("ann", "25")
    payment = purses.of("confirm_payment", payment, receipt="QX1")
    back = purses.of("refund", payment, "5", rail=RAIL, key="r")
    again = purses.of("refund", payment, "5", rail=RAIL, key="r")

    out = Outgoing.objects.get()
    assert (out.state, out.amount, out.rail) == ("REQUESTED", Decimal(5), RAIL)
    assert out.payment == payment
    assert back.outgoing == again.outgoing == out
    assert in_books(purses, f"outgoing:{out.pk}") == 5
    assert PaymentRecord.objects.get().refunded == 5


def test_a_direct_payment_books_when_it_is_proven(purses: Purses) -> None:
    payment = purses.direct("ann", "25", key="d")
    assert purses.direct("ann", "25", key="d") == payment
    assert (payment.state, Transaction.objects.count()) == (PaymentState.PENDING, 0)

    purses.of("fail_payment", payment)
    paid = purses.of("confirm_payment", payment, receipt="QX1")
    assert purses.of("confirm_payment", payment, receipt="QX1") == paid

    assert (paid.state, paid.wallet_transaction, paid.receipt) == (PaymentState.PAID, None, "QX1")
    assert in_books(purses, "program:acme:revenue") == in_books(purses, f"rail:{RAIL}:clearing") == 25
    assert Transaction.objects.count() == 1


def test_a_rail_that_says_it_twice_changes_nothing(purses: Purses) -> None:
    payment = purses.of("confirm_payment", purses.direct("ann", "25"), receipt="QX1")
    purses.of("refund", payment, "5", rail=RAIL)
    for step in ("PARTIALLY_REFUNDED", "CHARGED_BACK"):
        before = purses.standing()

        again = purses.of("confirm_payment", payment, receipt="QX1")

        assert (again.state, purses.standing()) == (step, before)
        if step == "PARTIALLY_REFUNDED":
            purses.of("charge_back_payment", payment, "25")


def test_what_is_held_is_captured_in_parts_and_let_go(purses: Purses) -> None:
    purses.do("top_up", "ann", "100")
    held = purses.do("hold", "ann", "60")
    assert (purses.has("ann"), purses.lines("ann")) == ([40, 60, 0], [("DEPOSIT", 100, 100)])

    first = purses.of("capture", held, "10", key="c1")
    assert purses.of("capture", held, "10", key="c1") == first
    purses.of("capture", held, "20", payee=purses.wallet("shop").account.code)
    purses.of("release", held)

    assert purses.lines("ann")[1:] == [("PAYMENT", -10, 90), ("PAYMENT", -20, 70)]
    assert purses.lines("shop") == [("PAYMENT", 20, 20)]
    assert purses.has("ann") == [70, 0, 0]
    assert first.wallet_transaction.payment == first
    assert purses.of("release", held).state == HoldState.RELEASED


def test_a_charge_back_above_the_balance_is_owed_and_repaid_by_what_comes(purses: Purses) -> None:
    purses.do("top_up", "ann", "30")
    purses.do("charge_back", "ann", "50")
    assert purses.has("ann") == [0, 0, 20]
    purses.do("charge_back", "ann", "5")
    purses.do("top_up", "ann", "10")
    purses.do("issue_bonus", "ann", "40")

    assert purses.lines("ann")[1:] == [
        ("CHARGEBACK", -30, 0), ("CHARGEBACK", 0, 0), ("DEPOSIT", 10, 10), ("REPAYMENT", -10, 0),
        ("BONUS", 40, 40), ("REPAYMENT", -15, 25),
    ]  # fmt: skip
    owed = [line.owed_change for line in purses.wallet("ann").transactions.order_by("number")]
    assert owed == [0, 20, 5, 0, -10, 0, -15]
    assert purses.has("ann") == [25, 0, 0]


def test_what_an_expired_hold_gives_back_repays_first(purses: Purses) -> None:
    now = timezone.now()
    purses.do("top_up", "ann", "30")
    held = purses.do("hold", "ann", "25", expires_at=now - timedelta(minutes=1))
    purses.do("charge_back", "ann", "10")
    assert purses.has("ann") == [0, 25, 5]

    with acting_as("task", "expire"):
        assert expire_holds() == 1

    held.refresh_from_db()
    assert held.state == HoldState.EXPIRED
    assert purses.has("ann") == [20, 0, 0]
    assert purses.lines("ann")[-1] == ("REPAYMENT", -5, 20)


def test_a_charge_back_of_a_closed_wallet_goes_to_suspense(purses: Purses) -> None:
    purses.do("close", "ann")

    written = purses.do("charge_back", "ann", "5")

    assert written.lines == ()
    assert in_books(purses, f"rail:{RAIL}:suspense") == -5
    assert purses.lines("ann") == []


def test_a_direct_payment_is_charged_back_and_won(purses: Purses) -> None:
    shop = purses.wallet("shop").account.code
    payment = purses.of("confirm_payment", purses.direct("ann", "25", payee=shop), receipt="QX1")
    purses.do("spend", "shop", "20")

    payment = purses.of("charge_back_payment", payment, "25", key="cb")
    assert purses.of("charge_back_payment", payment, "25", key="cb").state == PaymentState.CHARGED_BACK
    assert purses.has("shop") == [0, 0, 20]
    payment = purses.of("win_charge_back", payment, key="won")
    assert purses.of("win_charge_back", payment, key="won").state == PaymentState.PAID

    assert purses.has("shop") == [5, 0, 0]
    assert purses.lines("shop")[2:] == [("CHARGEBACK", -5, 0), ("CHARGEBACK", 25, 25), ("REPAYMENT", -20, 5)]


def test_an_adjustment_goes_either_way(purses: Purses) -> None:
    purses.do("adjust", "ann", "50", reason="Counted again")
    line = purses.do("adjust", "ann", "-20.5")
    purses.do("adjust", "ann", "7", asset="GOLD")

    assert purses.lines("ann") == [("ADJUSTMENT", 50, 50), ("ADJUSTMENT", Decimal("-20.5"), Decimal("29.5"))]
    assert line.description == "because"
    assert in_books(purses, "program:acme:expense") == Decimal("29.5")
    assert in_books(purses, "system:treasury", "GOLD") == 7


def test_a_frozen_wallet_takes_what_comes_and_thaws(purses: Purses) -> None:
    purses.do("top_up", "ann", "10")
    purses.do("freeze", "ann")
    purses.do("top_up", "ann", "5")
    purses.do("unfreeze", "ann")
    purses.do("spend", "ann", "15")

    wallet = purses.do("close", "ann")
    statuses = {account.status for account in (wallet.account, wallet.reserved, wallet.owed)}
    assert (wallet.state, statuses) == ("CLOSED", {"CLOSED"})


@pytest.mark.parametrize("verb", ["top_up", "issue_bonus", "spend", "adjust", "pay_from_wallet", "hold"])
def test_the_same_again_is_found_and_changes_nothing(purses: Purses, verb: str) -> None:
    purses.do("top_up", "ann", "100")
    first = purses.do(verb, "ann", "10", key="once", version=1)
    purses.do("freeze", "ann")
    before = purses.standing()

    again = purses.do(verb, "ann", "10.0", key="once", version=1)

    assert again == first
    assert purses.standing() == before


def test_a_version_that_was_seen_holds(purses: Purses) -> None:
    seen = purses.wallet("ann").version
    purses.do("top_up", "ann", "10", version=seen)
    held = purses.do("hold", "ann", "5", version=seen + 1)
    purses.of("release", held)
    purses.do("freeze", "ann", version=seen + 3)

    assert purses.wallet("ann").version == seen + 4
