"""Rows with boring defaults; a test names what matters to it."""

import os
import zlib
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from audit.models import Entry, Finding, ReconciliationRun, Seal
from identity.models import ApiKey, Membership, Party, Program, Proposal, User
from identity.states import Role
from ledger.models import Account, Asset, Hold, Intent, IssuedStatement, Period, Transaction
from notifications.models import Delivery
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

PASSWORD = "a long enough password"


class UserFactory(DjangoModelFactory[User]):
    """Somebody who can sign in with PASSWORD."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = "Somebody"

    @factory.post_generation
    def password(self, create: bool, extracted: str | None, **_: Any) -> None:
        user: Any = self
        user.set_password(extracted or PASSWORD)
        if create:
            user.save()


class ProgramFactory(DjangoModelFactory[Program]):
    """An active program."""

    class Meta:
        model = Program

    slug = factory.Sequence(lambda n: f"program-{n}")
    name = factory.LazyAttribute(lambda program: program.slug.title())


class MembershipFactory(DjangoModelFactory[Membership]):
    """A customer of a program."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    program = factory.SubFactory(ProgramFactory)
    role = Role.CUSTOMER


class PartyFactory(DjangoModelFactory[Party]):
    """A person of a program whom nobody signs in for."""

    class Meta:
        model = Party

    program = factory.SubFactory(ProgramFactory)
    kind = "PERSON"
    name = "Somebody"
    created_at = factory.LazyFunction(timezone.now)


class ApiKeyFactory(DjangoModelFactory[ApiKey]):
    """A key that works, with a secret that nobody knows."""

    class Meta:
        model = ApiKey

    program = factory.SubFactory(ProgramFactory)
    name = "Shop"
    prefix = factory.Sequence(lambda n: f"{n:012x}")
    secret_hash = "0" * 64
    scopes = factory.LazyFunction(lambda: ["program.read"])
    created_by = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=30))


class EntryFactory(DjangoModelFactory[Entry]):
    """A line of the journal, for tests of who reads it; what writes it is `audit.operations.record`."""

    class Meta:
        model = Entry

    at = factory.Faker("date_time_this_year", tzinfo=UTC)
    actor_type = "user"
    actor_id = "somebody"
    action = "identity.program.created"
    subject_type = "identity.program"
    subject_id = factory.Sequence(str)
    correlation_id = factory.Sequence(lambda n: f"correlation-{n}")


class ProposalFactory(DjangoModelFactory[Proposal]):
    """A proposal to give somebody a role, made by nobody in particular."""

    class Meta:
        model = Proposal

    program = factory.SubFactory(ProgramFactory)
    kind = "identity.grant_role"
    reason = "because"
    payload = factory.LazyFunction(lambda: {"email": "nora@example.com", "role": "SUPPORT"})
    digest = "0" * 64
    votes_needed = 1
    voter_roles = factory.LazyFunction(lambda: ["OWNER"])
    proposed_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=7))


class DeliveryFactory(DjangoModelFactory[Delivery]):
    """A message that waits to be sent."""

    class Meta:
        model = Delivery

    key = factory.Sequence(lambda n: f"proposal_waits:{n}")
    program = factory.SubFactory(ProgramFactory)
    recipient = factory.SubFactory(UserFactory)
    message = "proposal_waits"
    heading = "Waits for your vote"
    subject_type = "identity.proposal"
    subject_id = factory.LazyFunction(lambda: str(uuid4()))
    entry_id = factory.LazyFunction(uuid4)
    due_at = factory.LazyFunction(timezone.now)
    created_at = factory.LazyFunction(timezone.now)


class AssetFactory(DjangoModelFactory[Asset]):
    """A currency; the same one whenever it is asked for."""

    class Meta:
        model = Asset
        django_get_or_create = ("code",)

    code = "KES"
    name = "Kenyan shilling"
    kind = "FIAT"
    scale = 4
    payable_scale = 2


class AccountFactory(DjangoModelFactory[Account]):
    """A wallet with nothing in it and no balance row, for tests of who sees it."""

    class Meta:
        model = Account

    program = factory.SubFactory(ProgramFactory)
    asset = factory.SubFactory(AssetFactory)
    code = factory.Sequence(lambda n: f"wallet:w{n}")
    role = "WALLET"
    account_class = "LIABILITY"
    opened_at = factory.LazyFunction(timezone.now)


class TransactionFactory(DjangoModelFactory[Transaction]):
    """A transaction without entries, for tests of who sees it."""

    class Meta:
        model = Transaction

    program_id = factory.LazyFunction(uuid4)
    key = factory.Sequence(lambda n: f"key-{n}")
    fingerprint = b"0" * 32
    entries_digest = b"0" * 16
    kind = "TRANSFER"
    actor_type = "test"
    actor_id = "pytest"
    correlation_id = "test-correlation"
    booked_at = factory.LazyFunction(timezone.now)


