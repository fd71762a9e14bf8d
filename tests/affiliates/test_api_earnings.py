"""Commissions, what other rates would have come to, reports and adjustments, over HTTP."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from uuid_utils.compat import uuid7

from affiliates import operations
from affiliates.models import Adjustment, Commission, CommissionReport
from identity.models import Proposal
from tests.affiliates.factories import AdjustmentFactory, ClaimFactory, CommissionReportFactory, RateFactory
from tests.affiliates.office import Office, counted, office, params, refusal, results
from tests.affiliates.troupe import Troupe
from tests.signed_in import with_second_factor

__all__ = ["office"]

pytestmark = pytest.mark.django_db

ROWS = "affiliates/commissions"


def sold(office: Office, amount: str = "100") -> Commission:
    """Return what bea earns from a sale; ada stands above her. Both sign in."""
    office.affiliate("ada")
    office.affiliate("bea", under="ada")
    office.troupe.member("max", by="bea")
    return office.troupe.row(office.troupe.settle("max", amount))


# Figures and rows


def test_the_figures_of_an_affiliate(office: Office) -> None:
    row = sold(office)
    office.troupe.settle("max", "50")
    office.troupe.change("hold", row)
    ada, bea = (office.troupe.affiliates[name] for name in ("ada", "bea"))

    shown = office.get("bea", f"affiliates/{bea.pk}/stats").json()
    assert (shown["clicks"], shown["members"], shown["settlements"], shown["downline"]) == (0, 1, 2, 0)
    [kes] = shown["earnings"]
    assert (kes["asset"], kes["settled"], kes["direct"], kes["override"]) == ("KES", "150", "15", "0")
    assert (kes["accrued"], kes["held"], kes["due"], kes["unpaid"]) == ("5", "10", "0", "15")
    above = office.get("ada", f"affiliates/{ada.pk}/stats").json()
    assert (above["downline"], above["earnings"][0]["override"]) == (1, "3")
    assert refusal(office.get("bea", f"affiliates/{ada.pk}/stats")) == (404, "not_found")


def test_a_row_says_how_it_came_about_and_why_it_waits(office: Office) -> None:
    row = sold(office)
    bea = office.troupe.affiliates["bea"]

    [shown] = office.get("bea", f"affiliates/{bea.pk}/commissions").json()["results"]
    assert {name: shown[name] for name in ("base", "rate", "exact", "amount", "rate_from")} == {
        "base": "100", "rate": "0.1", "exact": "10", "amount": "10", "rate_from": "the program's",
    }  # fmt: skip
    assert (shown["settlement_id"], shown["type"], shown["state"]) == (str(row.settlement_id), "DIRECT", "ACCRUED")
    why = shown["why_not"]
    assert ([one["code"] for one in why["obstacles"]], why["clears_at"], why["is_payable"]) == (
        ["hold_period", "no_method", "below_minimum"], None, False,
    )  # fmt: skip
    assert why["obstacles"][0]["clears_at"] is not None


def test_a_row_says_when_what_keeps_it_back_is_over(office: Office) -> None:
    row = sold(office)
    office.send("bea", f"affiliates/{row.affiliate_id}/payout-methods", kind="MPESA", destination="0712345678")
    row.affiliate.methods.update(state="VERIFIED", verified_at=timezone.now(), usable_at=timezone.now() + timedelta(2))
    office.troupe.mature()

    why = office.get("bea", f"{ROWS}/{row.pk}").json()["why_not"]
    assert [one["code"] for one in why["obstacles"]] == ["method_cooling"]
    assert why["clears_at"] == why["obstacles"][0]["clears_at"]
    office.troupe.pay_out("bea")
    assert office.get("bea", f"{ROWS}/{row.pk}").json()["why_not"] is None


def test_commissions_are_listed_and_narrowed(office: Office, other: Troupe) -> None:
    row = sold(office)
    other.affiliate("zoe")
    other.member("zack", by="zoe")
    foreign = other.row(other.settle("zack", "5"))
    override = office.troupe.row(row.settlement, "OVERRIDE")  # type: ignore[arg-type]

    def found(who: str = "audra", **asked: Any) -> list[str]:
        return sorted(results(office.get(who, ROWS, **asked)))

    both = sorted([str(row.pk), str(override.pk)])
    assert found() == both == found(ordering="-accrued_at")
    assert found(type="OVERRIDE") == [str(override.pk)] == found(affiliate=override.affiliate_id) == found("ada")
    assert found(settlement=row.settlement_id) == both == found(state="ACCRUED")
    assert found(asset="USDC") == [] == found(after=timezone.now().isoformat())
    assert found("bea") == [str(row.pk)]
    assert refusal(office.get("audra", f"{ROWS}/{foreign.pk}")) == (404, "not_found")
    assert refusal(office.get("bea", f"{ROWS}/{override.pk}")) == (404, "not_found")
    bea = office.troupe.affiliates["bea"].pk
    assert results(office.get("audra", f"affiliates/{bea}/commissions", type="OVERRIDE")) == []


LISTS = [
    "affiliates", ROWS, "tiers", "enterprise/settlements", "commissions/reports", "commissions/adjustments", "claims",
]  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_a_page_asks_no_more_for_more_rows(office: Office, path: str) -> None:
    client = office.client("audra")

    def asked(rows: int) -> int:
        with CaptureQueriesContext(connection) as statements:
            assert len(client.get(f"/api/v2/{path}").json()["results"]) >= rows
        return len(statements)

    more(office, "a", under=None)
    asked(1)
    few = asked(1)
    for name in "bcde":
        more(office, name, under="a")

    assert asked(5) == few


def more(office: Office, name: str, *, under: str | None) -> None:
    """Add a row to each list."""
    troupe, now = office.troupe, timezone.now()
    tier = operations.open_tier(program=troupe.program, name=name, at=now)
    RateFactory(tier=tier)
    affiliate = troupe.affiliate(name, under=under, tier_id=tier.pk)
    member = troupe.member(f"member-{name}", by=name)
    troupe.settle(f"member-{name}", "10")
    AdjustmentFactory(affiliate=affiliate, asset__code="KES")
    ClaimFactory(program=troupe.program, member=member)
    CommissionReportFactory(affiliate=affiliate)


# What is done with them


def test_rows_are_held_released_and_voided(office: Office) -> None:
    row = sold(office)

    held = office.send("anton", f"{ROWS}/{row.pk}/hold", reason="looks odd").json()
    assert (held["state"], held["held_reason"]) == ("HELD", "looks odd")
    assert held["why_not"]["obstacles"][0]["code"] == "held"
    assert refusal(office.send("anton", f"{ROWS}/{row.pk}/hold", reason="again")) == (409, "wrong_state")
    assert refusal(office.send("bea", f"{ROWS}/{row.pk}/release", reason="mine")) == (403, "not_permitted")
    released = office.send("mia", f"{ROWS}/{row.pk}/release", reason="fine").json()
    assert (released["state"], released["held_reason"]) == ("ACCRUED", "")
    assert refusal(office.send("anton", f"{ROWS}/{row.pk}/void", reason="x")) == (403, "not_permitted")
    assert refusal(office.send("mia", f"{ROWS}/{row.pk}/void", reason="")) == (400, "invalid")
    assert office.troupe.owed("bea") == "10"
    voided = office.send("mia", f"{ROWS}/{row.pk}/void", reason="a test order").json()
    assert (voided["state"], voided["reason"]) == ("VOIDED", "a test order")
    assert office.troupe.owed("bea") == "0"
    office.troupe.require_order()


def test_many_are_done_each_by_itself(office: Office, other: Troupe) -> None:
    rows = [sold(office), office.troupe.row(office.troupe.settle("max", "50"))]
    other.affiliate("zoe")
    other.member("zack", by="zoe")
    foreign = other.row(other.settle("zack", "5"))
    missing = uuid7()
    ids = [str(one) for one in (rows[0].pk, foreign.pk, rows[1].pk, missing)]

    def came(who: str, verb: str, **more: Any) -> list[tuple[bool, str | None]]:
        answer = office.send(who, f"{ROWS}/bulk", **{"verb": verb, "ids": ids, "reason": "because", **more})
        assert answer.status_code == 200, answer.content
        assert results(answer) == ids
        return [(one["is_done"], one["state"] or one["code"]) for one in answer.json()["results"]]

    no = (False, "unknown_commission")
    assert came("anton", "hold") == [(True, "HELD"), no, (True, "HELD"), no]
    assert came("anton", "hold") == [(False, "wrong_state"), no, (False, "wrong_state"), no]
    assert came("anton", "release") == [(True, "ACCRUED"), no, (True, "ACCRUED"), no]
    body: dict[str, Any] = {"verb": "void", "ids": ids, "reason": "because"}
    assert refusal(office.send("anton", f"{ROWS}/bulk", **body)) == (403, "not_permitted")
    assert refusal(office.send("mia", f"{ROWS}/bulk", **{**body, "ids": []})) == (400, "invalid")
    assert refusal(office.send("mia", f"{ROWS}/bulk", **{**body, "verb": "pay"})) == (400, "invalid")
    too_many = [str(uuid7()) for _ in range(201)]
    assert refusal(office.send("mia", f"{ROWS}/bulk", **{**body, "ids": too_many})) == (400, "invalid")
    assert office.troupe.owed("bea") == "15"
    assert came("mia", "void") == [(True, "VOIDED"), no, (True, "VOIDED"), no]
    assert office.troupe.owed("bea") == "0"
    foreign.refresh_from_db()
    assert foreign.state == "ACCRUED"
    office.troupe.require_order()


def test_what_other_rates_would_have_come_to(office: Office) -> None:
    row = sold(office)
    period = {"start": (timezone.now() - timedelta(1)).isoformat(), "end": timezone.now().isoformat()}
    wish = {"direct_rate": "0.2", "override_rate": "0.05", **period}
    before = counted()

    def asked(who: str = "audra", **more: Any) -> Any:
        return office.send(who, "rates/what-if", once=None, **{**wish, **more})

    assert asked().json()["results"] == [
        {"asset": "KES", "settlements": 1, "was_direct": "10", "was_override": "2", "would_be_direct": "20",
         "would_be_override": "5", "difference": "13"},
    ]  # fmt: skip
    own = asked(affiliate=str(row.affiliate_id)).json()["results"][0]
    assert (own["would_be_direct"], own["would_be_override"]) == ("20", "2")
    assert refusal(asked(direct_rate="0.99")) == (422, "bad_rates")
    assert refusal(asked(direct_rate="1.5", override_rate="0")) == (422, "bad_rates")
    assert refusal(asked(end=period["start"])) == (422, "bad_report_period")
    assert refusal(asked(tier=str(uuid7()))) == (404, "unknown_tier")
    assert refusal(asked(affiliate=str(uuid7()))) == (404, "unknown_affiliate")
    assert refusal(asked("bea")) == (403, "not_permitted")
    assert counted() == before


# Reports


def draft(office: Office) -> CommissionReport:
    """Return the draft of what bea earned so far."""
    end = timezone.now()
    answer = office.send("mia", "commissions/reports", start=(end - timedelta(1)).isoformat(), end=end.isoformat())
    assert answer.status_code == 201, answer.content
    return CommissionReport.objects.get(affiliate__party__name="bea")


def test_a_period_is_drafted_made_final_and_taken_as_paid(office: Office) -> None:
    row = sold(office)
    report = draft(office)
    path = f"commissions/reports/{report.pk}"

    shown = office.get("audra", path).json()
    assert (shown["state"], shown["lines_count"], shown["total"]) == ("DRAFT", 1, "10")
    assert results(office.get("audra", f"{path}/lines")) == [str(row.pk)]
    # Drafts are not the affiliate's to see.
    for hidden in (path, f"{path}/lines", f"{path}/adjustments"):
        assert refusal(office.get("bea", hidden)) == (404, "not_found")
    assert results(office.get("bea", "commissions/reports")) == []
    assert refusal(office.send("anton", f"{path}/finalize")) == (403, "not_permitted")

    final = office.send("mia", f"{path}/finalize").json()
    assert (final["state"], len(final["digest"])) == ("FINALIZED", 64)
    assert refusal(office.send("mia", f"{path}/finalize")) == (409, "report_is_final")
    assert results(office.get("bea", "commissions/reports")) == [str(report.pk)]
    assert results(office.get("bea", f"{path}/lines")) == [str(row.pk)]
    assert refusal(office.get("ada", path)) == (404, "not_found")
    assert refusal(office.send("mia", f"{path}/mark-paid")) == (409, "rows_unpaid")
    office.troupe.mature()
    office.troupe.pay_out("bea")
    assert office.send("mia", f"{path}/mark-paid").json()["state"] == "PAID"


def test_reports_are_listed_and_periods_refused(office: Office) -> None:
    sold(office)
    report = draft(office)
    now = timezone.now()

    def found(**asked: Any) -> list[str]:
        return results(office.get("audra", "commissions/reports", **asked))

    assert len(found()) == 2
    assert found(affiliate=report.affiliate_id) == [str(report.pk)]
    assert found(state="FINALIZED") == [] == found(asset="USDC") == found(after=now.isoformat())
    for start, end in ((now, now - timedelta(1)), (now - timedelta(400), now), (now, now + timedelta(1))):
        answer = office.send("mia", "commissions/reports", start=start.isoformat(), end=end.isoformat())
        assert refusal(answer) == (422, "bad_report_period")
    assert CommissionReport.objects.count() == 2


# Adjustments


def test_a_little_is_adjusted_by_one(office: Office) -> None:
    sold(office)
    path = f"commissions/reports/{draft(office).pk}/adjustments"

    made = office.send("mia", path, amount="-2.5", reason="agreed by phone", once="adjust-1")
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["amount"], body["state"], body["proposal"]) == ("-2.5", "APPLIED", None)
    assert (office.send("mia", path, amount="-2.5", reason="agreed by phone", once="adjust-1").json()) == body
    assert office.troupe.owed("bea") == "7.5"
    assert results(office.get("audra", path)) == [body["id"]] == results(office.get("audra", "commissions/adjustments"))
    for wrong, code in (
        ({"amount": "0"}, (422, "bad_amount")), ({"amount": "1.00001"}, (422, "amount_too_fine")),
        ({"amount": 1}, (400, "invalid")), ({"reason": ""}, (400, "invalid")),
    ):  # fmt: skip
        sent: dict[str, Any] = {"amount": "1", "reason": "x", **wrong}
        assert refusal(office.send("mia", path, **sent)) == code
    for who in ("sam", "anton", "bea"):
        assert office.send(who, path, amount="1", reason="x").status_code in (403, 404)
    assert Adjustment.objects.count() == 1


def test_more_takes_two(office: Office) -> None:
    sold(office)
    office.person("olga")
    report = draft(office)
    path = f"commissions/reports/{report.pk}/adjustments"
    sent: dict[str, Any] = {"amount": "100.01", "reason": "a bonus"}
    before = counted()

    refused = office.send("mia", path, **sent)
    assert refusal(refused) == (409, "commission_adjustment_needs_two")
    assert params(refused)["most"] == "100"
    assert (counted(), Adjustment.objects.count()) == (before, 0)

    asked = office.send("mia", path, propose=True, **sent)
    assert asked.status_code == 202, asked.content
    body = asked.json()
    assert body["state"] == "PROPOSED"
    assert office.troupe.owed("bea") == "10"
    waits = Proposal.objects.get(pk=body["proposal"])
    olga = with_second_factor(office.client("olga"), office.person("olga"))
    vote = {"revision": waits.revision, "digest": waits.digest, "decision": "APPROVE"}
    assert olga.post(f"/api/v2/proposals/{waits.pk}/vote", vote, format="json").status_code == 200

    [shown] = office.get("audra", "commissions/adjustments", affiliate=report.affiliate_id).json()["results"]
    assert (shown["id"], shown["state"], shown["amount"]) == (body["id"], "APPLIED", "100.01")
    assert office.troupe.owed("bea") == "110.01"
    assert results(office.get("audra", "commissions/adjustments", state="PROPOSED")) == []
    assert Commission.objects.get(type="ADJUSTMENT").amount == Decimal("100.01")
    office.troupe.require_order()


def test_nobody_adjusts_alone_what_they_earn_themselves(office: Office) -> None:
    office.affiliate("mia")
    office.troupe.member("max", by="mia")
    office.troupe.settle("max", "100")
    end = timezone.now()
    office.send("olga", "commissions/reports", start=(end - timedelta(1)).isoformat(), end=end.isoformat())
    path = f"commissions/reports/{CommissionReport.objects.get().pk}/adjustments"

    assert refusal(office.send("mia", path, amount="1", reason="I work hard")) == (409, "adjusts_oneself")
    assert (office.troupe.owed("mia"), Adjustment.objects.count()) == ("10", 0)
    assert office.send("mia", path, amount="1", reason="I work hard", propose=True).status_code == 202
    assert office.send("olga", path, amount="1", reason="She works hard").status_code == 201


def test_a_final_report_is_not_adjusted(office: Office) -> None:
    sold(office)
    report = draft(office)
    office.send("mia", f"commissions/reports/{report.pk}/finalize")
    path = f"commissions/reports/{report.pk}/adjustments"

    assert refusal(office.send("mia", path, amount="1", reason="x")) == (409, "report_is_final")
    assert refusal(office.send("mia", path, amount="1", reason="x", propose=True))[0] in (404, 409)
    assert not Adjustment.objects.exists()
