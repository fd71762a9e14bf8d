"""State machines, edge by edge and non-edge by non-edge: what the table does not name does not happen."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DataError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates.models import Adjustment, Claim, Commission, CommissionReport, PayoutMethod, Settlement
from audit.context import Actor
from audit.errors import WrongState
from audit.models import Entry, Finding, ReconciliationRun
from audit.operations import follow, follow_all, follow_many
from audit.operations.follow_many import Step
from audit.states import Edge, TransitionTable, registered_transitions
from identity import rules
from identity.models import Party, Program, Proposal
from identity.states import PROGRAM_TRANSITIONS, Decision, ProgramStatus
from ledger.models import Account, Asset, Hold, Intent, Period
from ledger.states import INTENT_TRANSITIONS
from payouts.models import Attempt
from tests.affiliates.factories import (
    AdjustmentFactory,
    AffiliateFactory,
    ClaimFactory,
    CommissionFactory,
    CommissionReportFactory,
    MemberFactory,
    PayoutMethodFactory,
    SettlementFactory,
)
from tests.factories import (
    DeliveryFactory,
    HoldFactory,
    IntentFactory,
    OutgoingFactory,
    PartyFactory,
    PaymentRecordFactory,
    ProgramFactory,
    RailAccountFactory,
    RailEventFactory,
    TransactionFactory,
    UserFactory,
    WalletFactory,
    WalletTransactionFactory,
    WithdrawalFactory,
)
from tests.payouts.factories import attempt_in, batch_in, payout_in
from wallets.models import Outgoing, PaymentRecord, WalletTransaction, Withdrawal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting")]


def program_in(state: str) -> Program:
    return ProgramFactory(status=state)


def proposal_in(state: str) -> Proposal:
    """Make a proposal that came to ``state`` by legal steps: the database lets nobody begin anywhere else."""
    now = timezone.now()
    words: dict[str, Any] = {"kind": "k", "program": "p", "subject": "s", "revision": 1, "payload": {}}
    proposal = Proposal.objects.create(
        program=ProgramFactory(), kind="k", reason="r", payload={}, digest=rules.digest(**words), votes_needed=1,
        voter_roles=["OWNER"], proposed_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    proposal.makers.create(user=UserFactory(), revision=1, at=now)
    proposal.votes.create(by=UserFactory(), revision=1, digest=proposal.digest, decision=Decision.APPROVE, at=now)
    for step in {"PROPOSED": (), "EXECUTED": ("APPROVED", "EXECUTED")}.get(state, (state,)):
        Proposal.objects.filter(pk=proposal.pk).update(state=step)
    proposal.refresh_from_db()
    return proposal


def run_in(state: str) -> ReconciliationRun:
    now = timezone.now()
    return ReconciliationRun.objects.create(
        state=state, started_at=now, finished_at=now, asked_by="x:y", correlation_id="c"
    )


def finding_in(state: str) -> Finding:
    now = timezone.now()
    return Finding.objects.create(
        check_name="x", fingerprint="0" * 64, title="x", state=state, note="why", first_seen_at=now, last_seen_at=now,
        last_run=run_in("CLEAN"),
    )  # fmt: skip


def account_in(status: str) -> Account:
    asset = Asset.objects.create(code="KES", name="Shilling", kind="FIAT", scale=2, payable_scale=2)
    return Account.objects.create(
        program=ProgramFactory(), asset=asset, code="wallet:a", role="WALLET", account_class="LIABILITY", status=status,
        opened_at=timezone.now(),
    )  # fmt: skip


def hold_in(state: str) -> Hold:
    hold: Hold = HoldFactory(state=state, released=1)
    return hold


def period_in(state: str) -> Period:
    return Period.objects.create(
        program=ProgramFactory(), ends_at=timezone.now(), closed_at=timezone.now(), state=state
    )


def party_in(state: str) -> Party:
    return PartyFactory(status=state)


def intent_in(state: str) -> Intent:
    return IntentFactory(
        state=state, result={}, lock_token=uuid4() if state == "LOCKED" else None,
        finished_at=timezone.now() if state in ("COMPLETED", "DEAD") else None,
    )  # fmt: skip


def intent_comes_to(intent: Intent, state: str) -> dict[str, Any]:
    ends = state in ("COMPLETED", "DEAD")
    return {
        "lock_token": uuid4() if state == "LOCKED" else None, "finished_at": timezone.now() if ends else None,
    }  # fmt: skip


def method_in(state: str) -> PayoutMethod:
    method: PayoutMethod = PayoutMethodFactory(state=state, **({"verified_at": None} if state == "ADDED" else {}))
    return method


def method_comes_to(method: PayoutMethod, state: str) -> dict[str, Any]:
    now = timezone.now()
    return {"verified_at": now, "usable_at": now + timedelta(days=2)} if state == "VERIFIED" else {}


REVERSED = {"PARTIALLY_REVERSED": 1, "REVERSED": 100}


def settlement_in(state: str) -> Settlement:
    proof = {} if state not in ("PENDING", "FAILED") else {"confirmed_at": None, "ledger_transaction": None}
    return SettlementFactory(state=state, reversed_amount=REVERSED.get(state, 0), **proof)


def settlement_comes_to(settlement: Settlement, state: str) -> dict[str, Any]:
    if state in ("PENDING", "FAILED"):
        return {}
    booked = settlement.ledger_transaction or TransactionFactory(program_id=settlement.program_id)
    return {
        "reversed_amount": REVERSED.get(state, 0), "confirmed_at": settlement.confirmed_at or timezone.now(),
        "ledger_transaction": booked,
    }  # fmt: skip


def claim_in(state: str) -> Claim:
    program = ProgramFactory()
    claim: Claim = ClaimFactory(
        program=program, state=state,
        settlement=SettlementFactory(program=program) if state in ("APPROVED", "SETTLED") else None,
    )  # fmt: skip
    return claim


def claim_comes_to(claim: Claim, state: str) -> dict[str, Any]:
    if state not in ("APPROVED", "SETTLED") or claim.settlement_id:
        return {}
    return {"settlement": SettlementFactory(program=claim.program)}


def commission_in(state: str) -> Commission:
    commission: Commission = CommissionFactory(
        state=state, held_reason="why", paid_at=timezone.now() if state == "PAID" else None
    )
    return commission


def commission_comes_to(commission: Commission, state: str) -> dict[str, Any]:
    return {"paid_at": timezone.now()} if state == "PAID" else {}


def report_in(state: str) -> CommissionReport:
    final = {"digest": "0" * 64, "finalized_at": timezone.now()} if state != "DRAFT" else {}
    report: CommissionReport = CommissionReportFactory(state=state, **final)
    return report


def report_comes_to(report: CommissionReport, state: str) -> dict[str, Any]:
    return {"digest": "0" * 64, "finalized_at": timezone.now()} if state == "FINALIZED" else {}


def adjustment_in(state: str) -> Adjustment:
    program = ProgramFactory()
    adjustment: Adjustment = AdjustmentFactory(
        affiliate__program=program, state=state,
        commission=CommissionFactory(program=program) if state == "APPLIED" else None,
    )  # fmt: skip
    return adjustment


def adjustment_comes_to(adjustment: Adjustment, state: str) -> dict[str, Any]:
    return {"commission": CommissionFactory(program=adjustment.program)} if state == "APPLIED" else {}


def attempt_comes_to(attempt: Attempt, state: str) -> dict[str, Any]:
    return {"receipt": "R", "settled_at": timezone.now()} if state == "CONFIRMED" else {}


# What changes with a state, because the database knows a row only with both.
VALUES: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "affiliates.adjustment": adjustment_comes_to,
    "affiliates.claim": claim_comes_to,
    "affiliates.commission": commission_comes_to,
    "affiliates.commissionreport": report_comes_to,
    "affiliates.payoutmethod": method_comes_to,
    "affiliates.settlement": settlement_comes_to,
    "ledger.intent": intent_comes_to,
    "payouts.attempt": attempt_comes_to,
    "wallets.withdrawal": lambda withdrawal, state: {"batched_at": batched_in(state)},
}


def outgoing_in(state: str) -> Outgoing:
    return OutgoingFactory(state=state)


def withdrawal_in(state: str) -> Withdrawal:
    """Make one in any state: rejected it says why, looked at by whom, and what was sent is in a batch."""
    return WithdrawalFactory(
        state=state, reason="because", approved_by="user:somebody", approved_at=timezone.now(),
        batched_at=batched_in(state),
    )  # fmt: skip


def batched_in(state: str) -> Any:
    return timezone.now() if state in ("SENT", "UNKNOWN", "PAID", "FAILED", "RETURNED") else None


def wallet_transaction_in(status: str) -> WalletTransaction:
    """Make one that could be completed: its figures are written before the step is taken."""
    whole = {"number": 1, "balance_before": 0, "balance_after": 1, "completed_at": timezone.now()}
    return WalletTransactionFactory(status=status, **whole)


def payment_in(state: str) -> PaymentRecord:
    """Make a payment that could be in any state, refunded whole: what is paid is booked."""
    booked = WalletTransactionFactory()
    return PaymentRecordFactory(
        wallet=booked.wallet, state=state, refunded=1, ledger_transaction=booked.ledger_transaction,
        wallet_transaction=booked, paid_at=timezone.now(),
    )  # fmt: skip


MAKERS: dict[str, Callable[[str], Any]] = {
    "affiliates.adjustment": adjustment_in,
    "affiliates.affiliate": lambda state: AffiliateFactory(state=state),
    "affiliates.claim": claim_in,
    "affiliates.commission": commission_in,
    "affiliates.commissionreport": report_in,
    "affiliates.member": lambda state: MemberFactory(state=state),
    "affiliates.payoutmethod": method_in,
    "affiliates.settlement": settlement_in,
    "identity.party": party_in,
    "identity.program": program_in,
    "identity.proposal": proposal_in,
    "audit.reconciliationrun": run_in,
    "audit.finding": finding_in,
    "ledger.account": account_in,
    "ledger.hold": hold_in,
    "ledger.intent": intent_in,
    "ledger.period": period_in,
    "payouts.attempt": attempt_in,
    "payouts.payout": payout_in,
    "payouts.payoutbatch": batch_in,
    "wallets.outgoing": outgoing_in,
    "wallets.paymentrecord": payment_in,
    "wallets.railaccount": lambda state: RailAccountFactory(state=state),
    "wallets.railevent": lambda state: RailEventFactory(state=state),
    "wallets.wallet": lambda state: WalletFactory(state=state),
    "wallets.wallettransaction": wallet_transaction_in,
    "wallets.withdrawal": withdrawal_in,
    "notifications.delivery": lambda state: DeliveryFactory(state=state, sent_at=timezone.now()),
}

STEPS = [
    pytest.param(table, source, target, id=f"{table.model} {source} {target}")
    for table in registered_transitions()
    for source in table.states
    for target in table.states
]


@pytest.mark.parametrize(("table", "source", "target"), STEPS)
def test_every_edge_is_walked_and_every_non_edge_refused(table: TransitionTable, source: str, target: str) -> None:
    subject = MAKERS[table.model](source)
    edge = table.edge(source, target)

    if edge is None:
        with pytest.raises(WrongState) as refused:
            follow(table, subject, to=target, at=timezone.now())
        assert refused.value.params["possible"] == list(table.targets(source))
        assert stored(subject, table) == source
        assert not Entry.objects.exists()
    else:
        values = VALUES[table.model](subject, target) if table.model in VALUES else None
        follow(table, subject, to=target, at=timezone.now(), payload={"why": "a test"}, values=values)
        assert stored(subject, table) == target
        if not edge.is_journalled:
            assert not Entry.objects.exists()
            return
        entry = Entry.objects.get()
        assert entry.action == edge.action
        assert entry.payload == {"from": source, "to": target, "why": "a test"}


@pytest.mark.parametrize(("table", "source", "target"), STEPS)
def test_many_at_once_walk_the_same_edges(table: TransitionTable, source: str, target: str) -> None:
    subjects = [MAKERS[table.model](source)] if table.model != "ledger.intent" else [intent_in(source) for _ in "abc"]
    steps = [
        Step(
            pk=subject.pk, source=source, to=target, payload={"why": "a test"},
            actor=Actor("user", "carol"), correlation_id="asked-by-carol",
            values=columns_of(subject, target, table),
        )
        for subject in subjects
    ]  # fmt: skip
    edge = table.edge(source, target)

    if edge is None:
        with pytest.raises(WrongState):
            follow_many(table, steps, at=timezone.now())
        assert {stored(subject, table) for subject in subjects} == {source}
        assert not Entry.objects.exists()
    else:
        follow_many(table, steps, at=timezone.now())
        assert {stored(subject, table) for subject in subjects} == {target}
        told = Entry.objects.values_list("action", "payload", "actor_id", "correlation_id", "subject_type")
        line = (edge.action, {"from": source, "to": target, "why": "a test"}, "carol", "asked-by-carol", table.model)
        assert list(told) == ([line] * len(subjects) if edge.is_journalled else [])


def columns_of(subject: models.Model, target: str, table: TransitionTable) -> dict[str, Any]:
    values = VALUES[table.model](subject, target) if table.model in VALUES else {}
    return {name: value.pk if isinstance(value, models.Model) else value for name, value in values.items()}


def test_of_many_none_takes_a_step_when_one_can_not() -> None:
    waits, gone = intent_in("FAILED"), intent_in("PENDING")
    steps = [Step(pk=one.pk, source="FAILED", to="PENDING") for one in (waits, gone)]

    with pytest.raises(WrongState):
        follow_many(INTENT_TRANSITIONS, steps, at=timezone.now())

    assert [stored(one, INTENT_TRANSITIONS) for one in (waits, gone)] == ["FAILED", "PENDING"]
    assert not Entry.objects.exists()


def test_very_many_take_one_step_and_each_is_told_of() -> None:
    program, waits = ProgramFactory(), [intent_in("FAILED") for _ in "abc"]

    follow_all(
        INTENT_TRANSITIONS, [str(one.pk) for one in waits], source="FAILED", to="PENDING", program_id=program.pk,
        at=timezone.now(),
    )  # fmt: skip

    assert {stored(one, INTENT_TRANSITIONS) for one in waits} == {"PENDING"}
    edge = INTENT_TRANSITIONS.edge("FAILED", "PENDING")
    assert edge is not None
    told = Entry.objects.values_list("action", "subject_id", "payload", "program_id")
    line = {"from": "FAILED", "to": "PENDING"}
    expected = [(edge.action, str(one.pk), line, program.pk) for one in waits] if edge.is_journalled else []
    assert sorted(told) == sorted(expected)


@pytest.mark.parametrize(("source", "to"), [("FAILED", "PENDING"), ("FAILED", "FAILED")])
def test_of_very_many_none_takes_a_step_when_one_can_not(source: str, to: str) -> None:
    waits, gone = intent_in("FAILED"), intent_in("PENDING")

    with pytest.raises(WrongState):
        follow_all(
            INTENT_TRANSITIONS, [str(waits.pk), str(gone.pk)], source=source, to=to, program_id=ProgramFactory().pk,
            at=timezone.now(),
        )  # fmt: skip

    assert [stored(one, INTENT_TRANSITIONS) for one in (waits, gone)] == ["FAILED", "PENDING"]
    assert not Entry.objects.exists()


def test_what_is_the_same_for_many_and_what_is_not_are_both_stored() -> None:
    now, whole = timezone.now(), {"code": "same"}
    each: list[dict[str, Any]] = [
        {"attempts": number, "fault": "gone", "error": error, "result": whole, "due_at": now, "finished_at": None}
        for number, error in enumerate(({"n": 1}, {"n": True}, {"n": 1.0}))
    ]
    intents = [intent_in("FAILED") for _ in each]
    steps = [
        Step(pk=one.pk, source="FAILED", to="PENDING", values=values)
        for one, values in zip(intents, each, strict=True)
    ]  # fmt: skip

    follow_many(INTENT_TRANSITIONS, steps, at=now)

    found = [type(one).objects.values(*each[0]).get(pk=one.pk) for one in intents]
    assert [repr(one) for one in found] == [repr(values) for values in each]
    assert {stored(one, INTENT_TRANSITIONS) for one in intents} == {"PENDING"}


def test_what_is_too_long_for_its_column_is_refused_and_not_cut() -> None:
    intents = [intent_in("FAILED") for _ in "ab"]
    steps = [Step(pk=one.pk, source="FAILED", to="PENDING", values={"fault": "x" * 501}) for one in intents]

    with pytest.raises(DataError), transaction.atomic():
        follow_many(INTENT_TRANSITIONS, steps, at=timezone.now())

    assert {stored(one, INTENT_TRANSITIONS) for one in intents} == {"FAILED"}


def test_rows_are_found_by_their_ids_whatever_is_known_of_their_states() -> None:
    intents = [intent_in("COMPLETED") for _ in range(60)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ledger_intent")
    failed = {"state": "FAILED", "result": None, "finished_at": None}
    Intent.objects.filter(pk__in=[one.pk for one in intents]).update(**failed)
    steps = [Step(pk=one.pk, source="FAILED", to="PENDING") for one in intents[:40]]

    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        follow_many(INTENT_TRANSITIONS, steps, at=timezone.now())
        transaction.set_rollback(True)

    [update] = [query["sql"] for query in asked if query["sql"].startswith("UPDATE")]
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + update)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    # As many as there are, and not as few as were last heard of: or each would be held against every step.
    expected = re.search(r"Scan on ledger_intent .* rows=(\d+)", plan)
    assert expected is not None, plan
    assert int(expected[1]) >= len(intents), plan


def stored(subject: models.Model, table: TransitionTable) -> str:
    return str(type(subject)._default_manager.values_list(table.field, flat=True).get(pk=subject.pk))


def test_a_caller_who_forgot_the_lock_overwrites_nobody_s_step() -> None:
    program = ProgramFactory()
    Program.objects.filter(pk=program.pk).update(status=ProgramStatus.PAUSED)

    with pytest.raises(WrongState), transaction.atomic():
        follow(PROGRAM_TRANSITIONS, program, to=ProgramStatus.PAUSED, at=timezone.now())

    assert not Entry.objects.exists()


@pytest.mark.parametrize("table", registered_transitions(), ids=lambda table: table.model)
def test_a_table_is_whole(table: TransitionTable) -> None:
    assert len({(edge.source, edge.target) for edge in table.edges}) == len(table.edges)
    assert table.initial in table.states
    reached = {table.initial, *(edge.target for edge in table.edges)}
    assert reached == set(table.states)


def test_a_table_names_no_state_that_is_none() -> None:
    from audit.states import register_transitions

    with pytest.raises(AssertionError):
        register_transitions(
            TransitionTable(model="x.y", field="z", initial="A", states={"A": "a"}, colours={"A": "good"},
                            edges=(Edge("A", "B", "x.y.changed"),))
        )  # fmt: skip
