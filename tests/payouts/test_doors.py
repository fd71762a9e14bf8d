"""Payouts over HTTP: the API, the back office, and what an affiliate sees."""

import hashlib
import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from rest_framework.test import APIClient

from identity.models import Proposal, User
from identity.states import Role
from payouts import rules
from payouts.models import Attempt, Brake, PayoutBatch
from payouts.queries.batches import items_of
from tests.conftest import member
from tests.factories import UserFactory
from tests.payouts.house import House, unknown
from tests.payouts.till import TILL
from tests.signed_in import BACKEND, with_second_factor

pytestmark = pytest.mark.django_db


class Caller:
    """Somebody who works with the API, in one program."""

    def __init__(self, house: House, user: User, *, fresh: bool = True) -> None:
        self._house, client = house, APIClient()
        if fresh:
            self.client = with_second_factor(client, user)
        else:
            client.force_login(user, backend=BACKEND)
            self.client = client

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(f"/api/v2/payouts{path}", query, headers=self._headers())

    def post(self, path: str, key: str = "", **body: Any) -> Any:
        return self.client.post(
            f"/api/v2/payouts{path}", body, format="json", headers=self._headers(key or uuid4().hex)
        )

    def _headers(self, key: str = "") -> dict[str, str]:
        return {"X-Program": self._house.program.slug, **({"Idempotency-Key": key} if key else {})}


@pytest.fixture
def house(house_of_two: House) -> House:
    house_of_two.funds("1000")
    return house_of_two


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_two_people_pay_over_the_api(house: House) -> None:
    house.earns("ada", "120.5")
    house.earns("bea", "4")
    mia, anton = Caller(house, house.maker), Caller(house, house.approver)

    begun = mia.post("/batch", key="week-47", asset="KES", note="Week 47")
    assert begun.status_code == 201
    assert mia.post("/batch", key="week-47", asset="KES", note="Week 47").json() == begun.json()
    batch = f"/batch/{begun.json()['id']}"
    collected = mia.post(f"{batch}/collect").json()
    assert (collected["ready"], collected["left_out"]) == (1, 1)
    submitted = mia.post(f"{batch}/submit", reason="The week").json()
    assert (submitted["state"], submitted["count"], submitted["total"]) == ("PENDING_APPROVAL", 1, "120")
    assert submitted["flags"] == {"new_payee": 1}
    seen = {"revision": submitted["revision"], "digest": submitted["digest"]}

    assert said(mia.post(f"{batch}/approve", **seen)) == (403, "voter_is_maker")
    assert said(anton.post(f"{batch}/approve", revision=1, digest="0" * 64)) == (409, "proposal_changed")
    assert said(Caller(house, house.approver, fresh=False).post(f"{batch}/approve", **seen)) == (
        403, "second_factor_required",
    )  # fmt: skip
    assert said(mia.post(f"{batch}/execute")) == (409, "wrong_state")
    assert anton.post(f"{batch}/approve", **seen).json()["state"] == "APPROVED"
    assert said(Caller(house, house.maker, fresh=False).post(f"{batch}/execute")) == (403, "second_factor_required")
    assert mia.post(f"{batch}/execute").json()["state"] == "PROCESSING"
    house.send()

    [paid] = anton.get("", state="PAID").json()["results"]
    assert (paid["amount"], paid["carried"], paid["attempts"][0]["state"]) == ("120", "0.5", "CONFIRMED")
    assert anton.get("", reference=paid["attempts"][0]["reference"]).json()["results"] == [paid]
    [left_out] = anton.get("", state="EXCLUDED").json()["results"]
    assert (left_out["why"], left_out["amount"]) == ("below_minimum", "4")
    assert anton.get(batch).json()["state"] == "EXECUTED"


