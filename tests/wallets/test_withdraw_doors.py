"""Taking money out through the API, the portal and the back office."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from identity.models import Program
from identity.rules import hash_of
from identity.states import Role
from ledger.operations import define_asset
from ledger.states import AssetKind
from tests.factories import ApiKeyFactory, ProgramFactory
from tests.payouts.till import TILL
from tests.wallets.counter import V2, Counter, counter, refusal
from tests.wallets.owners import Owner, signed_in
from tests.wallets.purses import Purses
from tests.wallets.test_admin import member, page_of, sent
from tests.wallets.test_portal_moving import key_of
from tests.wallets.tills import PHONE, fresh_till, open_till
from wallets import operations
from wallets.models import Withdrawal
from wallets.states import WithdrawalState

__all__ = ["counter", "fresh_till"]

pytestmark = pytest.mark.django_db

OUT = f"{V2}/withdrawals"


def body(wallet_id: UUID, **more: Any) -> dict[str, Any]:
    return {"wallet": str(wallet_id), "amount": "60", "kind": "MPESA", "destination": "0712 000 001", **more}


@pytest.fixture
def busy(counter: Counter) -> Counter:
    """A program that sends to phones; Ann and Ben have 100 each."""
    open_till(counter.purses)
    counter.filled("ann", "100")
    counter.filled("ben", "100")
    return counter


def asked(counter: Counter, who: str = "ann", **more: Any) -> Withdrawal:
    answer = counter.send(who, OUT, **body(counter.purses.wallet(who).pk, **more))
    assert answer.status_code == 201, answer.content
    return Withdrawal.objects.get(pk=answer.json()["id"])


# The API


def test_an_owner_asks_reads_and_cancels(busy: Counter) -> None:
    wallet = busy.purses.wallet("ann")
    answer = busy.send("ann", OUT, once="out-1", **body(wallet.pk))
    said = answer.json()
    assert (answer.status_code, said["state"], said["amount"], said["asset"]) == (201, "REQUESTED", "60", "KES")
    assert (said["kind"], said["destination"], said["wallet_id"]) == ("MPESA", PHONE, str(wallet.pk))
    assert busy.purses.has("ann") == [40, 60, 0]

    again = busy.send("ann", OUT, once="out-1", **body(wallet.pk))
    other = busy.send("ann", OUT, once="out-1", **body(wallet.pk, amount="50"))

    assert (again.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (201, said, "true")
    assert refusal(other)[:2] == (409, "idempotency_mismatch")
    assert [row["id"] for row in busy.get("ann", OUT, state="REQUESTED").json()["results"]] == [said["id"]]
    assert busy.get("ann", OUT, state="PAID").json()["results"] == []
    assert busy.get("ann", f"{OUT}/{said['id']}").json() == said
    ended = busy.send("ann", f"{OUT}/{said['id']}/cancel")
    assert (ended.status_code, ended.json()["state"]) == (200, "CANCELLED")
    assert busy.purses.has("ann") == [100, 0, 0]
    assert refusal(busy.send("ann", f"{OUT}/{said['id']}/cancel"))[:2] == (409, "wrong_state")


def test_what_is_somebody_elses_is_not_there(busy: Counter) -> None:
    withdrawal = asked(busy)

    for answer in (
        busy.send("ben", OUT, **body(busy.purses.wallet("ann").pk)),
        busy.get("ben", f"{OUT}/{withdrawal.pk}"),
        busy.send("ben", f"{OUT}/{withdrawal.pk}/cancel"),
        busy.send("ann", OUT, **body(uuid4())),
        busy.send("ann", OUT, **body(Purses(ProgramFactory()).wallet("zoe").pk)),
    ):
        assert answer.status_code == 404
    assert busy.get("ben", OUT).json()["results"] == []
    assert Withdrawal.objects.count() == 1
    assert busy.purses.has("ann") == [40, 60, 0]


@pytest.mark.parametrize("amount", ["NaN", "-5", "1e3", 60, "Infinity", "", None, "60.0000000000000000001"])
def test_what_is_no_amount_is_malformed(busy: Counter, amount: Any) -> None:
    answer = busy.send("ann", OUT, **body(busy.purses.wallet("ann").pk, amount=amount))

    assert refusal(answer)[:2] == (400, "invalid")
    assert not Withdrawal.objects.exists()


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"amount": "0"}, 422, "bad_amount"), ({"amount": "60.00001"}, 422, "amount_too_fine"),
        ({"amount": "60.5"}, 422, "bad_withdrawal"), ({"amount": "100000"}, 409, "insufficient_funds"),
        ({"kind": "EVM"}, 422, "no_way_out"), ({"kind": "WALLET"}, 400, "invalid"), ({"kind": None}, 400, "invalid"),
        ({"destination": ""}, 400, "invalid"), ({"wallet": "x"}, 400, "invalid"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused_and_nothing_is_held(
    busy: Counter, changed: dict[str, Any], status: int, code: str
) -> None:
    answer = busy.send("ann", OUT, **body(busy.purses.wallet("ann").pk, **changed))

    assert refusal(answer)[:2] == (status, code)
    assert busy.purses.has("ann") == [100, 0, 0]


def test_without_a_key_it_is_not_asked_for(busy: Counter) -> None:
    answer = busy.send("ann", OUT, once=None, **body(busy.purses.wallet("ann").pk))

    assert answer.status_code == 400


def test_staff_approve_and_reject_and_owners_do_not(busy: Counter) -> None:
    first, second = asked(busy), asked(busy, "ben")
    for who in ("ann", "sam", "anton"):
        assert busy.send(who, f"{OUT}/{first.pk}/approve").status_code == 403
    assert busy.send("mia", OUT, **body(busy.purses.wallet("ann").pk)).status_code == 403

    approved = busy.send("mia", f"{OUT}/{first.pk}/approve")
    rejected = busy.send("mia", f"{OUT}/{second.pk}/reject", reason="Not your phone")

    assert (approved.status_code, approved.json()["state"]) == (200, "APPROVED")
    assert (rejected.json()["state"], rejected.json()["reason"]) == ("REJECTED", "Not your phone")
    assert (busy.purses.has("ann"), busy.purses.has("ben")) == ([40, 60, 0], [100, 0, 0])
    assert refusal(busy.send("mia", f"{OUT}/{second.pk}/approve"))[:2] == (409, "wrong_state")


def test_a_key_with_the_scope_asks_and_cancels_and_never_approves(busy: Counter, program: Program) -> None:
    client = with_key(program, "withdrawal.make", "wallet.read")
    without = with_key(program, "wallet.spend", "wallet.read")
    said = body(busy.purses.wallet("ann").pk)

    made = client.post(OUT, said, content_type="application/json", headers={"Idempotency-Key": "k1"})

    assert made.status_code == 201
    assert Withdrawal.objects.get().requested_by.startswith("api_key:")
    assert client.post(f"{OUT}/{made.json()['id']}/approve", headers={"Idempotency-Key": "k2"}).status_code == 403
    assert without.post(OUT, said, content_type="application/json", headers={"Idempotency-Key": "k"}).status_code == 403
    cancelled = client.post(f"{OUT}/{made.json()['id']}/cancel", headers={"Idempotency-Key": "k3"})
    assert cancelled.json()["state"] == "CANCELLED"


def with_key(program: Program, *scopes: str) -> Client:
    key = ApiKeyFactory(program=program, secret_hash=hash_of("secret"), scopes=sorted(scopes))
    return Client(headers={"Authorization": f"Api-Key {key.prefix}.secret"})


# The portal


@pytest.fixture
def shop(purses: Purses, ann: Owner) -> Owner:
    """Ann, in a program that sends to phones."""
    open_till(purses)
    return ann


def form(**more: Any) -> dict[str, Any]:
    return {"amount": "60", "kind": "MPESA", "destination": "0712 000 001", "holder": "", "key": str(uuid4()), **more}


def test_it_is_looked_at_asked_for_followed_and_cancelled(purses: Purses, shop: Owner) -> None:
    assert "Withdraw" in shop.page()
    key = key_of(shop.page("withdraw/"))
    looked_at = shop.send("withdraw/", **form(key=key)).content.decode()
    for words in ("Is this right?", "M-Pesa, 0712 000 001", "940.00 KES"):
        assert words in looked_at
    assert not Withdrawal.objects.exists()

    for _ in "ab":  # pressed twice
        done = shop.send("withdraw/", **form(key=key), confirmed="1")
    receipt = shop.client.get(done["Location"]).content.decode()

    withdrawal = Withdrawal.objects.get()
    assert f"M-Pesa: {PHONE}" in receipt
    assert purses.has(shop.name) == [940, 60, 0]
    assert "Under way" in shop.page()
    listed = shop.page("withdraw/")
    assert "Waits for approval" in listed
    assert "Cancel the withdrawal of 60.00 KES" in listed
    answer = shop.send(f"withdrawals/{withdrawal.pk}/cancel/")
    assert "is yours again" in shop.client.get(answer["Location"]).content.decode()
    assert purses.has(shop.name) == [1000, 0, 0]
    assert "Under way" not in shop.page()
    again = shop.send(f"withdrawals/{withdrawal.pk}/cancel/")
    assert "Nothing was changed." in shop.client.get(again["Location"]).content.decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"amount": "NaN"}, "Enter a number"), ({"amount": "-1"}, "An amount is above zero"),
        ({"amount": "60.5"}, "the rail carries no such fraction"), ({"amount": "1001"}, "more than that"),
        ({"kind": "EVM"}, "Select a valid choice"), ({"destination": ""}, "This field is required"),
        ({"destination": "1\x002"}, "Null characters"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_said_beside_its_field_before_anything_is_confirmed(
    purses: Purses, shop: Owner, changed: dict[str, Any], words: str
) -> None:
    before = purses.standing()

    for step in ({}, {"confirmed": "1"}):
        text = shop.send("withdraw/", **form(**changed), **step).content.decode()
        assert words in text
        assert "Is this right?" not in text

    assert purses.standing() == before


def test_only_a_bank_asks_whose_account_it_is(purses: Purses, shop: Owner) -> None:
    assert "Whose account" not in shop.page("withdraw/")
    assert "A bank:" not in shop.page("withdraw/")
    TILL.pays = "BANK"
    assert "Whose account" in shop.page("withdraw/")
    sent_to = form(kind="BANK", destination="68141:0123456789")

    assert "a bank asks for the account holder" in shop.send("withdraw/", **sent_to).content.decode()
    shop.send("withdraw/", **{**sent_to, "holder": "Ann Able"}, confirmed="1")

    assert Withdrawal.objects.get().holder == "Ann Able"


def test_what_goes_on_behind_the_counter_is_on_its_way(purses: Purses, shop: Owner) -> None:
    shop.send("withdraw/", **form(), confirmed="1")
    row = Withdrawal.objects.get()
    kim = member(purses.program, Role.FINANCE_MAKER)
    operations.approve_withdrawal(row.pk, program_id=purses.program.pk, by=kim, at=timezone.now())
    operations.batch_withdrawals([row.pk], program_id=purses.program.pk, at=timezone.now())
    assert "Being paid out" in shop.page("withdraw/")
    assert "Cancel it" not in shop.page("withdraw/")

    operations.follow_withdrawals([row.pk], program_id=purses.program.pk, to=WithdrawalState.SENT, at=timezone.now())
    operations.follow_withdrawals([row.pk], program_id=purses.program.pk, to=WithdrawalState.UNKNOWN, at=timezone.now())

    page = shop.page("withdraw/")
    assert "On its way" in page
    assert "Unknown" not in page


def test_where_nothing_goes_out_the_page_says_so(purses: Purses, ann: Owner) -> None:
    define_asset("GOLD", name="Gold Coins", kind=AssetKind.POINTS, scale=0)

    assert "Nothing can be taken out yet" in ann.page("withdraw/")
    assert "withdraw/" not in ann.page(asset="GOLD")


def test_a_frozen_wallet_still_shows_what_is_on_its_way(purses: Purses, shop: Owner) -> None:
    shop.send("withdraw/", **form(), confirmed="1")
    purses.do("freeze", shop.name)

    text = shop.send("withdraw/", **form()).content.decode()

    assert "This wallet is frozen: nothing can be taken from it." in text
    assert "Waits for approval" in text


def test_nobody_sees_or_cancels_anothers(purses: Purses, shop: Owner, ben: Owner) -> None:
    shop.send("withdraw/", **form(), confirmed="1")
    row = Withdrawal.objects.get()

    cancel = f"withdrawals/{row.pk}/cancel/"
    for url in (shop.url("withdraw/"), shop.url(cancel), ben.url(cancel)):
        assert ben.client.post(url, form()).status_code == 404
    assert shop.client.get(shop.url(cancel)).status_code == 405
    row.refresh_from_db()
    assert row.state == "REQUESTED"


# The back office


@pytest.fixture
def waiting(purses: Purses, shop: Owner) -> Withdrawal:
    shop.send("withdraw/", **form(holder="Ann Able"), confirmed="1")
    return Withdrawal.objects.get()


def address(row: Withdrawal, page: str = "change") -> str:
    return reverse(f"admin:wallets_withdrawal_{page}", args=[row.pk])


def test_one_approves_it_on_its_page(purses: Purses, waiting: Withdrawal) -> None:
    client = signed_in(member(purses.program, Role.FINANCE_MAKER))
    assert "1 withdrawal to decide on" in page_of(client, "/admin/")
    listed = page_of(client, reverse("admin:wallets_withdrawal_changelist"), state__exact="REQUESTED")
    assert "Ann Able" in listed
    page = page_of(client, address(waiting))
    assert "Approve" in page
    dialog = page_of(client, address(waiting, "approve"))
    for words in ("Ann Able", "60.00 KES", f"M-Pesa: {PHONE}", "940.00 KES"):
        assert words in dialog

    said = sent(client.post(address(waiting, "approve")))

    assert "You have no vote on that." in said
    waiting.refresh_from_db()
    assert waiting.state == "APPROVED"
    assert "to decide on" not in page_of(client, "/admin/")
    page = page_of(client, address(waiting))
    assert not re.search(r">\s*Approve\s*<", page)
    assert re.search(r">\s*Reject\s*<", page)
    assert "Nothing was changed." in client.post(address(waiting, "approve")).content.decode()


def test_one_rejects_it_with_a_reason(purses: Purses, shop: Owner, waiting: Withdrawal) -> None:
    client = signed_in(member(purses.program, Role.FINANCE_MAKER))
    assert "This field is required" in client.post(address(waiting, "reject"), {"reason": ""}).content.decode()

    said = sent(client.post(address(waiting, "reject"), {"reason": "Not your phone"}))

    assert "it is in the wallet again" in said
    assert purses.has(shop.name) == [1000, 0, 0]
    assert "Not your phone" in shop.page("withdraw/")
    assert "ties--acts" not in page_of(client, address(waiting))


@pytest.mark.parametrize("role", [Role.FINANCE_APPROVER, Role.SUPPORT, Role.AUDITOR])
def test_others_read_it_and_decide_nothing(purses: Purses, waiting: Withdrawal, role: Role) -> None:
    client = signed_in(member(purses.program, role))

    assert "ties--acts" not in page_of(client, address(waiting))
    for page in ("approve", "reject"):
        assert client.post(address(waiting, page), {"reason": "x"}).status_code == 403
    waiting.refresh_from_db()
    assert waiting.state == "REQUESTED"


def test_its_hold_leads_to_it(purses: Purses, waiting: Withdrawal) -> None:
    client = signed_in(member(purses.program, Role.FINANCE_MAKER))

    assert address(waiting) in page_of(client, reverse("admin:ledger_hold_change", args=[waiting.hold_id]))
