"""Registering, claiming, expecting a charge and settling, as others ask for it: once, by natural keys."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from affiliates import operations
from affiliates.models import Claim, Member, Settlement
from affiliates.operations.confirm_settlements import Proof
from affiliates.queries import keys
from affiliates.states import MemberState
from audit.errors import DomainError
from identity.models import Program, WalletAddress
from identity.operations import change_setting
from ledger.models import Asset, Intent
from ledger.operations import create_intent, work_intents
from tests.affiliates.troupe import RAIL, Troupe, address, refused
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

HASH = "0x" + "ab" * 32


def ask(troupe: Troupe, kind: str, key: str, **payload: Any) -> Intent:
    """Ask for it and have it done."""
    intent = create_intent(kind, program_id=troupe.program.pk, key=key, payload=payload).intent
    work_intents(seconds_at_most=5)
    intent.refresh_from_db()
    return intent


def registering(troupe: Troupe, number: int = 1, **more: Any) -> Intent:
    wallet = address(number)
    payload = {"wallet_address": wallet, "proven": True, **more}
    return ask(troupe, "REGISTER", keys.registration_key(troupe.program.pk, wallet), **payload)


def claiming(troupe: Troupe, number: int = 1, **more: Any) -> Intent:
    payload: dict[str, Any] = {
        "wallet_address": address(number), "reference": "Order-1", "asset": "USDC", "amount": "25", "chain_id": 1,
        "tx_hash": HASH, **more,
    }  # fmt: skip
    key = keys.claim_key(troupe.program.pk, payload["wallet_address"], payload["reference"])
    return ask(troupe, "CLAIM", key, **payload)


def charging(troupe: Troupe, charge: str = "XA6G6ZFR", amount: str = "25", **more: Any) -> Intent:
    payload = {"charge": charge, "wallet_address": address(1), "asset": "USDC", "amount": amount, **more}
    return ask(troupe, "COMMERCE", keys.charge_key(troupe.program.pk, charge), **payload)


def outcome(intent: Intent) -> str:
    return intent.error["code"] if intent.error else intent.state


def test_a_member_registers_once_whoever_asks(troupe: Troupe) -> None:
    code = troupe.affiliate("ada").code
    first = registering(troupe, code=code)

    assert outcome(first) == "COMPLETED"
    assert Member.objects.get().affiliate == troupe.affiliates["ada"]
    assert registering(troupe, code=code) == first


def test_an_address_is_proven_or_vouched_for(troupe: Troupe) -> None:
    user = UserFactory()

    assert outcome(registering(troupe, proven=False, user=str(user.pk))) == "address_not_proven"
    WalletAddress.objects.create(user=user, address=address(1), chain_id=1, proven_at=timezone.now())
    # The first intent is dead, so its key is free again.
    assert outcome(registering(troupe, proven=False, user=str(user.pk))) == "COMPLETED"


@pytest.mark.parametrize("status", ["PAUSED", "CLOSED"])
def test_nobody_comes_into_a_program_that_stands_still(troupe: Troupe, status: str) -> None:
    registering(troupe)
    Program.objects.filter(pk=troupe.program.pk).update(status=status)

    assert outcome(registering(troupe, 2)) == "program_takes_nobody"
    assert outcome(claiming(troupe)) == "program_takes_nobody"
    assert outcome(charging(troupe)) == "program_takes_nobody"


@pytest.mark.parametrize(
    ("kind", "payload", "fields"),
    [
        ("REGISTER", {"wallet_address": "0xAb5801a7D398351b8bE11C439e05C5B3259aeC9b"}, {"wallet_address"}),
        ("REGISTER", {"wallet_address": "nobody"}, {"wallet_address"}),
        ("REGISTER", {}, {"wallet_address"}),
        ("REGISTER", {"wallet_address": address(1), "is_admin": True}, {"is_admin"}),
        ("CLAIM", {"wallet_address": address(1), "reference": "a b", "asset": "USDC", "amount": "NaN", "chain_id": 0,
                   "tx_hash": "0x12"}, {"reference", "amount", "chain_id", "tx_hash"}),
        ("COMMERCE", {"wallet_address": address(1), "charge": "", "asset": "USDC", "amount": "-1"},
         {"charge", "amount"}),
        ("COMMERCE", {"wallet_address": address(1), "charge": "X", "asset": "USDC", "amount": 25}, {"amount"}),
        ("COMMERCE", {"wallet_address": address(1), "charge": "X", "asset": "\0", "amount": "1e-30"},
         {"asset", "amount"}),
    ],
)  # fmt: skip
def test_a_bad_payload_is_refused_when_it_comes(
    troupe: Troupe, kind: str, payload: dict[str, Any], fields: set[str]
) -> None:
    refusal = refused(
        "bad_intent_payload",
        lambda: create_intent(kind, program_id=troupe.program.pk, key=f"{kind}:x", payload=payload),
    )
    assert set(refusal.params["fields"]) == fields
    assert Intent.objects.count() == 0


def test_a_caller_s_key_is_not_one_of_ours(troupe: Troupe) -> None:
    for prefix in ("REGISTER:", "settlement:", "Claim:"):
        with pytest.raises(DomainError):
            create_intent(
                "REGISTER", program_id=troupe.program.pk, key=f"{prefix}x", payload={"wallet_address": address(1)},
                is_callers_key=True,
            )  # fmt: skip


# Claims


@pytest.fixture
def max_(troupe: Troupe) -> Member:
    troupe.affiliate("ada")
    return troupe.member("max", by="ada", wallet_address=address(1))


@pytest.mark.usefixtures("max_")
def test_a_claim_is_decided_by_people(troupe: Troupe) -> None:
    intent = claiming(troupe)
    claim = Claim.objects.get()
    assert (claim.pk, claim.state) == (keys.claim_id(troupe.program.pk, address(1), "order-1"), "REQUESTED")
    assert intent.result == {"claim": str(claim.pk), "state": "REQUESTED"}

    def decide(verb: str) -> Claim:
        act = getattr(operations, f"{verb}_claim")
        done: Claim = act(claim.pk, program_id=troupe.program.pk, reason="looked at", at=timezone.now())
        return done

    decide("approve")
    settlement = Settlement.objects.get()
    assert (settlement.state, settlement.source, settlement.tx_hash) == ("PENDING", "CHAIN", HASH)
    refused("wrong_state", lambda: decide("approve"))
    decide("reject")
    settlement.refresh_from_db()
    assert (settlement.state, settlement.due_at) == ("FAILED", None)

    # Late proof is a fact, whatever we had concluded.
    troupe.confirm(settlement, rail_event=None, position=0)
    claim.refresh_from_db()
    assert claim.state == "SETTLED"
    assert troupe.owed("ada", asset="USDC") == "2.5"
    refused("wrong_state", lambda: decide("reject"))


@pytest.mark.usefixtures("max_")
@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        ("claims_open", False, "claims_closed"),
        ("claim_at_least", "25.01", "claim_out_of_bounds"),
        ("claim_at_most", "24.99", "claim_out_of_bounds"),
    ],
)
def test_a_program_says_what_it_takes(troupe: Troupe, setting: str, value: Any, code: str) -> None:
    change_setting(
        f"affiliates.{setting}", value=value, program=troupe.program, version=0, reason="so", at=timezone.now()
    )

    assert outcome(claiming(troupe)) == code
    assert Claim.objects.count() == 0


@pytest.mark.usefixtures("max_")
def test_a_small_claim_is_looked_up_at_once(troupe: Troupe) -> None:
    key = "affiliates.claims_looked_up_alone"
    change_setting(key, value="25", program=troupe.program, version=0, reason="so", at=timezone.now())

    assert claiming(troupe).result == {"claim": str(Claim.objects.get().pk), "state": "APPROVED"}
    assert Settlement.objects.get().due_at is not None


@pytest.mark.usefixtures("max_")
def test_a_member_claims_so_often_a_day(troupe: Troupe) -> None:
    change_setting(
        "affiliates.claims_a_day", value=2, program=troupe.program, version=0, reason="so", at=timezone.now()
    )

    came = [outcome(claiming(troupe, reference=f"o{number}")) for number in range(3)]

    assert came == ["COMPLETED", "COMPLETED", "too_many_claims"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"asset": "GOLD"}, "not_this_asset"),
        ({"asset": "NONE"}, "not_this_asset"),
        ({"amount": "0.0000001"}, "amount_too_fine"),
        ({"wallet_address": address(2)}, "unknown_member"),
    ],
)
@pytest.mark.usefixtures("max_")
def test_what_can_not_be_claimed(troupe: Troupe, more: dict[str, Any], code: str) -> None:
    assert outcome(claiming(troupe, **more)) == code


@pytest.mark.usefixtures("max_")
def test_a_suspended_member_claims_nothing(troupe: Troupe) -> None:
    operations.change_member_state(
        troupe.members["max"].pk,
        program_id=troupe.program.pk,
        to=MemberState.SUSPENDED,
        reason="odd",
        at=timezone.now(),
    )

    assert outcome(claiming(troupe)) == "member_not_registered"


# Charges


@pytest.mark.usefixtures("max_")
def test_a_charge_is_expected_once(troupe: Troupe) -> None:
    first = charging(troupe)

    assert charging(troupe, "xa6g6zfr") == first
    with pytest.raises(DomainError) as caught:
        charging(troupe, "XA6G6ZFR", "26")
    assert (caught.value.code, caught.value.params["fields"]) == ("intent_key_conflict", "amount")
    assert Settlement.objects.get().state == "PENDING"


# Settling


@pytest.mark.usefixtures("max_")
def test_many_are_settled_at_once_and_one_refused_spoils_none(troupe: Troupe) -> None:
    expected = [troupe.expect("max", "10", source_event=f"e{number}") for number in range(5)]
    for number, settlement in enumerate(expected):
        operations.settle_by_proof(
            Proof(
                settlement_id=settlement.pk, program_id=troupe.program.pk, occurred_at=timezone.now(),
                rail="nowhere" if number == 2 else RAIL, rail_event=settlement.pk,
            )
        )  # fmt: skip

    came = work_intents(seconds_at_most=5)

    assert came == {"COMPLETED": 4, "DEAD": 1}
    assert [Settlement.objects.get(pk=one.pk).state for one in expected] == [
        "CONFIRMED", "CONFIRMED", "PENDING", "CONFIRMED", "CONFIRMED"
    ]  # fmt: skip
    assert troupe.owed("ada") == "4"
    troupe.require_order()


@pytest.mark.usefixtures("max_")
def test_settling_is_constant_in_statements(troupe: Troupe, django_assert_max_num_queries: Any) -> None:
    def proofs(count: int) -> list[Proof]:
        return [
            Proof(settlement_id=troupe.expect("max", "10").pk, program_id=troupe.program.pk,
                  occurred_at=timezone.now(), rail=RAIL, rail_event=troupe.program.pk)
            for _ in range(count)
        ]  # fmt: skip

    operations.confirm_settlements(proofs(1), at=timezone.now())
    for count in (2, 60):
        asked = proofs(count)
        with django_assert_max_num_queries(32):
            operations.confirm_settlements(asked, at=timezone.now())
    assert Decimal(troupe.owed("ada")) == 63


@pytest.mark.usefixtures("max_")
def test_an_event_is_told_of_in_one_way(troupe: Troupe) -> None:
    first = troupe.expect("max", "10", source_event="order-1")

    assert troupe.expect("max", "10", source_event="order-1") == first
    refused("settlement_taken", lambda: troupe.expect("max", "11", source_event="order-1"), fields="amount")
    usdc = Asset.objects.get(code="USDC")
    refused("settlement_taken", lambda: troupe.expect("max", "10", source_event="order-1", asset=usdc.code))
    assert timezone.now() - first.created_at < timedelta(minutes=5)
