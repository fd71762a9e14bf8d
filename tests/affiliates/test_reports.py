"""Reports take each row once, add up, and stay as they were sent; adjustments take one person or two."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from affiliates import operations
from affiliates.models import Adjustment, Commission, CommissionReport, ReportLine
from affiliates.proposable import propose_commission_adjustment
from affiliates.proposable.adjustments import ADJUST
from identity.models import Membership, Proposal, User
from identity.operations import expire_proposals, recall_proposal, vote
from identity.states import Decision, Role
from tests.affiliates.troupe import Troupe, refused, unknown
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold(troupe: Troupe) -> Troupe:
    troupe.affiliate("ada")
    troupe.affiliate("bea", under="ada")
    troupe.member("max", by="bea")
    return troupe


def draft(troupe: Troupe, *, days: int = 1, end: datetime | None = None) -> int:
    now = timezone.now()
    return operations.draft_reports(program=troupe.program, start=now - timedelta(days=days), end=end or now, at=now)


def report_of(troupe: Troupe, name: str) -> CommissionReport:
    return CommissionReport.objects.get(affiliate=troupe.affiliates[name])


def finalize(troupe: Troupe, *reports: CommissionReport) -> int:
    return operations.finalize_reports(
        [one.pk for one in reports], program_id=troupe.program.pk, at=timezone.now()
    )  # fmt: skip


def test_a_report_selects_what_was_added(sold: Troupe) -> None:
    settlement = sold.settle("max", "1000")
    sold.reverse(settlement, "250")

    assert draft(sold) == 2

    report = report_of(sold, "bea")
    sums = (report.earned, report.clawed_back, report.adjusted, report.total)
    assert sums == tuple(map(Decimal, (100, -25, 0, 75)))
    assert report.lines_count == 2
    assert sold.balance("program:acme:expense") == "90"  # it books nothing


def test_drafting_again_takes_in_what_came_since(sold: Troupe) -> None:
    sold.settle("max", "1000")
    end = timezone.now()
    start = end - timedelta(days=1)

    for at in (end, end + timedelta(minutes=1)):
        assert operations.draft_reports(program=sold.program, start=start, end=end, at=at) == 2

    assert CommissionReport.objects.count() == 2
    assert ReportLine.objects.count() == 2


def test_a_row_stands_in_one_report(sold: Troupe) -> None:
    sold.settle("max", "1000")
    draft(sold)
    assert draft(sold, days=2) == 0
    report, row = report_of(sold, "ada"), Commission.objects.get(type="DIRECT")

    with pytest.raises(IntegrityError), transaction.atomic():
        ReportLine.objects.create(program=sold.program, report=report, commission=row)


@pytest.mark.parametrize(("days", "ahead"), [(-1, 0), (400, 0), (1, 1)])
def test_periods_that_are_none(sold: Troupe, days: int, ahead: int) -> None:
    refused("bad_report_period", lambda: draft(sold, days=days, end=timezone.now() + timedelta(days=ahead)))


def test_what_is_final_stays(sold: Troupe) -> None:
    settlement = sold.settle("max", "1000")
    draft(sold)
    report = report_of(sold, "bea")
    assert finalize(sold, report) == 1
    report.refresh_from_db()

    row = sold.row(settlement)
    line = f"{row.pk} DIRECT 100"
    assert report.digest == hashlib.sha256(line.encode()).hexdigest()
    refused("report_is_final", lambda: finalize(sold, report))
    refused("unknown_report", lambda: operations.finalize_reports([unknown()], program_id=sold.program.pk,
                                                                  at=timezone.now()))  # fmt: skip
    for forge in (
        lambda: CommissionReport.objects.filter(pk=report.pk).update(total=Decimal(1), earned=Decimal(1)),
        lambda: CommissionReport.objects.filter(pk=report.pk).delete(),
        lambda: ReportLine.objects.filter(report=report).delete(),
        lambda: ReportLine.objects.filter(report=report).update(report=report_of(sold, "ada")),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            forge()


def test_what_is_voided_is_not_reported(sold: Troupe) -> None:
    settlement = sold.settle("max", "1000")
    draft(sold)
    operations.void_commission(sold.row(settlement).pk, program_id=sold.program.pk, reason="fraud", at=timezone.now())

    finalize(sold, report_of(sold, "bea"))

    assert report_of(sold, "bea").total == 0


def test_a_report_is_paid_when_its_rows_are(sold: Troupe) -> None:
    settlement = sold.settle("max", "1000")
    draft(sold)
    report = report_of(sold, "bea")

    def mark() -> CommissionReport:
        return operations.mark_report_paid(report.pk, program_id=sold.program.pk, at=timezone.now())

    finalize(sold, report)
    refused("rows_unpaid", mark, count=1)
    sold.mature()
    sold.pay_out("bea")
    assert mark().state == "PAID"
    refused("wrong_state", mark)
    sold.reverse(settlement, "1000")
    sold.require_order()


# Adjustments


def adjust(troupe: Troupe, name: str, amount: str, **more: Any) -> Adjustment:
    asked: dict[str, Any] = {"asset_code": "KES", "reason": "put right", "key": f"k{next(troupe.numbers)}", **more}
    return operations.adjust_commission(
        troupe.affiliates[name].pk, program_id=troupe.program.pk, amount=Decimal(amount), at=timezone.now(), **asked
    )


def test_one_person_adjusts_so_much_a_day(sold: Troupe) -> None:
    first = adjust(sold, "ada", "60", key="first")

    assert adjust(sold, "ada", "60", key="first") == first
    refused("adjustment_conflict", lambda: adjust(sold, "ada", "61", key="first"))
    refused("commission_adjustment_needs_two", lambda: adjust(sold, "ada", "-40.01"), asked="100.01", most="100")
    refused("commission_adjustment_needs_two", lambda: adjust(sold, "ada", "1", asset_code="USDC"))
    refused("not_this_asset", lambda: adjust(sold, "ada", "1", asset_code="GOLD"))
    refused("bad_amount", lambda: adjust(sold, "ada", "0"))
    adjust(sold, "ada", "-40")
    assert sold.owed("ada") == "20"
    assert sold.rows() == ["ada ADJUSTMENT 60 DUE", "ada ADJUSTMENT -40 DUE"]
    sold.require_order()


def test_an_adjustment_of_a_draft_stands_in_it(sold: Troupe) -> None:
    sold.settle("max", "1000")
    draft(sold)
    report = report_of(sold, "ada")

    adjust(sold, "ada", "5", report_id=report.pk)

    refused("unknown_report", lambda: adjust(sold, "bea", "5", report_id=report.pk))
    finalize(sold, report)
    report.refresh_from_db()
    assert (report.adjusted, report.total) == (Decimal(5), Decimal(25))
    refused("report_is_final", lambda: adjust(sold, "ada", "5", report_id=report.pk))


@pytest.fixture
def maker(troupe: Troupe) -> User:
    for email, role in (("mia@example.com", Role.FINANCE_MAKER), ("anton@example.com", Role.FINANCE_APPROVER)):
        MembershipFactory(user=UserFactory(email=email), program=troupe.program, role=role)
    Membership.objects.update(created_at=timezone.now() - timedelta(days=9))
    mia: User = User.objects.get(email="mia@example.com")
    return mia


def proposed(troupe: Troupe, maker: User, **more: Any) -> Adjustment:
    asked: dict[str, Any] = {"amount": Decimal(5000), "asset_code": "KES", "reason": "owed", "key": "large", **more}
    return propose_commission_adjustment(
        troupe.affiliates["ada"].pk, program=troupe.program, by=maker, at=timezone.now(), **asked
    )


def decide(proposal: Proposal, decision: Decision) -> None:
    by = User.objects.get(email="anton@example.com")
    vote(proposal.pk, digest=proposal.digest, revision=1, decision=decision, by=by, at=timezone.now())


def test_a_large_adjustment_takes_two(sold: Troupe, maker: User) -> None:
    adjustment = proposed(sold, maker)
    assert adjustment.state == "PROPOSED"
    assert proposed(sold, maker) == adjustment
    refused("adjustment_conflict", lambda: proposed(sold, maker, amount=Decimal(5001)))
    assert sold.owed("ada") == "0"

    proposal = Proposal.objects.get(kind=ADJUST)
    decide(proposal, Decision.APPROVE)

    adjustment.refresh_from_db()
    assert (adjustment.state, sold.owed("ada")) == ("APPLIED", "5000")
    sold.require_order()


def recalled(proposal: Proposal, maker: User) -> None:
    recall_proposal(proposal.pk, reason="a mistake", by=maker, at=timezone.now())


def rejected(proposal: Proposal, _maker: User) -> None:
    decide(proposal, Decision.REJECT)


def expired(proposal: Proposal, _maker: User) -> None:
    assert expire_proposals(at=proposal.expires_at) == 1


@pytest.mark.parametrize("end", [recalled, rejected, expired])
def test_an_adjustment_that_nobody_agrees_to_comes_to_nothing(
    sold: Troupe, maker: User, end: Callable[[Proposal, User], None]
) -> None:
    adjustment = proposed(sold, maker)

    end(Proposal.objects.get(kind=ADJUST), maker)

    adjustment.refresh_from_db()
    assert (adjustment.state, sold.owed("ada")) == ("REJECTED", "0")
