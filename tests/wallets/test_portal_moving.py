"""Transfers and payments from the portal: looked at before, done once, and refused in words."""

import re
from decimal import Decimal
from html import escape
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest

from identity.models import Program
from identity.states import ProgramStatus
from ledger.models import Transaction
from tests.factories import ProgramFactory
from tests.wallets.owners import Owner, owner, signed_in
from tests.wallets.purses import Purses
from wallets.models import PaymentRecord, WalletTransaction
from wallets.portal.views.moving import MISSES_AT_MOST

pytestmark = pytest.mark.django_db

BEN = "ben@example.com"


def key_of(page: str) -> str:
    [key] = re.findall(r'name="key"[^>]*value="([0-9a-f-]{36})"|value="([0-9a-f-]{36})"[^>]*name="key"', page)
    return str(key[0] or key[1])


def form(**more: Any) -> dict[str, Any]:
    return {"to": BEN, "amount": "100", "description": "For lunch", "key": str(uuid4()), **more}


def refused(purses: Purses, who: Owner, page: str, sent: dict[str, Any]) -> str:
    """Send it as confirmed, and assert that nothing moved and nothing typed was lost."""
    before = purses.standing()

    answer = who.send(page, **sent, confirmed="1")

    assert answer.status_code == 200
    assert purses.standing() == before
    text: str = answer.content.decode()
    for name in ("to" if page == "transfer/" else "payee", "amount", "description"):
        typed = sent.get(name)
        if typed and "\0" not in typed:
            assert f'value="{escape(typed)}"' in text, name
    return text


def test_a_transfer_is_looked_at_sent_and_shown_on_both_sides(purses: Purses, ann: Owner, ben: Owner) -> None:
    key = key_of(ann.page("transfer/"))
    sent = form(key=key, amount="100.5")

    looked_at = ann.send("transfer/", **sent).content.decode()
    assert "Is this right?" in looked_at
    for words in ("100.50", BEN, "For lunch", "1,000.00 KES", "899.50 KES"):
        assert words in looked_at
    assert key_of(looked_at) == key
    assert purses.has(ann.name)[0] == 1000

    done = ann.send("transfer/", **sent, confirmed="1")
    receipt = ann.client.get(done["Location"]).content.decode()

    assert "Transfer to Ben Baker" in receipt
    assert "899.50 KES" in receipt
    assert "For lunch" in ben.page()
    assert "Transfer from Ann Able" in ben.page()
    assert (purses.has(ann.name)[0], purses.has(ben.name)[0]) == (899.5, 100.5)


def test_sent_twice_it_is_booked_once_and_both_see_the_same_receipt(purses: Purses, ann: Owner, ben: Owner) -> None:
    sent = form()

    one, other = (ann.send("transfer/", **sent, confirmed="1") for _ in range(2))

    assert one["Location"] == other["Location"]
    assert Transaction.objects.filter(kind="TRANSFER").count() == 1
    assert purses.has(ben.name)[0] == 100


def test_sent_again_with_other_details_it_asks_once_more_under_a_new_key(
    purses: Purses, ann: Owner, ben: Owner
) -> None:
    sent = form()
    ann.send("transfer/", **sent, confirmed="1")

    page = refused(purses, ann, "transfer/", {**sent, "amount": "200"})

    assert "This form was sent once before" in page
    assert key_of(page) != sent["key"]


def test_changing_one_s_mind_keeps_what_was_typed(purses: Purses, ann: Owner, ben: Owner) -> None:
    page = ann.send("transfer/", **form(), change="1").content.decode()

    assert f'value="{BEN}"' in page
    assert 'value="For lunch"' in page
    assert purses.has(ann.name)[0] == 1000


def test_more_than_there_is_is_refused_with_both_figures(purses: Purses, ann: Owner, ben: Owner) -> None:
    purses.do("hold", ann.name, "250")
    words = "750.00 KES is available, and 750.01 KES is more than that."

    before = ann.send("transfer/", **form(amount="750.01")).content.decode()

    assert words in before
    assert "Is this right?" not in before
    assert words in refused(purses, ann, "transfer/", form(amount="750.01"))