def test_the_proof_is_enough_to_work_the_digest_out_again(house: House) -> None:
    house.earns("ada", "120")
    house.earns("bea", "50")
    batch = house.approved()
    proof = Caller(house, house.approver).get(f"/batch/{batch.pk}/proof").json()

    document = {name: proof[name] for name in ("asset", "batch", "items", "revision")}
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(canonical.encode()).hexdigest() == proof["digest"] == batch.digest
    assert [maker["role"] for maker in proof["makers"]] == ["CREATED", "COLLECTED", "SUBMITTED"]
    assert [(vote["name"], vote["decision"]) for vote in proof["votes"]] == [("Anton", "APPROVE")]
    # Another amount is another digest.
    items = list(items_of(batch))
    assert rules.digest_of(str(batch.pk), 1, "KES", items[:1]) != batch.digest


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("/batch", {"asset": "XYZ"}, (422, "bad_batch")),
        ("/batch", {"asset": "GOLD"}, (422, "bad_batch")),
        ("/batch", {"asset": "KES", "accounts": ["nowhere"]}, (422, "bad_batch")),
        ("/batch", {"asset": "KES\x00"}, (400, "malformed")),
        ("/batch", {"asset": "KES", "note": "x" * 201}, (400, "invalid")),
        ("/batch", {}, (400, "invalid")),
        ("/batch/{batch}/add", {"payee": str(unknown())}, (404, "unknown_payee")),
        ("/batch/{batch}/add", {"payee": "ada"}, (400, "invalid")),
        ("/batch/{batch}/add", {"payee": "{ada}"}, (409, "payout_is_open")),
        ("/batch/{batch}/add", {"payee": "{eve}"}, (409, "nothing_to_pay")),
        ("/batch/{batch}/remove", {"payout": str(unknown()), "reason": "x"}, (404, "unknown_payout")),
        ("/batch/{batch}/submit", {}, (400, "invalid")),
        ("/batch/{batch}/approve", {"revision": 1, "digest": "x"}, (400, "invalid")),
        ("/batch/{batch}/approve", {"revision": 1, "digest": "0" * 64}, (409, "wrong_state")),
        ("/batch/{batch}/execute", {}, (409, "wrong_state")),
        ("/batch/{batch}/recall", {"reason": "x"}, (409, "wrong_state")),
        ("/batch/" + str(unknown()) + "/submit", {"reason": "x"}, (404, "not_found")),
        ("/{payout}/retry", {"reason": "x"}, (409, "wrong_state")),
        ("/{payout}/release", {"reason": "x"}, (409, "wrong_state")),
        ("/{payout}/resolve", {"reason": "x", "outcome": "PAID"}, (409, "outcome_is_known")),
        ("/{payout}/resolve", {"reason": "x", "outcome": "MAYBE"}, (400, "invalid")),
        ("/restart", {"reason": "x"}, (409, "payouts_not_stopped")),
        ("/stop", {"reason": "  "}, (400, "invalid")),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    house: House, path: str, body: dict[str, Any], answer: tuple[int, str]
) -> None:
    house.earns("ada", "120")
    eve = house.troupe.affiliate("eve")
    batch, ada = house.collected(), house.troupe.affiliates["ada"]
    before = house.payouts(batch)
    names = {"{ada}": str(ada.pk), "{eve}": str(eve.pk)}
    body = {name: names.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
    path = path.replace("{batch}", str(batch.pk)).replace("{payout}", str(house.payout("ada").pk))

    assert said(Caller(house, house.maker).post(path, **body)) == answer

    assert house.payouts(batch) == before
    assert house.state(batch) == "DRAFT"
    assert PayoutBatch.objects.count() == 1
    assert not Brake.objects.filter(is_on=True).exists()


def test_an_affiliate_sees_their_own_and_nothing_else(house: House) -> None:
    person = member(UserFactory(email="ada@example.com"), house.program, Role.AFFILIATE)
    house.troupe.affiliate("ada", user=person)
    house.earns("ada", "120")
    house.earns("bea", "50")
    batch = house.started()
    house.send()
    ada = Caller(house, person)

    assert [row["amount"] for row in ada.get("").json()["results"]] == ["120"]
    assert ada.get(f"/{house.payout('bea').pk}").status_code == 404
    assert ada.get("/batch").status_code == 403
    assert ada.get(f"/batch/{batch.pk}").status_code in (403, 404)
    page = ada.client.get(f"/affiliate/in/{house.program.slug}/payouts/").content.decode()
    assert Attempt.objects.get(payout=house.payout("ada")).receipt in page
    assert Attempt.objects.get(payout=house.payout("bea")).receipt not in page


def test_somebody_stops_everything_and_two_start_again(house: House) -> None:
    bob = member(UserFactory(email="sue@example.com"), house.program, Role.SUPPORT)
    house.earns("ada", "120")
    house.started()

    stopped = Caller(house, bob, fresh=False).post("/stop", reason="Something is wrong")
    assert stopped.json() == {"is_on": True, "in_the_air": 0}
    house.send()
    assert TILL.calls == []

    assert said(Caller(house, bob).post("/restart", reason="Fine")) == (403, "not_permitted")
    proposed = Caller(house, house.maker).post("/restart", reason="It was a false alarm")
    assert proposed.status_code == 201
    assert Caller(house, house.maker).get("/stop").json()["is_on"] is True


# The back office


def office(user: User) -> Client:
    return with_second_factor(Client(), user)


def test_a_batch_goes_its_way_in_the_back_office(house: House) -> None:
    house.earns("ada", "120")
    house.earns("dan", "80", method=False)
    mia, anton = office(house.maker), office(house.approver)
    asked = {"program": house.program.slug, "asset": "KES", "note": "Week 47", "accounts": "", "key": str(uuid4())}

    answer = mia.post("/admin/payouts/payoutbatch/begin/", asked)
    batch = PayoutBatch.objects.get()
    page = f"/admin/payouts/payoutbatch/{batch.pk}"
    assert answer.headers["Location"] == f"{page}/change/"
    mia.post(f"{page}/collect/")
    shown = mia.get(f"{page}/change/").content.decode()
    assert "There is nowhere to pay it to" in shown
    assert "Paid for the first time" in shown
    mia.post(f"{page}/submit/", {"reason": "The week"})
    assert house.state(batch) == "PENDING_APPROVAL"

    seen = f"{batch.pk}:{batch.revision}:{batch.digest}"
    mia.post("/admin/payouts/payoutbatch/approve/", {"pk": str(batch.pk), "seen": seen, "reason": "x"})
    assert house.state(batch) == "PENDING_APPROVAL", "a maker has no vote here either"
    stale = f"{batch.pk}:{batch.revision}:{'0' * 64}"
    anton.post("/admin/payouts/payoutbatch/approve/", {"pk": str(batch.pk), "seen": stale, "reason": "x"})
    assert house.state(batch) == "PENDING_APPROVAL", "it is not what was looked at"
    anton.post("/admin/payouts/payoutbatch/approve/", {"pk": str(batch.pk), "seen": seen, "reason": "Fine"})
    assert house.state(batch) == "APPROVED"
    anton.post(f"{page}/execute/")
    assert house.state(batch) == "PROCESSING"
    house.send()
    assert "1 of 1 settled" in anton.get(f"{page}/change/").content.decode()
    assert anton.get(f"{page}/proof/").json()["digest"] == batch.digest


def test_without_a_fresh_second_factor_nothing_is_sent(house: House) -> None:
    house.earns("ada", "120")
    batch = house.approved()
    mia = Client()
    mia.force_login(house.maker, backend=BACKEND)

    mia.post(f"/admin/payouts/payoutbatch/{batch.pk}/execute/")
    mia.post("/admin/payouts/payoutbatch/execute/", {"pk": str(batch.pk), "reason": "x"})

    assert house.state(batch) == "APPROVED"


def test_what_nobody_knows_is_said_by_two_in_the_back_office(house: House) -> None:
    house.earns("ada", "120")
    TILL.behaves = lambda order: "unclear"
    batch = house.started()
    house.send()
    payout = house.payout("ada")
    mia = office(house.maker)
    assert "Say what came of it" in mia.get(f"/admin/payouts/payout/{payout.pk}/change/").content.decode()
    assert "nobody knows" in mia.get(f"/admin/payouts/payoutbatch/{batch.pk}/change/").content.decode()

    mia.post(
        f"/admin/payouts/payout/{payout.pk}/resolve/",
        {"outcome": "PAID", "receipt": "UC16XYZ789", "reason": "It is on the rail's statement of the 21st"},
    )
    proposal = Proposal.objects.get(kind="payouts.declare_outcome")
    assert house.payouts(batch) == ["ada 120 UNKNOWN unknown"]
    office(house.approver).post(
        f"/admin/identity/proposal/{proposal.pk}/vote/",
        {"revision": 1, "digest": proposal.digest, "decision": "APPROVE", "comment": ""},
    )

    assert house.payouts(batch) == ["ada 120 PAID"]
    assert house.payout("ada").receipt == "UC16XYZ789"
    house.require_order()


def test_the_page_of_the_desks_says_what_is_there(house: House) -> None:
    house.earns("ada", "900")
    house.earns("bea", "300")
    house.approved()

    page = office(house.approver).get("/admin/payouts/payoutbatch/desks/").content.decode()

    assert "1,000.00 KES" in page
    assert "1,200.00 KES" in page
    assert "More is approved than is there." in page
    office(house.approver).post(
        "/admin/payouts/payoutbatch/stop/", {"program": house.program.slug, "reason": "Something is wrong"}
    )
    assert "everything is stopped" in office(house.approver).get("/admin/payouts/payoutbatch/desks/").content.decode()


def test_metrics_and_the_first_page_say_what_waits(house: House) -> None:
    house.earns("ada", "120")
    house.earns("bea", "50")
    TILL.behaves = lambda order: "unclear" if order.amount == 120 else "paid"
    house.started()
    house.send()

    metrics = Client().get("/metrics").content.decode()
    assert 'countinghouse_payouts_unknown{account="shop"} 1.0' in metrics
    assert 'countinghouse_payout_attempts{account="shop",state="confirmed"} 1.0' in metrics
    page = office(house.approver).get("/admin/").content.decode()
    assert "1 payout of which nobody knows" in page
