"""A wallet address is somebody's once they have signed, with its key, the text that they were given here."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from audit.errors import DomainError
from audit.models import Entry
from identity import proofs
from identity.errors import (
    AddressMakesNoSense,
    AddressTaken,
    ProofExpired,
    ProofForAnotherSite,
    ProofMakesNoSense,
    ProofNotAskedFor,
    ProofUsed,
    SignatureWrong,
)
from identity.models import AddressChallenge, User, WalletAddress
from identity.operations import ask_for_proof, create_api_key, prove_address
from identity.states import Role
from tests.factories import MembershipFactory, UserFactory
from tests.wallet import ADDRESS, KEY, OTHER_ADDRESS, OTHER_KEY, recovered, sign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting")]

NOW = timezone.now()
NOBODY = "0x" + "1" * 40
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture(autouse=True)
def _public_url(settings: Any) -> None:
    settings.PUBLIC_URL = "https://money.example.com"


@pytest.fixture
def nora(db: None) -> User:
    return UserFactory(email="nora@example.com")


def ask(*, by: User, at: datetime = NOW, chain_id: int = 1) -> str:
    text: str = ask_for_proof(ADDRESS, chain_id=chain_id, by=by, at=at).text
    return text


def prove(text: str, *, by: User, at: datetime = NOW, signature: str | None = None) -> WalletAddress:
    return prove_address(text, signature=signature or sign(text), by=by, at=at)


def refused(error: type[DomainError], act: Any) -> DomainError:
    """Expect a refusal, and that no address is anybody's."""
    before = (list(WalletAddress.objects.values()), Entry.objects.count())
    with pytest.raises(error) as caught, transaction.atomic():
        act()
    assert (list(WalletAddress.objects.values()), Entry.objects.count()) == before
    assert not AddressChallenge.objects.filter(used_at=NOW, user__email="nora@example.com").exists()
    return caught.value


def test_the_text_is_that_of_eip_4361(nora: User) -> None:
    at = datetime(2026, 11, 20, 18, 30, 15, 123456, tzinfo=UTC)

    challenge = ask_for_proof(ADDRESS.lower(), chain_id=137, by=nora, at=at)

    assert challenge.text == (
        "money.example.com wants you to sign in with your Ethereum account:\n"
        "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A\n"
        "\n"
        "Prove that this address is yours. Signing moves nothing and costs nothing.\n"
        "\n"
        "URI: https://money.example.com\n"
        "Version: 1\n"
        "Chain ID: 137\n"
        f"Nonce: {challenge.nonce}\n"
        "Issued At: 2026-11-20T18:30:15Z\n"
        "Expiration Time: 2026-11-20T18:40:15Z"
    )
    assert len(challenge.nonce) == 32
    assert challenge.expires_at == datetime(2026, 11, 20, 18, 40, 15, tzinfo=UTC)


def test_who_signs_it_has_the_address(nora: User) -> None:
    proven = prove(ask(by=nora, chain_id=137), by=nora)

    assert WalletAddress.objects.get() == proven
    assert proven.address == ADDRESS.lower()
    assert proven.shown == str(proven) == ADDRESS
    assert (proven.user, proven.chain_id, proven.proven_at) == (nora, 137, NOW)
    entry = Entry.objects.about(proven).get()
    assert entry.action == "identity.wallet_address.proven"
    assert entry.payload == {"user": str(nora.pk), "chain_id": 137}


def test_a_second_proof_is_a_newer_one(nora: User) -> None:
    first = prove(ask(by=nora), by=nora)
    later = NOW + timedelta(days=1)

    again = prove(ask(by=nora, at=later, chain_id=10), by=nora, at=later)

    assert again.pk == first.pk
    assert (again.chain_id, again.proven_at) == (10, later)
    assert WalletAddress.objects.count() == 1