def test_recipients_are_found_by_address_of_person_or_wallet(purses: Purses, ann: Owner, ben: Owner) -> None:
    for to in (BEN, "  BEN@Example.com ", str(ben.wallet().pk), f"wallet:{ben.wallet().pk}"):
        assert ann.send("transfer/", **form(to=to, amount="1"), confirmed="1").status_code == 302, to

    assert purses.has(ben.name)[0] == 4


def test_nobody_learns_who_is_here(purses: Purses, ann: Owner, ben: Owner) -> None:
    closed, gone = owner(purses, "Cleo Closed"), owner(purses, "Dan Gone")
    owner(purses, "Eve Empty")  # without a wallet in shillings
    closed.wallet(), gone.wallet()
    purses.do("close", closed.name)
    gone.user.is_active = False
    gone.user.save()
    foreign = Purses(ProgramFactory(default_asset_code="KES"))
    elsewhere = owner(foreign, "Finn Foreign")
    elsewhere.wallet()
    names = [
        "nobody@example.com", "cleo@example.com", "dan@example.com", "eve@example.com", "finn@example.com",
        str(closed.wallet().pk), str(gone.wallet().pk), str(elsewhere.wallet().pk), str(uuid4()), "wallet:x",
        f"{ben.wallet().account.code}:reserved", "program:acme:revenue", "Ben Baker", "%", "'",
    ]  # fmt: skip

    said = {name: refused(purses, ann, "transfer/", form(to=name)) for name in names}

    for name, page in said.items():
        assert f"Nobody here who can receive KES goes by {escape(name)}. Nothing was moved." in page
    # Before it is confirmed nobody is looked up at all.
    asked = ann.send("transfer/", **form(to="nobody@example.com")).content.decode()
    assert "Is this right?" in asked
    assert "Is this right?" in ann.send("transfer/", **form()).content.decode()


def test_lists_of_addresses_are_not_tried_out(purses: Purses, ann: Owner, ben: Owner) -> None:
    for number in range(MISSES_AT_MOST):
        assert "Nobody here" in refused(purses, ann, "transfer/", form(to=f"person{number}@example.com"))

    assert "Too many were named" in refused(purses, ann, "transfer/", form())
    assert "Nobody here" in refused(purses, ben, "transfer/", form(to="x@example.com"))  # counted for each person


def test_to_oneself_nothing_is_transferred(purses: Purses, ann: Owner) -> None:
    assert "can&#x27;t transfer to itself" in refused(purses, ann, "transfer/", form(to="ann@example.com"))


@pytest.mark.parametrize(
    "amount", ["", "0", "-1", "NaN", "Infinity", "1e400", "9" * 400, "1e999999", "1e-999999", "0.00001", "1,000", "x\0"]
)
def test_an_amount_that_is_none_is_refused(amount: str, purses: Purses, ann: Owner, ben: Owner) -> None:
    for page in ("transfer/", "pay/"):
        assert "field__errors" in refused(purses, ann, page, form(amount=amount))


@pytest.mark.parametrize("bad", [{"description": "a\0b"}, {"description": "x" * 501}, {"to": "a\0b"}, {"to": ""}])
def test_words_that_can_t_be_kept_are_refused(bad: dict[str, str], purses: Purses, ann: Owner, ben: Owner) -> None:
    assert "field__errors" in refused(purses, ann, "transfer/", form(**bad))


@pytest.mark.parametrize("key", ["", "x", "0" * 400, "a\0b"])
def test_without_a_key_nothing_is_sent_and_a_new_one_is_given(key: str, purses: Purses, ann: Owner, ben: Owner) -> None:
    page = refused(purses, ann, "transfer/", form(key=key))

    assert "The form came back incomplete" in page
    assert key_of(page)


def test_from_a_frozen_wallet_nothing_is_taken_and_it_says_so(purses: Purses, ann: Owner, ben: Owner) -> None:
    purses.do("freeze", ann.name)

    page = ann.page()

    assert "This wallet is frozen" in page
    assert "/transfer/" not in page.split("<main")[1]
    for name in ("transfer/", "pay/"):
        assert "This wallet is frozen" in ann.send(name, **form(payee="")).content.decode()
        assert "This wallet is frozen" in refused(purses, ann, name, form(payee=""))
    assert ben.send("transfer/", **form(to="ann@example.com"), confirmed="1").status_code == 200  # he has nothing


