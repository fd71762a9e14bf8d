"""/api/v2/claims, /commerce/charges and /enterprise/settlements: said, proven, taken back, won back."""

from typing import Any

import pytest

from affiliates.models import Claim, Commission, Member, Reversal, Settlement
from affiliates.queries.keys import claim_id
from identity.models import IdempotencyRecord
from identity.proofs import checksummed
from ledger.models import Intent
from tests.affiliates.office import Office, counted, office, params, refusal, results
from tests.affiliates.troupe import RAIL, Troupe, address

__all__ = ["office"]

pytestmark = pytest.mark.django_db

HASH = "0x" + "ab" * 32
PAID: dict[str, Any] = {"reference": "Order-1", "asset": "USDC", "amount": "25.50", "chain_id": 1, "tx_hash": HASH}
KEY = "key:claim.make claim.read"


def member(office: Office, name: str = "max") -> Member:
    return office.troupe.member(name, user=office.person(name))


# Claims


def test_a_member_claims_and_follows_the_claim(office: Office) -> None:
    known = member(office)

    asked = office.send("max", "claims", once=None, **PAID)
    assert asked.status_code == 202, asked.content
    pk = asked.json()["id"]
    assert pk == str(claim_id(office.troupe.program.pk, known.wallet_address, "Order-1"))
    assert asked.json()["intent"]["payload"]["claim"] == pk
    waiting = office.get("max", f"claims/{pk}").json()
    assert (waiting["state"], waiting["intent"]["state"], waiting["amount"]) == (None, "PENDING", "25.5")
    assert results(office.get("max", "claims")) == []

    office.work()

    written = office.get("max", f"claims/{pk}", wait=1).json()
    assert (written["state"], written["intent"], written["amount"]) == ("REQUESTED", None, "25.5")
    assert written["wallet_address"] == checksummed(known.wallet_address)
    assert set(written) == set(waiting)
    again = office.send("max", "claims", once=None, **PAID)
    assert (again.json()["id"], again.headers["Idempotent-Replayed"]) == (pk, "true")
    assert refusal(office.send("max", "claims", **{**PAID, "amount": "26"})) == (409, "intent_key_conflict")
    assert Claim.objects.count() == 1


def test_a_claim_that_dies_says_why(office: Office) -> None:
    member(office)
    office.set("claims_open", False)

    pk = office.send("max", "claims", **PAID).json()["id"]
    office.work()

    dead = office.get("max", f"claims/{pk}").json()
    assert (dead["state"], dead["intent"]["state"], dead["intent"]["error"]["code"]) == (None, "DEAD", "claims_closed")


def test_people_claim_for_themselves_and_keys_for_members(office: Office) -> None:
    max_, ann = member(office), member(office, "ann")
    before = counted()

    theirs: dict[str, Any] = {**PAID, "wallet_address": checksummed(ann.wallet_address)}
    assert refusal(office.send("max", "claims", **theirs)) == (404, "unknown_member")
    nobody: dict[str, Any] = {**PAID, "wallet_address": checksummed(address(0xFFFF))}
    assert refusal(office.send("max", "claims", **nobody)) == (404, "unknown_member")
    assert refusal(office.send("eve", "claims", **PAID)) == (404, "unknown_member")
    assert refusal(office.send(KEY, "claims", **PAID)) == (400, "invalid")
    assert refusal(office.send("sam", "claims", **theirs)) == (403, "not_permitted")
    assert counted() == before

    pk = office.send(KEY, "claims", **theirs).json()["id"]
    assert office.get(KEY, f"claims/{pk}").json()["intent"]["state"] == "PENDING"
    for stranger in ("max", "ann"):  # it was asked for by the key
        assert refusal(office.get(stranger, f"claims/{pk}")) == (404, "not_found")
    office.work()
    assert office.get("ann", f"claims/{pk}").json()["state"] == "REQUESTED"
    assert refusal(office.get("max", f"claims/{pk}")) == (404, "not_found")
    assert Claim.objects.get().member == ann != max_


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "0"}, {"amount": "-1"}, {"amount": 25.5}, {"chain_id": 0}, {"tx_hash": "0x12"}, {"reference": "a b"},
        {"reference": ""}, {"tx_hash": "z" * 66}, {"wallet_address": "nobody"}, {"asset": ""},
    ],
)  # fmt: skip
def test_a_claim_that_makes_no_sense_is_refused_when_it_comes(office: Office, wrong: dict[str, Any]) -> None:
    member(office)

    assert office.send("max", "claims", **{**PAID, **wrong}).status_code in (400, 422)
    assert Intent.objects.count() == 0