@pytest.mark.parametrize("recovery", [0, 1, 27, 28])
def test_wallets_that_count_from_nought_are_understood(recovery: int, nora: User) -> None:
    text = ask(by=nora)
    signature = sign(text)
    is_ours = int(signature[-2:], 16) - 27 == recovery % 27

    forged = f"{signature[:-2]}{recovery:02x}"

    if is_ours:
        prove(text, by=nora, signature=forged)
    else:
        refused(SignatureWrong, lambda: prove(text, by=nora, signature=forged))


# What is refused


def test_a_proof_is_good_once(nora: User) -> None:
    text = ask(by=nora)
    prove(text, by=nora, at=NOW - timedelta(seconds=1))

    refused(ProofUsed, lambda: prove(text, by=nora))


@pytest.mark.parametrize(("seconds", "good"), [(-1, True), (0, False), (1, False)])
def test_a_proof_is_good_for_ten_minutes(seconds: int, good: bool, nora: User) -> None:
    text = ask(by=nora)
    at = AddressChallenge.objects.get().expires_at + timedelta(seconds=seconds)

    if good:
        assert prove(text, by=nora, at=at).user == nora
    else:
        refused(ProofExpired, lambda: prove(text, by=nora, at=at))


def test_another_person_s_text_proves_nothing(nora: User, bob: User) -> None:
    text = ask(by=bob)

    refused(ProofNotAskedFor, lambda: prove(text, by=nora))


def test_another_site_s_text_proves_nothing(nora: User, settings: Any) -> None:
    settings.PUBLIC_URL = "https://other.example.com"
    text = ask(by=nora)
    settings.PUBLIC_URL = "https://money.example.com"

    assert "other.example.com" in str(refused(ProofForAnotherSite, lambda: prove(text, by=nora)))


def changed(text: str, **changes: Any) -> str:
    return proofs.wording_text(replace(proofs.read_wording(text), **changes))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"nonce": "0" * 32}, ProofNotAskedFor),
        ({"chain_id": 2}, ProofNotAskedFor),
        ({"uri": "https://money.example.com/x"}, ProofNotAskedFor),
        ({"address": OTHER_ADDRESS.lower()}, ProofNotAskedFor),
        ({"issued_at": NOW + timedelta(minutes=5)}, ProofNotAskedFor),
        ({"expires_at": NOW + timedelta(days=365)}, ProofNotAskedFor),
        ({"domain": "money.example.com:444"}, ProofForAnotherSite),
        ({"domain": "MONEY.example.com"}, ProofForAnotherSite),
    ],
)
def test_a_text_that_was_changed_proves_nothing(changes: dict[str, Any], error: type[DomainError], nora: User) -> None:
    text = changed(ask(by=nora), **changes)

    for key in (KEY, OTHER_KEY):
        forged = sign(text, key)
        refused(error, lambda forged=forged: prove(text, by=nora, signature=forged))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"), ("Version: 1", "Version: 2"), ("Version: 1\n", ""), ("money.example", "https://money.example"),
        ("Prove that", "Pay that"), ("URI: ", "URI:"), ("Chain ID: 1", "Chain ID: 01"), ("Chain ID: 1", "Chain ID: -1"),
        ("Chain ID: 1", "Chain ID: \u0661"), ("Nonce: ", "Nonce:  "), ("Z\n", "+00:00\n"),
        ("Issued At: 2", "Issued At: 9x2"),
        ("0x19E7", "0x19e7"), ("0x19E7", "19E7"),
    ],
)  # fmt: skip
def test_a_text_of_another_form_proves_nothing(old: str, new: str, nora: User) -> None:
    given_text = ask(by=nora)
    text = given_text.replace(old, new)

    assert text != given_text
    refused(ProofMakesNoSense, lambda: prove(text, by=nora))


@pytest.mark.parametrize(
    "ending", ["\n", " ", "\nNot Before: 2026-01-01T00:00:00Z", "\nResources:\n- https://x", "\x00"]
)
def test_nothing_may_follow_the_text(ending: str, nora: User) -> None:
    text = ask(by=nora) + ending

    refused(ProofMakesNoSense, lambda: prove(text, by=nora))