def test_a_closed_wallet_is_still_read(purses: Purses, ben: Owner) -> None:
    purses.do("close", ben.name)

    assert "Closed" in ben.page()
    assert "This wallet is closed" in ben.send("transfer/", **form(to="ann@example.com", amount="1")).content.decode()


def test_the_program_is_paid(purses: Purses, ann: Owner) -> None:
    sent = form(amount="42", payee="")

    looked_at = ann.send("pay/", **sent).content.decode()
    one, other = (ann.send("pay/", **sent, confirmed="1") for _ in range(2))
    receipt = ann.client.get(one["Location"]).content.decode()

    assert "958.00 KES" in looked_at
    assert "Acme" in looked_at
    assert one["Location"] == other["Location"]
    assert "Payment to Acme" in receipt
    payment = PaymentRecord.objects.get()
    assert str(payment.pk) in receipt
    assert (payment.amount, payment.state, payment.payee.code) == (Decimal(42), "PAID", "program:acme:revenue")


def test_somebody_else_is_paid_by_the_address_of_the_wallet(purses: Purses, ann: Owner, ben: Owner) -> None:
    for payee in (ben.wallet().account.code, str(ben.wallet().pk)):
        done = ann.send("pay/", **form(amount="42", payee=payee), confirmed="1")
        assert "Payment to Ben Baker" in ann.client.get(done["Location"]).content.decode()

    assert "Payment from Ann Able" in ben.page()
    assert purses.has(ben.name)[0] == 84


@pytest.mark.parametrize("payee", ["nobody", "rail:mpesa:float", "<b>x</b>", "x" * 121, "a\0b"])
def test_who_can_t_be_paid_is_told_in_words(payee: str, purses: Purses, ann: Owner) -> None:
    page = refused(purses, ann, "pay/", form(payee=payee))

    assert "field__errors" in page
    assert "<b>x" not in page


def test_somebody_is_overtaken_between_looking_and_sending(purses: Purses, ann: Owner, ben: Owner) -> None:
    sent = form(amount="800")
    assert "Is this right?" in ann.send("transfer/", **sent).content.decode()
    purses.do("spend", ann.name, "500")

    assert "500.00 KES is available, and 800.00 KES is more" in refused(purses, ann, "transfer/", sent)


def test_somebody_else_s_key_is_of_no_use(purses: Purses, ann: Owner, ben: Owner) -> None:
    purses.do("top_up", ben.name, "50")
    sent = form(amount="10")
    ann.send("transfer/", **sent, confirmed="1")

    done = ben.send("transfer/", **{**sent, "to": "ann@example.com"}, confirmed="1")

    assert done.status_code == 302
    assert WalletTransaction.objects.filter(type="TRANSFER").count() == 4


def test_a_form_from_elsewhere_is_refused(purses: Purses, ann: Owner, ben: Owner) -> None:
    client = signed_in(ann.user)
    client.handler.enforce_csrf_checks = True

    answer = client.post(ann.url("transfer/"), {**form(), "confirmed": "1"})

    assert answer.status_code == 403
    assert purses.has(ben.name)[0] == 0


def test_in_a_program_that_is_closed_nothing_is_sent_and_it_says_why(purses: Purses, ann: Owner, ben: Owner) -> None:
    Program.objects.filter(pk=purses.program.pk).update(status=ProgramStatus.CLOSED)

    page = refused(purses, ann, "transfer/", form())

    assert "alert--bad" in page
    assert "closed" in page.lower()
    assert "Nothing was moved." in page


def test_points_go_back_to_the_treasury(purses: Purses, ann: Owner) -> None:
    purses.do("top_up", ann.name, "10", asset="GOLD")

    assert "field__errors" in ann.send("pay/", "GOLD", **form(amount="0.5")).content.decode()
    done = ann.send("pay/", "GOLD", **form(amount="4"), confirmed="1")

    assert done.status_code == 302
    assert purses.has(ann.name, "GOLD")[0] == 6


def test_a_bug_is_no_refusal(purses: Purses, ann: Owner, ben: Owner) -> None:
    """What nobody expected rises, and takes its transaction along."""
    before = purses.standing()
    target = "wallets.portal.views.moving.transfer_between"
    with patch(target, side_effect=RuntimeError("a bug")), pytest.raises(RuntimeError):
        ann.send("transfer/", **form(), confirmed="1")

    assert purses.standing() == before