def test_staff_decide_on_claims(office: Office) -> None:
    member(office)
    ids = [office.send("max", "claims", **{**PAID, "reference": f"Order-{n}"}).json()["id"] for n in range(2)]
    office.work()

    assert refusal(office.send("max", f"claims/{ids[0]}/approve", reason="mine")) == (403, "not_permitted")
    assert refusal(office.send("anton", f"claims/{ids[0]}/approve", reason="x")) == (403, "not_permitted")
    assert set(Claim.objects.values_list("state", flat=True)) == {"REQUESTED"}
    approved = office.send("sam", f"claims/{ids[0]}/approve", reason="seen").json()
    assert (approved["state"], approved["reason"]) == ("APPROVED", "seen")
    assert approved["settlement_id"] == str(Settlement.objects.get().pk)
    rejected = office.send("sam", f"claims/{ids[1]}/reject", reason="no receipt").json()
    assert (rejected["state"], rejected["settlement_id"]) == ("REJECTED", None)
    assert refusal(office.send("sam", f"claims/{ids[1]}/approve", reason="after all")) == (409, "wrong_state")
    assert results(office.get("sam", "claims", state="REJECTED")) == [ids[1]]
    assert results(office.get("sam", "claims", reference="order-0")) == [ids[0]]
    assert results(office.get("sam", "claims", asset="KES")) == []


def test_a_claim_of_another_program_is_not_there(office: Office, other: Troupe) -> None:
    other.member("zoe")
    foreign = Office(other)
    pk = foreign.send(KEY, "claims", **PAID, wallet_address=other.members["zoe"].wallet_address).json()["id"]

    assert refusal(office.get("sam", f"claims/{pk}")) == (404, "not_found")
    foreign.work()
    assert refusal(office.get("sam", f"claims/{pk}")) == (404, "not_found")
    assert refusal(office.send("sam", f"claims/{pk}/approve", reason="x")) == (404, "not_found")
    assert Claim.objects.get().state == "REQUESTED"


# Charges


def test_a_charge_is_expected_once(office: Office) -> None:
    known = member(office)
    sent: dict[str, Any] = {
        "charge": "XA6G6ZFR",
        "wallet_address": checksummed(known.wallet_address),
        "asset": "USDC",
        "amount": "25",
    }

    asked = office.send("key:charge.expect", "commerce/charges", once=None, **sent)
    assert asked.status_code == 202, asked.content
    assert asked.json()["key"] == f"COMMERCE:{office.troupe.program.pk}:xa6g6zfr"
    office.work()
    again = office.send("key:charge.expect", "commerce/charges", **{**sent, "charge": "xa6g6zfr"})
    assert (again.json()["id"], again.json()["state"]) == (asked.json()["id"], "COMPLETED")
    other = office.send("key:charge.expect", "commerce/charges", **{**sent, "amount": "26"})
    assert refusal(other) == (409, "intent_key_conflict")
    assert refusal(office.send("max", "commerce/charges", **sent)) == (403, "not_permitted")
    assert refusal(office.send(KEY, "commerce/charges", **sent)) == (403, "not_permitted")
    [settlement] = Settlement.objects.all()
    assert (settlement.source_event, settlement.state) == ("charge:xa6g6zfr", "PENDING")


# Settlements


def sold(office: Office, amount: str = "100") -> Settlement:
    office.troupe.affiliate("ada")
    office.troupe.affiliate("bea", under="ada")
    office.troupe.member("max", by="bea")
    return office.troupe.settle("max", amount)