class HoldFactory(DjangoModelFactory[Hold]):
    """A hold that nothing in the books explains, for tests of who sees it."""

    class Meta:
        model = Hold

    program_id = factory.LazyFunction(lambda: ProgramFactory().pk)
    key = factory.Sequence(lambda n: f"hold-{n}")
    wallet = factory.LazyAttribute(lambda hold: AccountFactory(program=Program.objects.get(pk=hold.program_id)))
    reserved = factory.SelfAttribute("wallet")
    amount = 1
    held_at = factory.LazyFunction(timezone.now)


class IntentFactory(DjangoModelFactory[Intent]):
    """A dead intent of a kind that nobody carries out, for tests of who sees it."""

    class Meta:
        model = Intent

    program_id = factory.LazyFunction(lambda: ProgramFactory().pk)
    key = factory.Sequence(lambda number: f"intent-{number}")
    kind = "UNKNOWN"
    payload = factory.LazyFunction(dict)
    fingerprint = b"0" * 16
    state = "DEAD"
    error = factory.LazyFunction(lambda: {"code": "refused", "message": "No.", "params": {}})
    actor_type, actor_id = "test", "pytest"
    correlation_id = "test-correlation"
    finished_at = factory.LazyFunction(timezone.now)


class IssuedStatementFactory(DjangoModelFactory[IssuedStatement]):
    """A statement of yesterday; what issues one is `ledger.operations.issue_statement`."""

    class Meta:
        model = IssuedStatement

    account = factory.SubFactory(AccountFactory)
    program_id = factory.SelfAttribute("account.program_id")
    number = factory.Sequence(lambda number: number + 1)
    after = factory.LazyFunction(lambda: timezone.now() - timedelta(days=2))
    until = factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))
    horizon_at = factory.LazyFunction(timezone.now)
    opening = closing = Decimal(0)
    lines = 0
    pdf, csv = b"%PDF-1.3", b"booked_at"
    pdf_sha256 = csv_sha256 = "0" * 64
    actor_type, actor_id = "test", "pytest"
    issued_at = factory.LazyFunction(timezone.now)


class WalletFactory(DjangoModelFactory[Wallet]):
    """A wallet with nothing in it; what opens one is `wallets.operations.open_wallet`."""

    class Meta:
        model = Wallet

    program = factory.SubFactory(ProgramFactory)
    party = factory.SubFactory(PartyFactory, program=factory.SelfAttribute("..program"))
    account = factory.SubFactory(AccountFactory, program=factory.SelfAttribute("..program"))
    reserved = factory.SubFactory(AccountFactory, program=factory.SelfAttribute("..program"))
    owed = factory.SubFactory(AccountFactory, program=factory.SelfAttribute("..program"))
    asset = factory.SelfAttribute("account.asset")
    opened_at = factory.LazyFunction(timezone.now)


class WalletTransactionFactory(DjangoModelFactory[WalletTransaction]):
    """A line that nothing in the books explains, for tests of who sees it."""

    class Meta:
        model = WalletTransaction

    wallet = factory.SubFactory(WalletFactory)
    program = factory.SelfAttribute("wallet.program")
    type = "DEPOSIT"
    amount = 1
    is_credit = True
    ledger_transaction = factory.SubFactory(TransactionFactory, program_id=factory.SelfAttribute("..program.pk"))
    created_at = factory.LazyFunction(timezone.now)


class PaymentRecordFactory(DjangoModelFactory[PaymentRecord]):
    """A payment from a wallet that waits, for tests of who sees it."""

    class Meta:
        model = PaymentRecord

    wallet = factory.SubFactory(WalletFactory)
    program = factory.SelfAttribute("wallet.program")
    party = factory.SelfAttribute("wallet.party")
    asset = factory.SelfAttribute("wallet.asset")
    payee = factory.SelfAttribute("wallet.account")
    method = "WALLET"
    key = factory.Sequence(lambda number: f"payment-{number}")
    amount = 1
    created_at = factory.LazyFunction(timezone.now)


class WithdrawalFactory(DjangoModelFactory[Withdrawal]):
    """What somebody takes out, held and told in their wallet, and booked nowhere, for tests of who sees it."""

    class Meta:
        model = Withdrawal

    wallet = factory.SubFactory(WalletFactory)
    program = factory.SelfAttribute("wallet.program")
    key = factory.Sequence(lambda number: f"withdrawal-{number}")
    amount = 1
    destination_kind = "MPESA"
    destination = "254712000001"
    hold = factory.SubFactory(
        HoldFactory,
        program_id=factory.SelfAttribute("..program.pk"),
        wallet=factory.SelfAttribute("..wallet.account"),
        amount=factory.SelfAttribute("..amount"),
    )
    wallet_transaction = factory.SubFactory(
        WalletTransactionFactory,
        wallet=factory.SelfAttribute("..wallet"),
        type="WITHDRAWAL",
        status="PENDING",
        is_credit=False,
        amount=factory.SelfAttribute("..amount"),
        ledger_transaction=None,
    )
    requested_by = "user:somebody"
    requested_at = factory.LazyFunction(timezone.now)


