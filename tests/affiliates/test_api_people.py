"""/api/v2/affiliates, /tiers and /users: becoming one, being found, standing in the tree, being paid somewhere."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from uuid_utils.compat import uuid7

from affiliates.models import Affiliate, Member, PayoutMethod, Rate, Standing
from audit.models import Entry
from identity.models import Membership, Proposal
from identity.proofs import checksummed
from tests.affiliates.office import Office, counted, office, params, refusal, results
from tests.affiliates.troupe import Troupe, address
from tests.signed_in import with_second_factor
from tests.wallet import ADDRESS

__all__ = ["office"]

pytestmark = pytest.mark.django_db

MINE = ADDRESS.lower()


# Becoming an affiliate


def test_somebody_becomes_an_affiliate_by_themselves(office: Office) -> None:
    ada = office.affiliate("ada")
    office.proves("bea", MINE)

    answer = office.send(
        "bea", "affiliates/register", name="Bea", code="Bea-Sells", parent_code=ada.code, wallet_address=ADDRESS
    )

    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["code"], body["state"], body["parent_code"]) == ("bea-sells", "ACTIVE", ada.code)
    assert (body["wallet_address"], body["user_id"]) == (ADDRESS, str(office.person("bea").pk))
    assert Membership.objects.filter(user=office.person("bea"), role="AFFILIATE").exists()
    assert Standing.objects.get(affiliate=body["id"]).parent == ada
    # Who signs in now reads of themselves.
    assert office.get("bea", f"affiliates/{body['id']}").json() == body


def test_registering_again_under_the_same_key_is_told_the_same(office: Office) -> None:
    first = office.send("bea", "affiliates/register", once="once", name="Bea")
    again = office.send("bea", "affiliates/register", once="once", name="Bea")
    other = office.send("bea", "affiliates/register", once="once", name="Beatrice")

    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert refusal(other) == (409, "idempotency_mismatch")
    assert refusal(office.send("bea", "affiliates/register", once=None, name="Bea")) == (
        400,
        "idempotency_key_required",
    )
    assert refusal(office.send("bea", "affiliates/register", name="Bea")) == (409, "affiliate_taken")
    assert Affiliate.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"wallet_address": ADDRESS}, (403, "address_not_proven")),
        ({"wallet_address": ADDRESS[:-1] + "G"}, (422, "address_makes_no_sense")),
        ({"wallet_address": ADDRESS.replace("A", "a")}, (422, "address_makes_no_sense")),
        ({"code": "a--b"}, (422, "bad_code")),
        ({"parent_code": "nobody"}, (404, "unknown_affiliate")),
        ({"tier": str(uuid7())}, (400, "invalid")),
        ({"external_reference": "x"}, (400, "invalid")),
    ],
)
def test_what_can_t_be_asked_for_oneself(office: Office, sent: dict[str, str], code: tuple[int, str]) -> None:
    office.person("bea")
    before = counted()

    assert refusal(office.send("bea", "affiliates/register", **sent)) == code
    assert counted() == before


def test_an_address_of_somebody_else_is_not_proven(office: Office) -> None:
    office.proves("ann", MINE)

    assert refusal(office.send("bea", "affiliates/register", wallet_address=ADDRESS)) == (403, "address_not_proven")
    # It is not kept under its key: once it is proven, the same request goes through.
    sent: dict[str, Any] = {"once": "k", "wallet_address": checksummed(address(7))}
    assert refusal(office.send("bea", "affiliates/register", **sent)) == (403, "address_not_proven")
    office.proves("bea", address(7))
    assert office.send("bea", "affiliates/register", **sent).status_code == 201


def test_a_program_says_whether_it_is_open(office: Office) -> None:
    office.set("active_at_once", False)
    assert office.send("bea", "affiliates/register").json()["state"] == "PENDING"

    office.set("open_to_affiliates", False)
    assert refusal(office.send("cy", "affiliates/register")) == (409, "not_open_to_affiliates")
    assert Affiliate.objects.count() == 1


def test_staff_and_keys_take_others_in(office: Office) -> None:
    tier = office.send("sam", "tiers", name="Gold").json()
    sent = {"name": "Dora", "external_reference": "crm-7", "tier": tier["id"], "wallet_address": ADDRESS}
    office.set("open_to_affiliates", False)  # by themselves; staff go on

    body = office.send("key:affiliate.manage", "affiliates/register", **sent).json()
    assert (body["name"], body["external_reference"], body["tier"]) == ("Dora", "crm-7", "Gold")
    assert (body["user_id"], body["state"], body["wallet_address"]) == (None, "ACTIVE", ADDRESS)

    before = counted()
    assert office.send("sam", "affiliates/register", is_self=False, name="Eve").status_code == 201
    assert refusal(office.send("sam", "affiliates/register", is_self=False)) == (400, "invalid")
    assert refusal(office.send("key:affiliate.read", "affiliates/register", **sent)) == (403, "not_permitted")
    assert refusal(office.send("bea", "affiliates/register", is_self=False, name="X")) == (403, "not_permitted")
    assert refusal(office.send("key:affiliate.manage", "affiliates/register", is_self=True)) == (400, "invalid")
    assert counted() == {**before, "Affiliate": before["Affiliate"] + 1}


def test_a_parent_of_another_program_is_nobody(office: Office, other: Troupe) -> None:
    foreign = other.affiliate("zoe")

    answer = office.send("bea", "affiliates/register", parent_code=foreign.code)

    assert refusal(answer) == (404, "unknown_affiliate")
    assert not Affiliate.objects.filter(program=office.troupe.program).exists()


# Being found


def test_staff_find_all_and_everybody_else_themselves(office: Office) -> None:
    ada, bea = office.affiliate("ada"), office.affiliate("bea", under="ada")
    office.troupe.affiliate("cy", wallet_address=address(0xCAFE), is_active=False)

    def found(who: str, **asked: Any) -> list[str]:
        return results(office.get(who, "affiliates", **asked), "name")

    assert found("sam") == ["cy", "bea", "ada"]
    assert found("sam", ordering="joined_at") == ["ada", "bea", "cy"]
    assert found("sam", state="PENDING") == ["cy"]
    assert found("sam", code=bea.code.upper()) == ["bea"]
    assert found("sam", parent=ada.pk) == ["bea"]
    assert found("sam", after=ada.joined_at.isoformat()) == ["cy", "bea"]
    assert found("sam", search="BE") == ["bea"]
    assert found("sam", search=address(0xCAFE)[:40]) == ["cy"]
    assert found("sam", search="%") == []
    assert found("ada") == ["ada"]
    assert found("ada", parent=ada.pk) == []
    assert refusal(office.get("ada", f"affiliates/{bea.pk}")) == (404, "not_found")
    assert refusal(office.get("sam", "affiliates", colour="red")) == (400, "invalid")
    page = office.get("sam", "affiliates", page_size=2).json()
    assert [row["name"] for row in office.client("sam").get(page["next"]).json()["results"]] == ["ada"]


def test_what_is_another_program_s_is_not_there(office: Office, other: Troupe) -> None:
    foreign = other.affiliate("zoe")

    for path in ("", "/stats", "/commissions", "/payout-methods"):
        assert refusal(office.get("mia", f"affiliates/{foreign.pk}{path}")) == (404, "not_found")
    for verb in ("move", "suspend", "close", "payout-methods"):
        assert refusal(office.send("mia", f"affiliates/{foreign.pk}/{verb}", reason="x")) == (404, "not_found")
    assert refusal(office.get("mia", "affiliates/tree", affiliate=foreign.pk)) == (404, "not_found")
    foreign.refresh_from_db()
    assert foreign.state == "ACTIVE"


# What is done with one


def test_an_affiliate_is_moved(office: Office) -> None:
    ada, bea = office.affiliate("ada"), office.affiliate("bea")
    tier = office.send("mia", "tiers", name="Gold").json()["id"]

    moved = office.send("mia", f"affiliates/{bea.pk}/move", parent=str(ada.pk), reason="came through her").json()
    assert (moved["parent_code"], moved["tier"]) == (ada.code, None)
    moved = office.send("mia", f"affiliates/{bea.pk}/move", tier=tier, reason="sells well").json()
    assert (moved["parent_code"], moved["tier"]) == (ada.code, "Gold")
    assert refusal(office.send("mia", f"affiliates/{bea.pk}/move", reason="x")) == (422, "nothing_changes")
    circle = office.send("mia", f"affiliates/{ada.pk}/move", parent=str(bea.pk), reason="x")
    assert refusal(circle) == (409, "stands_in_a_circle")
    moved = office.send("mia", f"affiliates/{bea.pk}/move", parent=None, reason="on her own").json()
    assert (moved["parent_code"], moved["tier"]) == (None, "Gold")
    assert Standing.objects.filter(affiliate=bea).count() == 4
    assert refusal(office.send("bea", f"affiliates/{bea.pk}/move", tier=None, reason="x")) == (403, "not_permitted")


def test_the_states_of_an_affiliate(office: Office) -> None:
    ada = office.affiliate("ada", is_active=False)

    def become(verb: str, who: str = "sam") -> Any:
        return office.send(who, f"affiliates/{ada.pk}/{verb}", reason="because")

    assert refusal(become("reinstate")) == (409, "wrong_state")
    assert become("activate").json()["state"] == "ACTIVE"
    assert become("suspend").json()["state"] == "SUSPENDED"
    assert refusal(become("reinstate", "ada")) == (403, "not_permitted")
    assert refusal(become("activate")) == (409, "wrong_state")
    assert become("reinstate").json()["state"] == "ACTIVE"
    assert refusal(office.send("sam", f"affiliates/{ada.pk}/close", reason=" ")) == (400, "invalid")
    assert become("close").json()["state"] == "CLOSED"
    assert Entry.objects.filter(action="affiliates.affiliate.closed", payload__reason="because").count() == 1


def test_one_who_is_owed_something_stays_open(office: Office) -> None:
    ada = office.affiliate("ada")
    office.troupe.member("max", by="ada")
    office.troupe.settle("max", "100")

    answer = office.send("sam", f"affiliates/{ada.pk}/close", reason="gone")

    assert refusal(answer) == (409, "still_earning")
    assert params(answer) == {"amount": "10", "asset": "KES"}


# The tree


def family(office: Office) -> dict[str, Affiliate]:
    office.affiliate("ada")
    office.affiliate("bea", under="ada")
    office.affiliate("cy", under="bea")
    office.affiliate("dan", under="ada")
    office.affiliate("eve")
    return office.troupe.affiliates


def tree(office: Office, who: str, **asked: Any) -> dict[str, Any]:
    answer = office.get(who, "affiliates/tree", **asked)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_staff_see_the_tree_from_its_top(office: Office) -> None:
    known = family(office)
    office.troupe.member("max", by="ada")

    top = tree(office, "sam")
    assert top["affiliate"] is None
    assert [(row["name"], row["children"], row["downline"], row["members"]) for row in top["results"]] == [
        ("eve", 0, 0, 0), ("ada", 2, 3, 1),
    ]  # fmt: skip
    under = tree(office, "sam", affiliate=known["bea"].pk)
    assert (under["affiliate"]["name"], [row["name"] for row in under["results"]]) == ("bea", ["cy"])
    assert [row["code"] for row in under["above"]] == [known["ada"].code]
    assert refusal(office.get("sam", "affiliates/tree", affiliate="x")) == (400, "invalid")


def test_an_affiliate_sees_what_stands_under_them_and_nothing_else(office: Office) -> None:
    known = family(office)

    own = tree(office, "bea")
    assert (own["affiliate"]["name"], [row["name"] for row in own["results"]]) == ("bea", ["cy"])
    assert own["above"] == []
    deep = tree(office, "ada", affiliate=known["cy"].pk)
    assert [row["code"] for row in deep["above"]] == [known["bea"].code, known["ada"].code]
    for hidden in ("ada", "dan", "eve"):
        assert refusal(office.get("bea", "affiliates/tree", affiliate=known[hidden].pk)) == (404, "not_found")
    office.person("max")
    assert refusal(office.get("max", "affiliates/tree")) == (403, "not_permitted")


def test_the_tree_is_turned_page_by_page(office: Office) -> None:
    office.affiliate("ada")
    for number in range(52):
        office.troupe.affiliate(f"n{number}", under="ada")

    first = tree(office, "ada")
    assert [row["name"] for row in first["results"]] == [f"n{number}" for number in range(51, 1, -1)]
    second = tree(office, "ada", after=first["after"])
    assert ([row["name"] for row in second["results"]], second["after"]) == (["n1", "n0"], None)


def test_a_level_of_the_tree_takes_as_many_statements_however_deep_and_wide_it_is(office: Office) -> None:
    office.affiliate("n0")
    for number in range(1, 30):
        office.troupe.affiliate(f"n{number}", under=f"n{number - 1}")
    client = office.client("n0")

    def asked(name: str) -> int:
        with CaptureQueriesContext(connection) as statements:
            path = f"/api/v2/affiliates/tree?affiliate={office.troupe.affiliates[name].pk}"
            assert client.get(path).status_code == 200
        return len(statements)

    asked("n1")
    near, far = asked("n1"), asked("n25")
    for number in range(20):
        office.troupe.affiliate(f"wide{number}", under="n25")

    assert near == far == asked("n25")


# Payout methods


def test_an_affiliate_adds_what_they_have_signed_for(office: Office) -> None:
    ada = office.affiliate("ada")
    office.proves("ada", MINE)
    path = f"affiliates/{ada.pk}/payout-methods"

    proven = office.send("ada", path, kind="EVM", destination=ADDRESS)
    assert (proven.status_code, proven.json()["state"]) == (201, "VERIFIED")
    assert proven.json()["destination"] == f"{MINE[:4]}…{MINE[-4:]}"
    other = office.send("ada", path, kind="EVM", destination=checksummed(address(9))).json()
    phone = office.send("ada", path, kind="MPESA", destination="0712 345 678").json()
    assert (other["state"], phone["state"], phone["destination"]) == ("ADDED", "ADDED", "2547…5678")
    assert refusal(office.send("ada", path, kind="MPESA", destination="+254712345678")) == (409, "method_taken")
    assert refusal(office.send("ada", path, kind="MPESA", destination="911")) == (422, "bad_destination")
    assert results(office.get("ada", path)) == [phone["id"], other["id"], proven.json()["id"]]
    assert refusal(office.send("max", path, kind="MPESA", destination="0712345679")) == (403, "not_permitted")

    retired = office.send("ada", f"{path}/{phone['id']}/retire").json()
    assert retired["state"] == "RETIRED"
    assert refusal(office.send("ada", f"{path}/{phone['id']}/retire")) == (409, "wrong_state")


def test_staff_verify_and_nobody_verifies_what_they_added_or_own(office: Office) -> None:
    ada = office.affiliate("ada")
    path = f"affiliates/{ada.pk}/payout-methods"
    phone = office.send("ada", path, kind="MPESA", destination="0712345678").json()["id"]
    added = office.send("mia", path, kind="MPESA", destination="0712345679").json()["id"]
    evidence = {"evidence": "Called back"}

    assert refusal(office.send("ada", f"{path}/{phone}/verify", **evidence)) == (403, "not_permitted")
    key = "key:affiliate.read affiliate.manage"
    assert refusal(office.send(key, f"{path}/{phone}/verify", **evidence)) == (403, "not_permitted")
    assert refusal(office.send("mia", f"{path}/{added}/verify", **evidence)) == (409, "verified_by_oneself")
    assert set(PayoutMethod.objects.values_list("state", flat=True)) == {"ADDED"}

    assert office.send("mia", f"{path}/{phone}/verify", **evidence).json()["state"] == "VERIFIED"
    assert office.send("sam", f"{path}/{added}/verify", **evidence).json()["state"] == "VERIFIED"
    assert Entry.objects.filter(action="affiliates.method.verified", payload__evidence="Called back").count() == 2


def test_staff_do_not_verify_where_they_are_paid_themselves(office: Office) -> None:
    sam = office.affiliate("sam")
    path = f"affiliates/{sam.pk}/payout-methods"
    phone = office.send("mia", path, kind="MPESA", destination="0712345678").json()["id"]

    assert refusal(office.send("sam", f"{path}/{phone}/verify", evidence="x")) == (409, "verified_by_oneself")
    assert PayoutMethod.objects.get().state == "ADDED"


def test_a_method_of_somebody_else_is_not_found_under_one(office: Office) -> None:
    ada, bea = office.affiliate("ada"), office.affiliate("bea")
    phone = office.send("bea", f"affiliates/{bea.pk}/payout-methods", kind="MPESA", destination="0712345678").json()

    path = f"affiliates/{ada.pk}/payout-methods/{phone['id']}"
    assert refusal(office.send("ada", f"{path}/retire")) == (404, "unknown_method")
    assert refusal(office.send("mia", f"{path}/verify", evidence="x")) == (404, "unknown_method")
    assert PayoutMethod.objects.get().state == "ADDED"


# Tiers and their rates


def test_a_tier_is_opened_and_its_rates_are_agreed_on(office: Office) -> None:
    tier = office.send("mia", "tiers", name=" Gold  class ").json()
    assert (tier["name"], tier["rates"]) == ("Gold class", [])
    assert refusal(office.send("mia", "tiers", name="gold CLASS")) == (409, "tier_taken")
    assert refusal(office.send("anton", "tiers", name="Silver")) == (403, "not_permitted")

    office.person("olga")
    payload = {"tier": tier["id"], "direct_rate": "0.2", "override_rate": "0.05"}
    said: dict[str, Any] = {"kind": "affiliates.change_rate", "program": office.troupe.program.slug, "payload": payload}
    proposed = office.send("mia", "proposals", reason="They sell well", **said)
    assert proposed.status_code == 201, proposed.content
    waits = proposed.json()
    assert not Rate.objects.exists()
    olga = with_second_factor(office.client("olga"), office.person("olga"))
    vote = {"revision": waits["revision"], "digest": waits["digest"], "decision": "APPROVE"}
    assert olga.post(f"/api/v2/proposals/{waits['id']}/vote", vote, format="json").status_code == 200

    assert Proposal.objects.get(pk=waits["id"]).state == "EXECUTED"
    [rate] = office.get("audra", f"tiers/{tier['id']}").json()["rates"]
    assert (rate["direct_rate"], rate["override_rate"], rate["number"]) == ("0.2", "0.05", 1)
    assert results(office.get("mia", "tiers", name="GOLD CLASS"), "name") == ["Gold class"]


# Members


def test_a_member_registers_with_an_address_of_their_own(office: Office) -> None:
    ada = office.affiliate("ada")
    sent = {"wallet_address": ADDRESS, "code": ada.code}

    assert refusal(office.send("max", "users/register", once=None, **sent)) == (403, "address_not_proven")
    office.proves("max", MINE)
    asked = office.send("max", "users/register", once=None, **sent)
    assert (asked.status_code, asked.json()["state"]) == (202, "PENDING")
    waiting = office.get("max", f"users/{ADDRESS}").json()
    assert (waiting["member"], waiting["intent"]["id"]) == (None, asked.json()["id"])
    assert refusal(office.get("ann", f"users/{ADDRESS}")) == (404, "not_found")

    office.work()

    known = office.get("max", f"users/{ADDRESS}").json()
    assert known["intent"] is None
    assert (known["member"]["wallet_address"], known["member"]["affiliate_code"]) == (ADDRESS, ada.code)
    assert (known["member"]["state"], known["member"]["user_id"]) == ("REGISTERED", str(office.person("max").pk))
    again = office.send("max", "users/register", once=None, **sent)
    assert (again.status_code, again.json()["state"]) == (202, "COMPLETED")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Member.objects.count() == 1


def test_who_does_not_vouch_proves(office: Office) -> None:
    office.proves("ann", MINE)
    before = counted()

    assert refusal(office.send("max", "users/register", wallet_address=ADDRESS)) == (403, "address_not_proven")
    assert refusal(office.send("key:member.read", "users/register", wallet_address=ADDRESS)) == (403, "not_permitted")
    assert refusal(office.send("audra", "users/register", wallet_address=ADDRESS)) == (403, "not_permitted")
    assert counted() == before


@pytest.mark.parametrize("who", ["key:member.register", "sam"])
def test_a_key_or_staff_vouch(office: Office, who: str) -> None:
    office.send(who, "users/register", once=None, wallet_address=ADDRESS, name="Max")
    office.work()

    assert Member.objects.get().user is None
    assert office.get("sam", f"users/{MINE}").json()["member"]["wallet_address"] == ADDRESS
    other = office.send(who, "users/register", once=None, wallet_address=ADDRESS, name="Moritz")
    assert refusal(other) == (409, "intent_key_conflict")


def test_an_address_is_read_with_its_checksum(office: Office) -> None:
    for wrong in (ADDRESS[:-1], f"{ADDRESS}0", ADDRESS.swapcase(), "max"):
        assert refusal(office.get("sam", f"users/{wrong}")) == (422, "address_makes_no_sense")
    assert refusal(office.get("sam", f"users/{ADDRESS}")) == (404, "not_found")
    assert refusal(office.send("sam", "users/register", wallet_address=ADDRESS.swapcase()))[0] == 422
    assert refusal(office.send("sam", "users/register?wait=99", wallet_address=ADDRESS)) == (400, "invalid")
    assert counted()["Intent"] == 0