def test_settlements_are_listed(office: Office, other: Troupe) -> None:
    settlement = sold(office)
    waits = office.troupe.expect("max", "7", source_event="later")
    other.member("zoe")
    other.settle("zoe", "5")

    def found(**asked: Any) -> list[str]:
        return results(office.get("audra", "enterprise/settlements", **asked))

    assert found() == [str(waits.pk), str(settlement.pk)]
    assert found(ordering="created_at") == [str(settlement.pk), str(waits.pk)]
    assert found(state="PENDING") == [str(waits.pk)] == found(source_event="later")
    assert found(affiliate=settlement.affiliate_id) == [str(settlement.pk)]
    assert found(asset="USDC") == [] == found(tx_hash=HASH)
    shown = office.get("audra", f"enterprise/settlements/{settlement.pk}").json()
    assert (shown["amount"], shown["reversed_amount"], shown["reversals"]) == ("100", "0", [])
    foreign = Settlement.objects.get(program=other.program)
    assert refusal(office.get("audra", f"enterprise/settlements/{foreign.pk}")) == (404, "not_found")
    reverse = office.send("mia", f"enterprise/settlements/{foreign.pk}/reverse", reason="x")
    assert refusal(reverse) == (404, "not_found")
    assert refusal(office.get("max", "enterprise/settlements")) == (403, "not_permitted")


def test_a_settlement_is_reversed_in_parts_and_won_back(office: Office) -> None:
    settlement = sold(office)
    path = f"enterprise/settlements/{settlement.pk}"

    part = office.send("mia", f"{path}/reverse", amount="40", reason="refunded")
    assert part.status_code == 201, part.content
    body = part.json()
    assert (body["amount"], body["reversed_after"]) == ("40", "40")
    assert (body["settlement"]["state"], body["settlement"]["reversed_amount"]) == ("PARTIALLY_REVERSED", "40")
    assert (office.troupe.owed("bea"), office.troupe.owed("ada")) == ("6", "1.2")

    rest = office.send("mia", f"{path}/reverse", reason="charged back").json()
    assert (rest["amount"], rest["settlement"]["state"]) == ("60", "REVERSED")
    assert (office.troupe.owed("bea"), office.troupe.owed("ada")) == ("0", "0")
    nothing = office.send("mia", f"{path}/reverse", reason="again")
    assert refusal(nothing) == (409, "reversal_too_large")

    won = office.send("mia", f"{path}/win-back", reason="won", once="won").json()
    assert (won["amount"], won["settlement"]["state"]) == ("-100", "CONFIRMED")
    assert office.troupe.owed("bea") == "10"
    assert refusal(office.send("mia", f"{path}/win-back", reason="won")) == (409, "reversal_too_large")
    assert len(office.get("mia", path).json()["reversals"]) == 3
    office.troupe.require_order()


def test_all_that_is_left_is_found_again_under_its_key(office: Office) -> None:
    settlement = sold(office)
    path, sent = f"enterprise/settlements/{settlement.pk}/reverse", {"reason": "refunded", "once": "refund-1"}

    first = office.send("mia", path, **sent)
    IdempotencyRecord.objects.all().delete()  # as they are forgotten after a while
    again = office.send("mia", path, **sent)

    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Reversal.objects.count() == 1


def test_what_a_rail_has_sent_back_leaves_its_float(office: Office) -> None:
    settlement = sold(office)
    path = f"enterprise/settlements/{settlement.pk}/reverse"
    before = counted()

    for wrong, code in (
        ({"amount": "100.01"}, (409, "reversal_too_large")), ({"amount": "0"}, (422, "bad_amount")),
        ({"amount": "1.00001"}, (422, "amount_too_fine")), ({"amount": "-1"}, (400, "invalid")),
        ({"returned_from": "nowhere"}, (422, "unknown_rail")), ({"reason": ""}, (400, "invalid")),
    ):  # fmt: skip
        answer = office.send("mia", path, **{"amount": "1", "reason": "x", **wrong})
        assert refusal(answer) == code, wrong
    assert refusal(office.send("sam", path, reason="x")) == (403, "not_permitted")
    assert refusal(office.send("mia", path, reason="x", once=None)) == (400, "idempotency_key_required")
    waits = office.troupe.expect("max", "7")
    unproven = office.send("mia", f"enterprise/settlements/{waits.pk}/reverse", reason="x")
    assert refusal(unproven) == (409, "settlement_not_proven")
    assert counted() == {**before, "Settlement": before["Settlement"] + 1}

    assert office.send("mia", path, amount="10", reason="sent back", returned_from=RAIL).status_code == 201
    assert office.troupe.balance(f"rail:{RAIL}:float") == "-10"
    assert Commission.objects.filter(type="CLAWBACK").count() == 2
    assert params(office.send("mia", path, amount="91", reason="x"))["left"] == "90"
