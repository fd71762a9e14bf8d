"""Wallets in the back office: what staff see, and what each button does and refuses."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from identity.models import Membership, Program, Proposal, User
from identity.states import Role
from ledger.errors import SearchTooWide
from ledger.models import Transaction
from tests.factories import MembershipFactory, PartyFactory, ProgramFactory, UserFactory
from tests.signed_in import with_second_factor
from tests.wallets.owners import Owner, owner, signed_in
from tests.wallets.purses import RAIL, Purses
from wallets.models import Outgoing, PaymentRecord, Wallet, WalletTransaction

pytestmark = pytest.mark.django_db


def member(program: Program, role: Role) -> User:
    user: User = MembershipFactory(program=program, role=role, user=UserFactory(name=role.title())).user
    return user


@pytest.fixture
def maker(program: Program) -> Client:
    return signed_in(member(program, Role.FINANCE_MAKER))


def address(row: Any, page: str = "change") -> str:
    return reverse(f"admin:wallets_{row._meta.model_name}_{page}", args=[row.pk])


def list_of(model: type[Any]) -> str:
    return reverse(f"admin:wallets_{model._meta.model_name}_changelist")


def page_of(client: Client, url: str, **query: Any) -> str:
    answer = client.get(url, query)
    assert answer.status_code == 200, url
    return answer.content.decode()


def sent(answer: Any) -> str:
    """Return what the page says behind a button."""
    assert answer.status_code == 302
    return str([str(message) for message in answer.wsgi_request._messages])


def test_wallets_are_listed_with_what_they_hold_and_found(
    purses: Purses, ann: Owner, ben: Owner, maker: Client
) -> None:
    purses.do("hold", ann.name, "250")
    purses.do("charge_back", ben.name, "30")
    purses.do("freeze", ben.name)
    purses.wallet(ann.name, "GOLD")

    page = page_of(maker, list_of(Wallet))
    for words in ("750.00 KES", "250.00", "30.00", "Ann Able", "Ben Baker", "Frozen", "0 GOLD"):
        assert words in page

    def found(**query: Any) -> tuple[bool, bool]:
        rows = maker.get(list_of(Wallet), query).context["cl"].result_list
        return ann.wallet() in rows, ben.wallet() in rows

    for query in (
        {"q": "Ann"},
        {"q": "ann@example.com"},
        {"q": ann.wallet().account.code},
        {"q": str(ann.wallet().pk)},
    ):
        assert found(**query) == (True, False), query
    assert found(state__exact="FROZEN") == (False, True)
    assert found(asset="GOLD") == (False, False)
    assert found(asset="KES", program="acme") == (True, True)
    assert found(program="nowhere") == (False, False)
    assert found(party__id__exact=str(ben.wallet().party_id)) == (False, True)


def test_a_wallet_s_page_tells_all_of_it(purses: Purses, ann: Owner, ben: Owner, alice: User) -> None:
    purses.do("hold", ann.name, "250", key="hold-of-250")
    purses.do("transfer", ann.name, "100.5", to=ben.wallet().pk, description="<b>For lunch</b>")
    purses.do("freeze", ann.name, reason="Lost her phone")

    page = page_of(signed_in(alice), address(ann.wallet()))

    for words in ("649.50 KES", "250.00 KES", "hold-of-250", "\N{MINUS SIGN}100.50", "899.50", "Ben Baker", "Frozen"):
        assert words in page
    assert "&lt;b&gt;For lunch" in page
    assert "Wallet frozen" in page  # the journal
    for tied in (ann.wallet().account_id, ann.wallet().reserved_id, ann.wallet().owed_id):
        assert reverse("admin:ledger_account_change", args=[tied]) in page
    assert reverse("admin:identity_party_change", args=[ann.wallet().party_id]) in page


def test_lines_payments_and_the_books_lead_to_each_other(purses: Purses, ann: Owner, maker: Client) -> None:
    payment = purses.do("pay_from_wallet", ann.name, "42", key="order-42", description="Order 42")
    line, wallet = payment.wallet_transaction, ann.wallet()
    booked = reverse("admin:ledger_transaction_change", args=[payment.ledger_transaction_id])

    of_line, of_payment = page_of(maker, address(line)), page_of(maker, address(payment))

    for url in (address(wallet), address(payment), booked):
        assert url in of_line
    for url in (
        address(wallet),
        address(line),
        booked,
        reverse("admin:ledger_account_change", args=[payment.payee_id]),
    ):
        assert url in of_payment
    assert "958.00" in of_line
    assert "42.00 KES" in of_payment
    # And back from the rooms below.
    back = f"{list_of(WalletTransaction)}?ledger_transaction__id__exact={payment.ledger_transaction_id}"
    assert back in page_of(maker, booked)
    assert [row.pk for row in maker.get(back).context["cl"].result_list] == [line.pk]
    for account in (wallet.account_id, wallet.reserved_id, wallet.owed_id):
        assert address(wallet) in page_of(maker, reverse("admin:ledger_account_change", args=[account]))
    party = page_of(maker, reverse("admin:identity_party_change", args=[wallet.party_id]))
    assert f"{list_of(Wallet)}?party__id__exact={wallet.party_id}" in party
    held = purses.do("hold", ann.name, "1")
    assert address(wallet) in page_of(maker, reverse("admin:ledger_hold_change", args=[held.pk]))
    for model, query in ((PaymentRecord, {"q": "order-42"}), (WalletTransaction, {"q": str(payment.pk)})):
        assert maker.get(list_of(model), query).context["cl"].result_count == 1
    assert maker.get(list_of(PaymentRecord), {"wallet__id__exact": str(wallet.pk)}).context["cl"].result_count == 1


def test_lists_read_as_often_for_many_rows_as_for_a_few(purses: Purses, ann: Owner, ben: Owner, maker: Client) -> None:
    def do_a_little(name: str) -> None:
        purses.do("transfer", ann.name, "2", to=purses.wallet(name).pk)
        purses.do("pay_from_wallet", name, "1")

    def reads(url: str) -> int:
        maker.get(url)
        with CaptureQueriesContext(connection) as asked:
            assert maker.get(url).status_code == 200
        return len(asked)

    do_a_little(ben.name)
    urls = [list_of(Wallet), list_of(WalletTransaction), list_of(PaymentRecord), address(ann.wallet())]
    few = [reads(url) for url in urls]
    for number in range(6):
        do_a_little(f"Person {number}")

    assert [reads(url) for url in urls] == few
    assert max(few) <= 25, few


@pytest.mark.parametrize("model", [Wallet, WalletTransaction, PaymentRecord])
def test_every_list_is_narrowed_by_asset_and_program(
    model: type[Any], purses: Purses, ann: Owner, maker: Client
) -> None:
    purses.do("pay_from_wallet", ann.name, "1")
    purses.do("top_up", ann.name, "5", asset="GOLD")
    purses.do("pay_from_wallet", ann.name, "1", asset="GOLD")

    def count(**query: str) -> int:
        return int(maker.get(list_of(model), query).context["cl"].result_count)

    everything = count()
    assert count(program="acme") == everything
    assert count(program="nowhere") == 0
    assert count(asset="KES") + count(asset="GOLD") == everything
    assert min(count(asset="KES"), count(asset="GOLD")) > 0


# Adjusting


def adjusting(**more: Any) -> dict[str, Any]:
    return {"direction": "add", "amount": "40", "reason": "Counted twice", "key": str(uuid4()), **more}


def test_a_little_is_adjusted_alone_and_once(purses: Purses, ann: Owner, maker: Client) -> None:
    url, form = address(ann.wallet(), "adjust"), adjusting()
    assert "100.00 KES" in page_of(maker, url)

    for _ in range(2):
        assert "Adjusted by +40 KES" in sent(maker.post(url, form))
    assert "Adjusted by -15 KES" in sent(maker.post(url, adjusting(direction="take", amount="15")))

    assert purses.has(ann.name)[0] == 1025
    line = WalletTransaction.objects.filter(type="ADJUSTMENT").earliest("number")
    assert line.description == "Counted twice"
    assert not Proposal.objects.exists()
    assert not purses.differences()


def test_more_becomes_a_proposal_says_so_and_is_carried_out_by_a_second_person(
    purses: Purses, program: Program, ann: Owner, maker: Client
) -> None:

    approver = member(program, Role.FINANCE_APPROVER)
    Membership.objects.filter(user=approver).update(created_at=timezone.now() - timedelta(days=9))
    form = adjusting(amount="500")

    answers = [maker.post(address(ann.wallet(), "adjust"), form) for _ in range(2)]

    assert "another person decides" in sent(answers[0])
    proposal = Proposal.objects.get()  # sent twice, proposed once
    assert answers[1]["Location"] == reverse("admin:identity_proposal_change", args=[proposal.pk])
    assert purses.has(ann.name)[0] == 1000
    page = page_of(maker, reverse("admin:identity_proposal_change", args=[proposal.pk]))
    assert "500 KES" in page
    assert address(ann.wallet()) in page
    ballot = {"revision": 1, "digest": proposal.digest, "decision": "APPROVE"}
    client = with_second_factor(Client(), approver)
    assert "Voted." in sent(client.post(reverse("admin:identity_proposal_vote", args=[proposal.pk]), ballot))
    assert purses.has(ann.name)[0] == 1500


@pytest.mark.parametrize(
    "bad",
    [
        {"amount": ""}, {"amount": "0"}, {"amount": "-5"}, {"amount": "NaN"}, {"amount": "1e999999"}, {"amount": "x\0"},
        {"amount": "9" * 300}, {"amount": "0.00001"}, {"reason": ""}, {"reason": "  "}, {"reason": "a\0b"},
        {"reason": "x" * 501}, {"direction": "sideways"}, {"key": ""}, {"key": "a\0"},
        {"direction": "take", "amount": "1001"}, {},  # more than one may adjust alone, and nobody could agree
    ],
)  # fmt: skip
def test_an_adjustment_that_makes_no_sense_is_refused_and_nothing_typed_is_lost(
    bad: dict[str, str], purses: Purses, ann: Owner, maker: Client
) -> None:
    before = purses.standing()
    form = adjusting(**bad) if bad else {}

    answer = maker.post(address(ann.wallet(), "adjust"), form)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'class="give__error"' in page
    if form.get("reason", "").strip() and "\0" not in form["reason"]:
        assert form["reason"] in page
    assert purses.standing() == before
    assert not Proposal.objects.exists()


def test_taking_more_than_there_is_is_refused_in_the_dialog(purses: Purses, ben: Owner, maker: Client) -> None:
    page = maker.post(address(ben.wallet(), "adjust"), adjusting(direction="take", amount="5")).content.decode()

    assert "is more than can be taken. Nothing was changed." in page
    assert purses.has(ben.name)[0] == 0


def test_html_in_a_reason_stays_words_wherever_it_is_read(purses: Purses, ann: Owner, maker: Client) -> None:
    reason = "<img src=x onerror=alert(1)>"
    maker.post(address(ann.wallet(), "adjust"), adjusting(reason=reason))
    maker.post(address(ann.wallet(), "state"), {"to": "FROZEN", "reason": reason})

    line = WalletTransaction.objects.get(type="ADJUSTMENT")
    for page in (page_of(maker, address(ann.wallet())), page_of(maker, address(line)), ann.page()):
        assert "&lt;img src=x" in page
        assert "<img src=x" not in page


# States


def test_a_wallet_is_frozen_opened_again_and_closed_with_a_reason(purses: Purses, ben: Owner, maker: Client) -> None:
    url = address(ben.wallet(), "state")
    for to in ("FROZEN", "ACTIVE", "CLOSED"):
        assert "Changed." in sent(maker.post(url, {"to": to, "reason": f"To be {to}"}))
        assert ben.wallet().state == to
        journal = Entry.objects.filter(subject_id=str(ben.wallet().pk)).latest("id")
        assert journal.payload["reason"] == f"To be {to}"

    assert "can&#x27;t become" in sent(maker.post(url, {"to": "ACTIVE", "reason": "x"})).replace("'", "&#x27;")
    page = page_of(maker, address(ben.wallet()))
    assert 'name="to"' not in page
    assert address(ben.wallet(), "adjust") not in page


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"to": "FROZEN", "reason": ""}, "Say in a few words why"),
        ({"to": "FROZEN", "reason": " \t"}, "Say in a few words why"),
        ({"to": "FROZEN", "reason": "a\0b"}, "Say in a few words why"),
        ({"to": "MELTED", "reason": "x"}, "Say in a few words why"),
        ({}, "Say in a few words why"),
        ({"to": "ACTIVE", "reason": "x"}, "become"),
        ({"to": "CLOSED", "reason": "x"}, "Only an empty wallet can be closed"),
    ],
)
def test_a_change_of_state_that_is_none_is_refused(
    form: dict[str, str], words: str, purses: Purses, ann: Owner, maker: Client
) -> None:
    before = purses.standing()

    assert words in sent(maker.post(address(ann.wallet(), "state"), form))

    assert purses.standing() == before


# Integrity


def test_integrity_is_checked_and_what_differs_is_named(purses: Purses, ann: Owner, maker: Client) -> None:
    purses.do("pay_from_wallet", ann.name, "1")
    url = address(ann.wallet(), "verify")

    assert "It agrees with the books and with itself: 2 transactions and 1 payment" in sent(maker.post(url))
    Wallet.objects.filter(pk=ann.wallet().pk).update(last_number=9)
    told = sent(maker.post(url))

    assert "It counts 9 transactions, and there are 2. (count)" in told
    assert "It does not agree: 1 found" in told
    assert maker.get(url)["Location"] == address(ann.wallet())


def test_a_wallet_too_large_to_look_at_names_the_command(
    purses: Purses, ann: Owner, maker: Client, monkeypatch: pytest.MonkeyPatch
) -> None:

    def too_wide(_: Any) -> list[Any]:
        raise SearchTooWide(seconds=3)

    monkeypatch.setattr("wallets.admin.wallets.verify_wallet_integrity", too_wide)

    assert f"wallets_verify --wallet {ann.wallet().pk}" in sent(maker.post(address(ann.wallet(), "verify")))


# Refunds, and what two people prove


def test_a_payment_is_refunded_in_parts_once_each_and_never_beyond(purses: Purses, ann: Owner, maker: Client) -> None:
    payment = purses.do("pay_from_wallet", ann.name, "42")
    url = address(payment, "refund")
    form = {"amount": "12", "to": "", "reason": "One was broken", "key": str(uuid4())}
    assert "Refund up to 42.00 KES" in page_of(maker, address(payment))

    for _ in range(2):
        assert "12.00 KES is in the payer" in sent(maker.post(url, form))
    beyond = maker.post(url, {**form, "amount": "31", "key": str(uuid4())}).content.decode()
    assert "more than the 30 that are left. Nothing was changed." in beyond
    assert "One was broken" in beyond
    assert "30.00 KES" in sent(maker.post(url, {**form, "amount": "", "key": str(uuid4())}))

    assert purses.has(ann.name)[0] == 1000
    payment.refresh_from_db()
    assert payment.state == "REFUNDED"
    assert url not in page_of(maker, address(payment))
    assert "there is nothing to refund" in maker.post(url, {**form, "key": str(uuid4())}).content.decode()
    assert not purses.differences()


def test_a_direct_payment_goes_back_through_its_rail(purses: Purses, ann: Owner, maker: Client) -> None:
    payment = purses.direct(ann.name, "30")
    purses.of("confirm_payment", payment, receipt="MPESA1")
    form = {"amount": "", "to": RAIL, "reason": "Not delivered", "key": str(uuid4())}

    assert "waits for its payout" in sent(maker.post(address(payment, "refund"), form))

    assert Outgoing.objects.get().amount == Decimal(30)
    elsewhere = {**form, "to": "paypal", "key": str(uuid4())}
    assert 'class="give__error"' in maker.post(address(payment, "refund"), elsewhere).content.decode()


@pytest.mark.parametrize("bad", [{"amount": "0"}, {"amount": "1e999"}, {"reason": ""}, {"reason": "a\0"}, {"key": "x"}])
def test_a_refund_that_makes_no_sense_is_refused(
    bad: dict[str, str], purses: Purses, ann: Owner, maker: Client
) -> None:
    payment = purses.do("pay_from_wallet", ann.name, "42")
    form = {"amount": "12", "to": "", "reason": "x", "key": str(uuid4()), **bad}
    before = purses.standing()

    assert 'class="give__error"' in maker.post(address(payment, "refund"), form).content.decode()

    assert purses.standing() == before


def test_that_a_payment_came_is_proposed_where_no_rail_can_say(
    purses: Purses, program: Program, ann: Owner, maker: Client
) -> None:

    Membership.objects.filter(user=member(program, Role.FINANCE_APPROVER)).update(
        created_at=timezone.now() - timedelta(days=9)
    )
    payment, paid = purses.direct(ann.name, "30"), purses.do("pay_from_wallet", ann.name, "1")
    url = address(payment, "prove")
    assert url in page_of(maker, address(payment))
    assert address(paid, "prove") not in page_of(maker, address(paid))

    assert "another person decides" in sent(maker.post(url, {"receipt": "MPESA7", "reason": "On the statement"}))

    proposal = Proposal.objects.get()
    assert proposal.payload == {"payment": str(payment.pk), "receipt": "MPESA7"}
    assert PaymentRecord.objects.get(pk=payment.pk).state == "PENDING"
    for form in ({}, {"receipt": "a\0", "reason": "x"}, {"receipt": "R", "reason": ""}):
        assert 'class="give__error"' in maker.post(url, form).content.decode()
    refused = maker.post(address(paid, "prove"), {"receipt": "R", "reason": "x"}).content.decode()
    assert "no rail has to prove it" in refused
    assert Proposal.objects.count() == 1


def test_who_may_only_read_finds_no_buttons(purses: Purses, program: Program, ann: Owner) -> None:
    payment = purses.do("pay_from_wallet", ann.name, "1")
    auditor = signed_in(member(program, Role.AUDITOR))
    before = purses.standing()

    pages = page_of(auditor, address(ann.wallet())) + page_of(auditor, address(payment))
    assert "Check integrity" in pages
    for words in ("Freeze", "Adjust", "Refund up to"):
        assert not re.search(rf">\s*{words}\b", pages)
    for row, page in ((ann.wallet(), "adjust"), (ann.wallet(), "state"), (payment, "refund"), (payment, "prove")):
        assert auditor.post(address(row, page), adjusting(to="FROZEN")).status_code == 403
    assert purses.standing() == before


def test_one_s_own_wallet_elsewhere_is_not_the_back_office_s_affair(purses: Purses, ann: Owner, assets: None) -> None:
    """Somebody who works for one program and is a customer of another sees only the first one's wallets there."""

    MembershipFactory(user=ann.user, program=purses.program, role=Role.FINANCE_MAKER)
    elsewhere = Purses(ProgramFactory())

    elsewhere.parties["Ann"] = PartyFactory(program=elsewhere.program, name="Ann", user=ann.user)
    there = elsewhere.wallet("Ann")

    rows = ann.client.get(list_of(Wallet)).context["cl"].result_list

    assert there not in rows
    assert ann.wallet() in rows
    assert ann.client.get(address(there)).status_code == 302
    assert ann.client.get(f"/portal/wallets/{there.pk}/").status_code == 200


def test_the_portal_the_back_office_and_the_books_say_the_same(purses: Purses, ann: Owner, maker: Client) -> None:
    purses.do("top_up", ann.name, "234.56", description="Second salary")
    wallet, figure = ann.wallet(), "1,234.56"
    booked = Transaction.objects.filter(kind="TOPUP").latest("id")

    assert figure in ann.client.get("/portal/").content.decode()
    assert figure in ann.page()
    assert f"{figure} KES" in page_of(maker, list_of(Wallet))
    assert f"{figure} KES" in page_of(maker, address(wallet))
    statement = page_of(maker, reverse("admin:ledger_account_change", args=[wallet.account_id]))
    assert f"{figure} KES" in statement
    assert statement.count(figure) >= 2  # what it holds, and the running balance of its last line
    assert reverse("admin:ledger_transaction_change", args=[booked.pk]) in statement
    assert owner(purses, "Nora New").page().count("0.00") >= 3
