"""A row of every model that a door names, in any program: how the house of these tests is furnished.

What a row says begins with its program's slug, so that a page on which another program's row shows in any way, be it in
a count, a filter or the choices of a field, can be told by that word.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Model
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success, Task
from uuid_utils.compat import uuid7

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
from audit.context import acting_as
from audit.models import Entry, Finding, ReconciliationRun, Seal
from identity.models import ApiKey, Membership, Party, Program, Proposal, Setting, User
from identity.operations import change_setting
from identity.states import Role
from ledger.models import Account, Balance, Hold, Intent, IssuedStatement, Period, Transaction
from ledger.models import Entry as LedgerEntry
from notifications.models import Delivery
from notifications.states import DeliveryState
from payouts.models import Attempt, Payout, PayoutBatch
from tests.affiliates.factories import (
    AdjustmentFactory,
    AffiliateFactory,
    ClaimFactory,
    ClickFactory,
    CommissionFactory,
    CommissionReportFactory,
    MemberFactory,
    PayoutMethodFactory,
    PurseFactory,
    RateFactory,
    ReportLineFactory,
    ReversalFactory,
    SettlementFactory,
    StandingFactory,
    TallyFactory,
    TierFactory,
)
from tests.factories import (
    AccountFactory,
    DeliveryFactory,
    EntryFactory,
    FindingFactory,
    HoldFactory,
    IntentFactory,
    IssuedStatementFactory,
    MembershipFactory,
    OutgoingFactory,
    PartyFactory,
    PaymentRecordFactory,
    PeriodFactory,
    ProposalFactory,
    RailAccountFactory,
    RailEventFactory,
    RailStatementFactory,
    RunFactory,
    SealFactory,
    TransactionFactory,
    UserFactory,
    WalletFactory,
    WalletTransactionFactory,
    WithdrawalFactory,
)
from tests.payouts.factories import attempt_in, bank_file_in, batch_in, payout_in
from wallets.models import (
    Outgoing,
    PaymentRecord,
    RailAccount,
    RailEvent,
    RailStatement,
    Wallet,
    WalletTransaction,
    Withdrawal,
)


def customer(program: Program) -> User:
    """Return somebody whom this program alone knows."""
    email = f"{program.slug}.customer@example.com"
    known: User | None = User.objects.filter(email=email).first()
    if known is None:
        known = UserFactory(email=email, name=f"{program.slug} customer")
        MembershipFactory(user=known, program=program, role=Role.CUSTOMER)
    return known


def _key(program: Program) -> ApiKey:
    now = timezone.now()
    return ApiKey.objects.create(
        program=program,
        name=f"{program.slug} key",
        prefix=uuid4().hex[:12],
        secret_hash="0" * 64,
        scopes=["program.read"],
        created_by=customer(program),
        created_at=now,
        expires_at=now + timedelta(days=1),
    )


def _setting(program: Program) -> Setting:
    with acting_as("test", program.slug):
        reason = f"{program.slug} says so"
        change_setting("identity.nightly_hour", program=program, value=3, version=0, reason=reason, at=timezone.now())
    return Setting.objects.get(program=program)


def _entry(program: Program | None) -> Entry:
    slug = program.slug if program else "nowhere"
    return EntryFactory(
        program_id=program and program.pk,
        actor_type=f"{slug}-actor",
        actor_id=f"{slug}-somebody",
        action=f"identity.{slug}.created",
        subject_type=f"{slug}.thing",
        correlation_id=f"{slug}-correlation",
        payload={"said": slug},
    )


def _run(program: Program | None) -> ReconciliationRun:
    slug = program.slug if program else "nowhere"
    return RunFactory(program_id=program and program.pk, asked_by=f"{slug}:somebody")


def _finding(program: Program | None) -> Finding:
    slug = program.slug if program else "nowhere"
    return FindingFactory(
        program_id=program and program.pk,
        check_name=f"{slug}.books",
        title=f"{slug} books differ",
        last_run=_run(program),
    )


def _account(program: Program) -> Account:
    return AccountFactory(program=program, code=f"wallet:{program.slug}-{uuid4().hex[:8]}")


def _transaction(program: Program) -> Transaction:
    return TransactionFactory(
        program_id=program.pk, key=f"{program.slug}-{uuid4().hex}", memo=f"{program.slug} memo",
        actor_id=f"{program.slug}-somebody",
    )  # fmt: skip


def _intent(program: Program) -> Intent:
    intent: Intent = IntentFactory(
        program_id=program.pk, key=f"{program.slug}-{uuid4().hex}", kind=f"{program.slug}_KIND".upper(),
        payload={"said": program.slug}, actor_id=f"{program.slug}-somebody", fault=f"{program.slug} broke",
        error={"code": f"{program.slug}_code", "message": f"{program.slug} said no", "params": {}},
    )  # fmt: skip
    return intent


def _ledger_entry(program: Program) -> LedgerEntry:
    booked = _transaction(program)
    debit, credit = _account(program), _account(program)
    return LedgerEntry.objects.create(
        transaction=booked, debit_account=debit, credit_account=credit, amount=1, booked_at=booked.booked_at
    )  # fmt: skip


def _wallet(program: Program) -> Wallet:
    wallet: Wallet = WalletFactory(program=program, party__name=f"{program.slug} saver")
    for account in (wallet.account, wallet.reserved, wallet.owed):
        Balance.objects.create(account=account)
    return wallet


def _payment(program: Program) -> PaymentRecord:
    payment: PaymentRecord = PaymentRecordFactory(
        wallet=_wallet(program), key=f"{program.slug}-{uuid4().hex}", description=f"{program.slug} order"
    )
    return payment


def _line(program: Program) -> WalletTransaction:
    line: WalletTransaction = WalletTransactionFactory(wallet=_wallet(program), description=f"{program.slug} top-up")
    return line


def _affiliate(program: Program) -> Affiliate:
    return AffiliateFactory(
        program=program, party__name=f"{program.slug} seller", code=f"{program.slug}-{uuid4().hex[:8]}",
        state_reason=f"{program.slug} likes them",
    )  # fmt: skip


def _member(program: Program) -> Member:
    return MemberFactory(
        program=program, party__name=f"{program.slug} member", affiliate=_affiliate(program),
        state_reason=f"{program.slug} knows them",
    )  # fmt: skip


def _tier(program: Program) -> Tier:
    return TierFactory(program=program, name=f"{program.slug} tier {uuid4().hex[:8]}")


def _settlement(program: Program) -> Settlement:
    member = _member(program)
    return SettlementFactory(
        program=program, member=member, affiliate=member.affiliate, source_event=f"{program.slug}-event-{uuid4().hex}",
        rail=f"{program.slug}-pay", verdict=f"{program.slug} saw it",
    )  # fmt: skip


def _commission(program: Program) -> Commission:
    settlement = _settlement(program)
    return CommissionFactory(
        program=program, affiliate=settlement.affiliate, settlement=settlement, rate_from=f"{program.slug} terms",
        held_reason=f"{program.slug} waits", state="HELD",
    )  # fmt: skip


# A row in a program.
IN_PROGRAM: dict[type[Model], Callable[[Program], Any]] = {
    Account: _account,
    Adjustment: lambda program: AdjustmentFactory(
        program=program,
        affiliate=_affiliate(program),
        reason=f"{program.slug} thanks",
        asked_by=f"{program.slug}:x",
        key=f"{program.slug}-{uuid4().hex}",
    ),
    Affiliate: _affiliate,
    Claim: lambda program: ClaimFactory(
        program=program,
        member=_member(program),
        reference=f"{program.slug}-{uuid4().hex[:8]}",
        note=f"{program.slug} says so",
        reason=f"{program.slug} why",
        decided_by=f"{program.slug}:x",
    ),
    Click: lambda program: ClickFactory(affiliate=_affiliate(program), campaign=f"{program.slug} news"),
    Commission: _commission,
    CommissionReport: lambda program: CommissionReportFactory(affiliate=_affiliate(program)),
    Member: _member,
    PayoutMethod: lambda program: PayoutMethodFactory(
        affiliate=_affiliate(program),
        state="ADDED",
        holder=f"{program.slug} holder",
        added_by=f"{program.slug}:x",
        verified_by=f"{program.slug}:x",
    ),
    Purse: lambda program: PurseFactory(affiliate=_affiliate(program)),
    Rate: lambda program: RateFactory(
        tier=_tier(program), reason=f"{program.slug} says so", recorded_by=f"{program.slug}:x"
    ),
    ReportLine: lambda program: ReportLineFactory(report__affiliate=_affiliate(program)),
    Reversal: lambda program: ReversalFactory(
        settlement=_settlement(program), reason=f"{program.slug} refunds", key=f"{program.slug}-{uuid4().hex}"
    ),
    Settlement: _settlement,
    Standing: lambda program: StandingFactory(
        affiliate=_affiliate(program), reason=f"{program.slug} says so", recorded_by=f"{program.slug}:x"
    ),
    Tally: lambda program: TallyFactory(affiliate=_affiliate(program)),
    Tier: _tier,
    ApiKey: _key,
    Delivery: lambda program: DeliveryFactory(
        program=program,
        recipient=customer(program),
        heading=f"{program.slug} waits",
        message=f"{program.slug}_waits",
        state=DeliveryState.FAILED,
    ),
    Entry: _entry,
    Finding: _finding,
    Hold: lambda program: HoldFactory(program_id=program.pk, wallet=_account(program)),
    Intent: _intent,
    IssuedStatement: lambda program: IssuedStatementFactory(program_id=program.pk, account=_account(program)),
    LedgerEntry: _ledger_entry,
    Membership: lambda program: customer(program).memberships.get(),
    Outgoing: lambda program: OutgoingFactory(
        payment=_payment(program),
        key=f"{program.slug}-{uuid4().hex}",
        rail=f"{program.slug}-pay",
        addressed_by=f"{program.slug}:somebody",
        holder=f"{program.slug} holder",
    ),
    Party: lambda program: PartyFactory(
        program=program, name=f"{program.slug} party", external_reference=f"{program.slug}-1"
    ),
    PaymentRecord: _payment,
    Attempt: lambda program: attempt_in(payout=payout_in("SENDING", program=program, affiliate=_affiliate(program))),
    Payout: lambda program: (
        attempt_in(
            payout=payout_in("SENDING", program=program, affiliate=_affiliate(program)),
            rail_reference=f"{program.slug}-{uuid4().hex[:8]}",
        ).payout
    ),
    PayoutBatch: lambda program: (
        bank_file_in(batch=batch_in("PROCESSING", program=program, note=f"{program.slug} week")).batch
    ),
    Period: lambda program: PeriodFactory(program=program),
    Program: lambda program: program,
    Proposal: lambda program: ProposalFactory(
        program=program,
        reason=f"{program.slug} wants it",
        payload={"email": f"{program.slug}.nora@example.com", "role": "SUPPORT"},
    ),
    RailAccount: lambda program: RailAccountFactory(program=program, name=f"{program.slug}-rail-{uuid4().hex[:8]}"),
    RailEvent: lambda program: RailEventFactory(
        account=RailAccountFactory(program=program, name=f"{program.slug}-rail-{uuid4().hex[:8]}"),
        external_id=f"{program.slug}-event-{uuid4().hex[:8]}",
    ),
    RailStatement: lambda program: RailStatementFactory(
        account=RailAccountFactory(program=program, name=f"{program.slug}-rail-{uuid4().hex[:8]}"),
        imported_by=f"{program.slug}:somebody",
    ),
    ReconciliationRun: _run,
    Setting: _setting,
    Transaction: _transaction,
    User: customer,
    Wallet: _wallet,
    WalletTransaction: _line,
    Withdrawal: lambda program: WithdrawalFactory(
        wallet=_wallet(program),
        key=f"{program.slug}-{uuid4().hex}",
        holder=f"{program.slug} holder",
        requested_by=f"{program.slug}:somebody",
    ),
}


def _task(*, success: bool) -> Task:
    now = timezone.now()
    task: Task = Task.objects.create(
        id=uuid4().hex,
        name="alpha-bravo",
        func="config.background.tasks.heartbeat",
        cluster="payouts",
        started=now,
        stopped=now,
        success=success,
        result="Traceback\nTimeoutError: no answer",
        attempt_count=3,
    )
    return task


# A row of no program: the house's own staff see it, if they hold the permission in the house.
OF_NO_PROGRAM: dict[type[Model], Callable[[], Any]] = {
    Entry: lambda: _entry(None),
    Failure: lambda: _task(success=False),
    Finding: lambda: _finding(None),
    OrmQ: lambda: OrmQ.objects.create(key="payouts", payload="unreadable", lock=timezone.now()),
    ReconciliationRun: lambda: _run(None),
    Schedule: lambda: Schedule.objects.create(
        name="tidy", func="config.background.tasks.heartbeat", next_run=timezone.now()
    ),
    Seal: SealFactory,
    Success: lambda: _task(success=True),
}


def no_pk_of(model: type[Model]) -> Any:
    """Return a key of the right form that no row has."""
    return uuid7() if model._meta.pk.get_internal_type() == "UUIDField" else 2**40


def row_of(model: type[Model], program: Program) -> Any:
    """Return a new row of ``model``; in ``program``, if such rows are in one."""
    return IN_PROGRAM[model](program) if model in IN_PROGRAM else OF_NO_PROGRAM[model]()


def places_of(row: Any) -> set[UUID | None]:
    """Return the programs that ``row`` belongs to; None is no program."""
    if isinstance(row, Program):
        return {row.pk}
    if isinstance(row, User):
        return set(row.memberships.values_list("program", flat=True))
    if isinstance(row, LedgerEntry):
        return {row.debit_account.program_id}
    return {getattr(row, "program_id", None)}