class OutgoingFactory(DjangoModelFactory[Outgoing]):
    """Something that goes out and is in no account, for tests of who sees it."""

    class Meta:
        model = Outgoing

    payment = factory.SubFactory(PaymentRecordFactory)
    program = factory.SelfAttribute("payment.program")
    asset = factory.SelfAttribute("payment.asset")
    account = factory.SelfAttribute("payment.payee")
    key = factory.Sequence(lambda number: f"outgoing-{number}")
    amount = 1
    rail = "mpesa"
    ledger_transaction = factory.SubFactory(TransactionFactory, program_id=factory.SelfAttribute("..program.pk"))
    requested_at = factory.LazyFunction(timezone.now)


class RailAccountFactory(DjangoModelFactory[RailAccount]):
    """An account at a rail whose secrets nobody can open, for tests of who sees it."""

    class Meta:
        model = RailAccount

    program = factory.SubFactory(ProgramFactory)
    name = factory.Sequence(lambda number: f"rail-{number}")
    rail = "signed"
    number = factory.Sequence(lambda number: f"number-{number}")
    assets = factory.LazyFunction(lambda: ["KES"])
    ciphertext = hook_ciphertext = "1.none.none"
    fingerprint = "0" * 32
    hook_sha256 = factory.LazyFunction(lambda: os.urandom(32))
    created_at = changed_at = factory.LazyFunction(timezone.now)


class RailEventFactory(DjangoModelFactory[RailEvent]):
    """Something that a rail has told us, for tests of who sees it."""

    class Meta:
        model = RailEvent

    account = factory.SubFactory(RailAccountFactory)
    program = factory.SelfAttribute("account.program")
    received_at = occurred_at = factory.LazyFunction(timezone.now)
    headers = factory.LazyFunction(dict)
    body = b"{}"
    state = "FAILED"
    external_id = factory.Sequence(lambda number: f"event-{number}")
    kind = "deposit.confirmed"
    data = factory.LazyFunction(dict)


class PeriodFactory(DjangoModelFactory[Period]):
    """A period about to be closed."""

    class Meta:
        model = Period

    program = factory.SubFactory(ProgramFactory)
    ends_at = factory.LazyFunction(timezone.now)
    closed_at = factory.LazyFunction(timezone.now)


class SealFactory(DjangoModelFactory[Seal]):
    """A seal over nothing that is there, for tests of who reads it; what makes one is `audit.operations.seal`."""

    class Meta:
        model = Seal

    number = factory.Sequence(lambda n: n + 1)
    source = "journal"
    version = 1
    epoch = 1
    system_identifier = "7000000000000000000"
    timeline = 1
    first_transaction_id = last_transaction_id = 1
    first_row_id = last_row_id = "1"
    count = 1
    root = "0" * 64
    previous = "0" * 64
    hash = factory.Sequence(lambda n: f"{n:064x}")
    signature = "0" * 128
    key_id = "0" * 16
    public_key = "0" * 64
    sealed_at = factory.Faker("date_time_this_year", tzinfo=UTC)


class RunFactory(DjangoModelFactory[ReconciliationRun]):
    """A run that found something."""

    class Meta:
        model = ReconciliationRun

    state = "FINDINGS"
    started_at = finished_at = factory.LazyFunction(timezone.now)
    asked_by = "test:pytest"
    correlation_id = "correlation"


class FindingFactory(DjangoModelFactory[Finding]):
    """Something that does not agree, in the run that found it."""

    class Meta:
        model = Finding

    check_name = "test.books"
    fingerprint = factory.Sequence(lambda n: f"{n:064x}")
    title = "The books differ"
    ours = factory.LazyFunction(lambda: {"amount": "1.00"})
    theirs = factory.LazyFunction(lambda: {"amount": "2.00"})
    first_seen_at = last_seen_at = factory.LazyFunction(timezone.now)
    last_run = factory.SubFactory(RunFactory, program_id=factory.SelfAttribute("..program_id"))


class RailStatementFactory(DjangoModelFactory[RailStatement]):
    """A week at a rail in which nothing happened, for tests of who sees it."""

    class Meta:
        model = RailStatement

    account = factory.SubFactory(RailAccountFactory)
    program = factory.SelfAttribute("account.program")
    asset = factory.SubFactory(AssetFactory)
    begins_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=7))
    ends_at = factory.LazyFunction(timezone.now)
    opening = closing = Decimal(0)
    count = 0
    sha256 = factory.Sequence(lambda number: f"{number:064x}")
    content = zlib.compress(b"")
    imported_by = "test:pytest"
    imported_at = factory.LazyFunction(timezone.now)