def test_a_day_that_no_calendar_has_is_refused(nora: User) -> None:
    text = ask(by=nora)
    day = text.partition("Issued At: ")[2][:10]

    refused(ProofMakesNoSense, lambda: prove(text.replace(day, "2026-02-30"), by=nora))


def test_another_key_s_signature_is_refused(nora: User) -> None:
    text = ask(by=nora)

    refused(SignatureWrong, lambda: prove(text, by=nora, signature=sign(text, OTHER_KEY)))
    refused(SignatureWrong, lambda: prove(text, by=nora, signature=sign(f"{text} ")))
    assert prove(text, by=nora).user == nora  # a wrong one does not use the text up


def test_the_twin_of_a_signature_is_refused(nora: User) -> None:
    text = ask(by=nora)
    raw = bytes.fromhex(sign(text)[2:])
    s = ORDER - int.from_bytes(raw[32:64])
    twin = raw[:32] + s.to_bytes(32) + bytes([27 + 28 - raw[64]])
    # It is as valid as the other: the library says so.
    assert recovered(text, twin) == ADDRESS

    refused(SignatureWrong, lambda: prove(text, by=nora, signature=f"0x{twin.hex()}"))


def raw(r: int, s: int, v: int = 27) -> str:
    return f"0x{r:064x}{s:064x}{v:02x}"


@pytest.mark.parametrize(
    ("signature", "error"),
    [
        ("", ProofMakesNoSense), ("0x", ProofMakesNoSense), ("0x" + "g" * 130, ProofMakesNoSense),
        ("0x" + "1" * 128, ProofMakesNoSense), ("0x" + "1" * 132, ProofMakesNoSense), ("1" * 130, ProofMakesNoSense),
        ("0x" + "0" * 130, SignatureWrong), ("0x" + "f" * 130, SignatureWrong),
        (raw(1, 0), SignatureWrong), (raw(0, 1), SignatureWrong), (raw(ORDER, 1), SignatureWrong),
        (raw(1, 1, v=37), SignatureWrong),
        (raw(5, 1), SignatureWrong),  # no point of the curve has this x
    ],
)  # fmt: skip
def test_what_is_no_signature_is_refused(signature: str, error: type[DomainError], nora: User) -> None:
    text = ask(by=nora)

    refused(error, lambda: prove_address(text, signature=signature, by=nora, at=NOW))


@given(signature=st.binary(min_size=65, max_size=65))
def test_no_signature_breaks_the_check(signature: bytes) -> None:
    with pytest.raises(SignatureWrong):
        proofs.check_signature(f"0x{signature.hex()}", text="a", address="0x" + "0" * 40)


def test_an_address_belongs_to_one_person(nora: User, bob: User) -> None:
    prove(ask(by=bob), by=bob, at=NOW)
    text = ask(by=nora)

    refused(AddressTaken, lambda: prove(text, by=nora))


# How addresses are written


@pytest.mark.parametrize(
    "sent",
    ["0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A", "0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a",
     "0x19E7E376E7C213B7E7E7E46CC70A5DD086DAFF2A"],
)  # fmt: skip
def test_an_address_is_stored_in_lower_case(sent: str) -> None:
    assert proofs.read_address(sent) == "0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a"


@pytest.mark.parametrize(
    "sent",
    ["0x19e7E376E7C213B7E7e7e46cc70A5dD086DAff2A", "19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A", "0x19", "",
     "0x" + "g" * 40, "0X19e7e376e7c213b7e7e7e46cc70a5dd086daff2a",
     " 0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a", "vitalik.eth",
     "0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a\n", "0x" + "\u0661" * 40],
)  # fmt: skip
def test_what_is_no_address_is_refused(sent: str, nora: User) -> None:
    refused(AddressMakesNoSense, lambda: ask_for_proof(sent, chain_id=1, by=nora, at=NOW))
    assert not AddressChallenge.objects.exists()


# What the database holds


