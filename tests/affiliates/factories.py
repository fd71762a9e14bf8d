"""Rows of affiliates with boring defaults, for tests of who sees them; a test names what matters to it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from affiliates.models import (
    Adjustment,
    Affiliate,
    Claim,
    Click,
    Commission,
    CommissionReport,
    Member,
    PayoutMethod,
    Purse,
    Rate,
    ReportLine,
    Reversal,
    Settlement,
    Standing,
    Tally,
    Tier,
)
from tests.factories import AccountFactory, AssetFactory, PartyFactory, ProgramFactory, TransactionFactory


class AffiliateFactory(DjangoModelFactory[Affiliate]):
    """An active affiliate without an account; what takes one in is `affiliates.operations.register_affiliate`."""

    class Meta:
        model = Affiliate

    program = factory.SubFactory(ProgramFactory)
    party = factory.SubFactory(PartyFactory, program=factory.SelfAttribute("..program"))
    code = factory.Sequence(lambda number: f"affiliate-{number}")
    state = "ACTIVE"
    joined_at = factory.LazyFunction(timezone.now)


class StandingFactory(DjangoModelFactory[Standing]):
    """An affiliate at the top."""

    class Meta:
        model = Standing

    affiliate = factory.SubFactory(AffiliateFactory)
    program = factory.SelfAttribute("affiliate.program")
    number = 1
    valid_from = factory.LazyFunction(timezone.now)
    recorded_by, reason = "test:pytest", "because"


class TierFactory(DjangoModelFactory[Tier]):
    """A tier without rates."""

    class Meta:
        model = Tier

    program = factory.SubFactory(ProgramFactory)
    name = factory.Sequence(lambda number: f"Tier {number}")
    created_at = factory.LazyFunction(timezone.now)


class RateFactory(DjangoModelFactory[Rate]):
    """The first rates of a tier, from tomorrow on."""

    class Meta:
        model = Rate

    tier = factory.SubFactory(TierFactory)
    program = factory.SelfAttribute("tier.program")
    number = 1
    valid_from = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))
    direct_rate, override_rate = Decimal("0.1"), Decimal("0.02")
    recorded_at = factory.LazyFunction(timezone.now)
    recorded_by, reason = "test:pytest", "because"


class MemberFactory(DjangoModelFactory[Member]):
    """A registered member whom nobody brought."""

    class Meta:
        model = Member

    program = factory.SubFactory(ProgramFactory)
    party = factory.SubFactory(PartyFactory, program=factory.SelfAttribute("..program"))
    wallet_address = factory.Sequence(lambda number: f"0x{0xFAC << 80 | number:040x}")
    state = "REGISTERED"
    registered_at = factory.LazyFunction(timezone.now)


class ClickFactory(DjangoModelFactory[Click]):
    """A click of somebody."""

    class Meta:
        model = Click

    affiliate = factory.SubFactory(AffiliateFactory)
    program = factory.SelfAttribute("affiliate.program")
    at = factory.LazyFunction(timezone.now)
    visitor = "0" * 32


class TallyFactory(DjangoModelFactory[Tally]):
    """A count of nothing."""

    class Meta:
        model = Tally

    affiliate = factory.SubFactory(AffiliateFactory)
    program = factory.SelfAttribute("affiliate.program")
    what, count, amount = "CLICK", 0, 0


class PayoutMethodFactory(DjangoModelFactory[PayoutMethod]):
    """A phone that cooled long ago."""

    class Meta:
        model = PayoutMethod

    affiliate = factory.SubFactory(AffiliateFactory)
    program = factory.SelfAttribute("affiliate.program")
    kind, state = "MPESA", "USABLE"
    destination = factory.Sequence(lambda number: f"2547{number:08d}")
    destination_digest = factory.Sequence(lambda number: f"{number:032x}")
    added_by = verified_by = "test:pytest"
    added_at = verified_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=3))
    usable_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))


class SettlementFactory(DjangoModelFactory[Settlement]):
    """A settlement that nothing in the books explains, for tests of who sees it."""

    class Meta:
        model = Settlement

    program = factory.SubFactory(ProgramFactory)
    member = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..program"))
    asset = factory.SubFactory(AssetFactory)
    amount = 100
    source, rail = "PROVIDER", "pay"
    source_event = factory.Sequence(lambda number: f"event-{number}")
    state = "CONFIRMED"
    created_at = occurred_at = confirmed_at = factory.LazyFunction(timezone.now)
    ledger_transaction = factory.SubFactory(TransactionFactory, program_id=factory.SelfAttribute("..program.pk"))


class ReversalFactory(DjangoModelFactory[Reversal]):
    """A part of a settlement, taken back."""

    class Meta:
        model = Reversal

    settlement = factory.SubFactory(SettlementFactory)
    program = factory.SelfAttribute("settlement.program")
    key = factory.Sequence(lambda number: f"reversal-{number}")
    amount = reversed_after = 1
    reason = "because"
    at = factory.LazyFunction(timezone.now)
    ledger_transaction = factory.SubFactory(TransactionFactory, program_id=factory.SelfAttribute("..program.pk"))


class ClaimFactory(DjangoModelFactory[Claim]):
    """A claim that waits."""

    class Meta:
        model = Claim

    id = factory.LazyFunction(uuid4)
    program = factory.SubFactory(ProgramFactory)
    member = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..program"))
    reference = factory.Sequence(lambda number: f"claim-{number}")
    asset = factory.SubFactory(AssetFactory)
    amount, chain_id = 100, 1
    tx_hash = factory.Sequence(lambda number: f"0x{number:064x}")
    requested_at = factory.LazyFunction(timezone.now)


class PurseFactory(DjangoModelFactory[Purse]):
    """A purse with nothing in it."""

    class Meta:
        model = Purse

    affiliate = factory.SubFactory(AffiliateFactory)
    program = factory.SelfAttribute("affiliate.program")
    liability = factory.SubFactory(AccountFactory, program=factory.SelfAttribute("..program"))
    reserved = factory.SubFactory(AccountFactory, program=factory.SelfAttribute("..program"))
    asset = factory.SelfAttribute("liability.asset")


class CommissionFactory(DjangoModelFactory[Commission]):
    """A tenth of a settlement, which waits."""

    class Meta:
        model = Commission

    program = factory.SubFactory(ProgramFactory)
    affiliate = factory.SubFactory(AffiliateFactory, program=factory.SelfAttribute("..program"))
    settlement = factory.SubFactory(
        SettlementFactory, program=factory.SelfAttribute("..program"), affiliate=factory.SelfAttribute("..affiliate")
    )
    asset = factory.SelfAttribute("settlement.asset")
    type = "DIRECT"
    amount = exact = 10
    base, rate, rate_from = 100, Decimal("0.1"), "the program's terms"
    accrued_at = factory.LazyFunction(timezone.now)
    payable_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=14))

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Commission:
        """Open the purse that a row is booked in, unless it is there."""
        affiliate, asset = kwargs["affiliate"], kwargs["asset"]
        if not Purse.objects.filter(affiliate=affiliate, asset=asset).exists():
            liability, reserved = (AccountFactory(program=affiliate.program, asset=asset) for _ in range(2))
            PurseFactory(affiliate=affiliate, liability=liability, reserved=reserved)
        created: Commission = super()._create(model_class, *args, **kwargs)
        return created


class CommissionReportFactory(DjangoModelFactory[CommissionReport]):
    """A draft of a day."""

    class Meta:
        model = CommissionReport

    affiliate = factory.SubFactory(AffiliateFactory)
    program = factory.SelfAttribute("affiliate.program")
    asset = factory.SubFactory(AssetFactory)
    period_start = factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))
    period_end = created_at = factory.LazyFunction(timezone.now)


class ReportLineFactory(DjangoModelFactory[ReportLine]):
    """A commission in a draft."""

    class Meta:
        model = ReportLine

    report = factory.SubFactory(CommissionReportFactory)
    program = factory.SelfAttribute("report.program")
    commission = factory.SubFactory(
        CommissionFactory,
        affiliate=factory.SelfAttribute("..report.affiliate"),
        program=factory.SelfAttribute("..program"),
    )


class AdjustmentFactory(DjangoModelFactory[Adjustment]):
    """An adjustment that waits for a second person."""

    class Meta:
        model = Adjustment

    affiliate = factory.SubFactory(AffiliateFactory)
    program = factory.SelfAttribute("affiliate.program")
    asset = factory.SubFactory(AssetFactory)
    key = factory.Sequence(lambda number: f"adjustment-{number}")
    amount, reason = 1, "because"
    asked_at = factory.LazyFunction(timezone.now)
    asked_by = "test:pytest"