def test_the_database_holds_an_address_in_lower_case_and_once(nora: User, bob: User) -> None:
    for address in (ADDRESS, "0x1", ADDRESS.lower()[2:]):
        with pytest.raises(IntegrityError, match="lower_case"), transaction.atomic():
            WalletAddress.objects.create(user=nora, address=address, chain_id=1, proven_at=NOW)
    prove(ask(by=nora), by=nora)
    with pytest.raises(IntegrityError, match="address"), transaction.atomic():
        WalletAddress.objects.create(user=bob, address=ADDRESS.lower(), chain_id=1, proven_at=NOW)


def test_the_database_leaves_an_address_with_who_proved_it(nora: User, bob: User) -> None:
    prove(ask(by=nora), by=nora)

    with pytest.raises(DatabaseError, match="stays with who proved it"), transaction.atomic():
        WalletAddress.objects.update(user=bob)
    with pytest.raises(DatabaseError, match="good once"), transaction.atomic():
        AddressChallenge.objects.update(used_at=None)


def test_old_texts_are_cleared_away(nora: User, bob: User) -> None:
    ask(by=nora, at=NOW - timedelta(days=2))
    ask(by=bob, at=NOW - timedelta(days=2))
    ask(by=nora, at=NOW - timedelta(hours=2))

    ask(by=nora)

    assert AddressChallenge.objects.filter(user=nora).count() == 2
    assert AddressChallenge.objects.filter(user=bob).count() == 1


# Over the API


def test_it_goes_over_the_api(api_as: Any, nora: User) -> None:
    api: APIClient = api_as(nora)

    asked = api.post("/api/v2/auth/wallet/challenge", {"address": ADDRESS.lower(), "chain_id": 8453})
    assert asked.status_code == 201
    assert set(asked.json()) == {"message", "nonce", "expires_at"}
    message = asked.json()["message"]
    proven = api.post("/api/v2/auth/wallet/prove", {"message": message, "signature": sign(message)})

    assert proven.status_code == 200
    assert proven.json()["address"] == ADDRESS
    assert api.get("/api/v2/auth/wallet").json()["results"] == [proven.json()]


def test_everybody_sees_their_own_addresses_only(api_as: Any, nora: User, bob: User) -> None:
    prove(ask(by=bob), by=bob)

    assert api_as(nora).get("/api/v2/auth/wallet").json()["results"] == []


def test_a_refusal_says_which_it_is(api_as: Any, nora: User) -> None:
    text = ask(by=nora, at=timezone.now())

    answer = api_as(nora).post("/api/v2/auth/wallet/prove", {"message": text, "signature": sign(text, OTHER_KEY)})

    assert (answer.status_code, answer.json()["code"]) == (422, "signature_wrong")
    assert not WalletAddress.objects.exists()


def test_keys_and_strangers_prove_nothing(api: APIClient, program: Any) -> None:
    owner = MembershipFactory(program=program, role=Role.OWNER).user
    expires_at = NOW + timedelta(days=1)
    key, secret = create_api_key(
        program=program, name="x", scopes=["program.read"], expires_at=expires_at, by=owner, at=NOW
    )
    as_key = {"Authorization": f"Api-Key {key.prefix}.{secret}"}

    for headers, status in ((as_key, 403), ({}, 401)):
        assert api.get("/api/v2/auth/wallet", headers=headers).status_code == status
        for route in ("challenge", "prove"):
            assert api.post(f"/api/v2/auth/wallet/{route}", {}, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("challenge", {}), ("challenge", {"address": None}), ("challenge", {"address": ["0x"]}),
        ("challenge", {"address": NOBODY, "chain_id": 0}), ("challenge", {"address": NOBODY, "chain_id": "x"}),
        ("challenge", {"address": NOBODY, "chain_id": 2**53}), ("challenge", {"address": "0x" * 1000}),
        ("prove", {}), ("prove", {"message": 1, "signature": {}}),
        ("prove", {"message": "x" * 1001, "signature": "0x"}),
        ("prove", {"message": "x", "signature": "x" * 201}), ("prove", [1]),
    ],
)  # fmt: skip
def test_nonsense_is_a_bad_request(route: str, body: Any, api_as: Any, nora: User) -> None:
    assert api_as(nora).post(f"/api/v2/auth/wallet/{route}", body).status_code == 400
