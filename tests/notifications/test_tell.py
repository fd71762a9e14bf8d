"""People are told once of what waits for them, through a mail server that is down, slow to agree, or final."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import connection, connections
from django.utils import timezone

from audit.context import acting_as
from audit.models import Entry
from identity.models import Program, Proposal, User
from identity.operations import change_setting, propose, recall_proposal, revise_proposal, vote
from identity.proposable import GRANT_ROLE
from identity.proposable.second_factors import RESET_SECOND_FACTOR
from identity.states import Decision, Role
from notifications import operations, rules
from notifications.models import Delivery, TailPosition
from notifications.states import DeliveryState
from tests.audit.sealing import wait_until_sealable
from tests.factories import MembershipFactory, UserFactory
from tests.notifications.mail_server import Mailbox, mail_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("acting")]

LONG_AGO = timezone.now() - timedelta(days=30)


def owner(program: Program, name: str) -> User:
    user = UserFactory(email=f"{name}@example.com", name=name.title())
    MembershipFactory(user=user, program=program, role=Role.OWNER, created_at=LONG_AGO)
    return user


@pytest.fixture
def olivia(program: Program) -> User:
    return owner(program, "olivia")


@pytest.fixture
def oscar(program: Program) -> User:
    return owner(program, "oscar")


@pytest.fixture
def proposal(program: Program, olivia: User, oscar: User) -> Proposal:
    UserFactory(email="nora@example.com", name="Nora")
    return propose(
        GRANT_ROLE, program=program, payload={"email": "nora@example.com", "role": "FINANCE_MAKER"},
        reason="She\r\nBcc: everybody@example.com starts on Monday", by=olivia, at=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with mail_server(settings) as received:
        yield received


def plan(*, at: datetime | None = None) -> None:
    wait_until_sealable()
    operations.plan_deliveries(at=at or timezone.now())


def tell(*, at: datetime | None = None) -> int:
    plan(at=at)
    return operations.send_deliveries(clock=lambda: at or timezone.now())


def recipients(mailbox: Mailbox) -> list[str]:
    return [mail["To"] for mail in mailbox.received]


def test_who_may_vote_is_told_and_the_maker_is_not(mailbox: Mailbox, proposal: Proposal) -> None:
    assert tell() == 1

    (mail,) = mailbox.received
    assert mail["To"] == "oscar@example.com"
    assert mail["Subject"] == "Countinghouse: Waits for your vote: Grant a role, Acme"
    assert mail["Bcc"] is None
    plain = mail.get_body(("plain",))
    rich = mail.get_body(("html",))
    assert plain
    assert rich
    for body in (plain.get_content(), rich.get_content()):
        assert f"/admin/identity/proposal/{proposal.pk}/change/" in body
        assert "nora@example.com" in body
        assert "Olivia asks for it in Acme" in body
    assert Delivery.objects.get().state == DeliveryState.SENT
    assert Entry.objects.filter(action="notifications.delivery.sent").count() == 1


def test_nothing_is_told_twice(mailbox: Mailbox, proposal: Proposal) -> None:
    tell()
    TailPosition.objects.update(transaction_id=0)  # as if it had never been read

    assert tell() == 0
    assert len(mailbox.received) == 1


def test_new_wording_is_told_anew_and_the_old_is_not_told_any_more(
    mailbox: Mailbox, proposal: Proposal, olivia: User
) -> None:
    plan()
    revise_proposal(
        proposal.pk, payload={"email": "nora@example.com", "role": "OWNER"}, reason="more", by=olivia, at=timezone.now()
    )

    assert tell() == 1

    assert sorted(Delivery.objects.values_list("state", flat=True)) == [DeliveryState.SENT, DeliveryState.SKIPPED]


def test_what_is_recalled_before_the_mail_leaves_is_not_told(
    mailbox: Mailbox, proposal: Proposal, olivia: User
) -> None:
    plan()
    recall_proposal(proposal.pk, reason="a mistake", by=olivia, at=timezone.now())

    assert tell() == 0
    assert mailbox.received == []
    assert Delivery.objects.get().state == DeliveryState.SKIPPED


def test_the_maker_is_told_what_became_of_it(mailbox: Mailbox, proposal: Proposal, oscar: User) -> None:
    tell()
    vote(
        proposal.pk, revision=1, digest=proposal.digest, decision=Decision.REJECT, comment="Not <b>yet</b>",
        by=oscar, at=timezone.now(),
    )  # fmt: skip

    tell()

    mail = mailbox.received[-1]
    assert mail["To"] == "olivia@example.com"
    assert "was rejected" in mail["Subject"]
    rich, plain = mail.get_body(("html",)), mail.get_body(("plain",))
    assert rich
    assert plain
    assert "Not &lt;b&gt;yet&lt;/b&gt;" in rich.get_content()
    assert "Not <b>yet</b>" in plain.get_content()


def test_whose_second_factor_went_is_told_by_whom(
    mailbox: Mailbox, program: Program, olivia: User, oscar: User
) -> None:
    nora = UserFactory(email="nora@example.com", name="Nora")
    MembershipFactory(user=nora, program=program)
    TOTP.activate(nora, generate_totp_secret())
    asked = propose(
        RESET_SECOND_FACTOR, program=program, payload={"email": nora.email}, reason="lost <i>the</i> phone", by=olivia,
        at=timezone.now(),
    )  # fmt: skip
    words: dict[str, Any] = {"revision": 1, "digest": asked.digest, "decision": Decision.APPROVE}
    vote(asked.pk, **words, by=oscar, at=timezone.now())

    tell()

    (mail,) = (mail for mail in mailbox.received if mail["To"] == "nora@example.com")
    assert mail["Subject"] == "Countinghouse: Your second factor was removed"
    rich, plain = mail.get_body(("html",)), mail.get_body(("plain",))
    assert rich
    assert plain
    assert "lost &lt;i&gt;the&lt;/i&gt; phone" in rich.get_content()
    for body in (plain.get_content(), rich.get_content()):
        assert "Olivia asked for it in Acme, and Oscar agreed" in body
        assert "If you did not ask for this, change your password at once" in body
        assert "/portal/security/" in body


def test_a_server_that_says_later_is_asked_later(mailbox: Mailbox, proposal: Proposal) -> None:
    mailbox.answers_to_data = ["451 greylisted, try again"]
    now = timezone.now()

    assert tell(at=now) == 0
    waiting = Delivery.objects.get()
    assert waiting.state == DeliveryState.WAITING
    assert "451" in waiting.last_error
    assert timedelta(seconds=48) <= waiting.due_at - now <= timedelta(seconds=72)
    assert tell(at=now + timedelta(seconds=40)) == 0
    assert tell(at=now + timedelta(seconds=73)) == 1
    assert len(mailbox.received) == 1


def test_a_server_that_is_away_loses_nothing(settings: Any, proposal: Proposal) -> None:
    with mail_server(settings):
        pass  # the port is free again, and nobody listens
    now = timezone.now()
    assert tell(at=now) == 0
    assert "refused" in Delivery.objects.get().last_error.lower()

    with mail_server(settings) as mailbox:
        assert tell(at=now + timedelta(minutes=2)) == 1
        assert recipients(mailbox) == ["oscar@example.com"]


def test_an_address_that_does_not_exist_is_given_up_and_can_be_tried_again(
    mailbox: Mailbox, proposal: Proposal
) -> None:
    mailbox.answers_to_recipient = ["550 no such user here"]
    tell()
    failed = Delivery.objects.get()
    assert failed.state == DeliveryState.FAILED
    assert failed.attempts == 1

    operations.retry_delivery(failed.pk, at=timezone.now())

    assert tell() == 1
    assert recipients(mailbox) == ["oscar@example.com"]


def test_one_gives_up_after_the_last_attempt(mailbox: Mailbox, proposal: Proposal) -> None:
    mailbox.answers_to_data = ["451 later"] * 20
    now = timezone.now()
    for _ in range(rules.ATTEMPTS_AT_MOST):
        tell(at=now)
        now += timedelta(hours=2)

    assert Delivery.objects.get().state == DeliveryState.FAILED
    assert tell(at=now) == 0


def test_one_bad_mail_does_not_keep_the_others(
    mailbox: Mailbox, program: Program, proposal: Proposal, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner(program, "olaf")
    plan()
    Delivery.objects.filter(recipient__email="olaf@example.com").update(message="proposal_waits", heading="a\nb")

    assert operations.send_deliveries(clock=timezone.now) == 1

    assert recipients(mailbox) == ["oscar@example.com"]
    assert "newline" in Delivery.objects.get(recipient__email="olaf@example.com").last_error


def test_a_worker_that_dies_after_the_mail_left_sends_the_same_mail_again(mailbox: Mailbox, proposal: Proposal) -> None:
    now = timezone.now()
    plan(at=now)
    sent = operations.send_deliveries(clock=lambda: now)
    # It left, and the worker died before it could say so.
    Delivery.objects.update(state=DeliveryState.WAITING, sent_at=None)

    assert sent == 1
    assert operations.send_deliveries(clock=lambda: now + rules.LEASE - timedelta(seconds=1)) == 0
    assert operations.send_deliveries(clock=lambda: now + rules.LEASE) == 1
    first, second = mailbox.received
    assert first["Message-ID"] == second["Message-ID"]


def test_somebody_who_has_left_is_told_nothing(mailbox: Mailbox, proposal: Proposal, oscar: User) -> None:
    plan()
    User.objects.filter(pk=oscar.pk).update(is_active=False)

    assert tell() == 0
    assert mailbox.received == []


def test_workers_at_once_send_each_mail_once(mailbox: Mailbox, program: Program, proposal: Proposal) -> None:
    for number in range(30):
        owner(program, f"owner{number}")
    start = threading.Barrier(6)

    def work() -> None:
        try:
            start.wait(timeout=30)
            with acting_as("test", "worker"):
                tell()
                operations.send_deliveries(clock=timezone.now)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(recipients(mailbox)) == sorted({*recipients(mailbox)})
    assert len(mailbox.received) == 31


def test_what_commits_late_is_told_too(mailbox: Mailbox, proposal: Proposal, program: Program, olivia: User) -> None:
    settings = connection.settings_dict
    address = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"]}
    with psycopg.connect(**address, password=settings["PASSWORD"], dbname=settings["NAME"]) as slow:
        slow.execute("SELECT pg_current_xact_id()")  # begun before, and still running
        UserFactory(email="ned@example.com")
        later = propose(
            GRANT_ROLE, program=program, payload={"email": "ned@example.com", "role": "OWNER"},
            reason="so", by=olivia, at=timezone.now(),
        )  # fmt: skip
        operations.plan_deliveries(at=timezone.now())
        told_while_it_ran = {UUID(delivery.subject_id) for delivery in Delivery.objects.all()}
        slow.commit()

    tell()

    assert later.pk not in told_while_it_ran
    assert {UUID(delivery.subject_id) for delivery in Delivery.objects.all()} == {proposal.pk, later.pk}


def test_after_a_restore_elsewhere_nothing_is_left_out_and_nothing_told_twice(
    mailbox: Mailbox, proposal: Proposal
) -> None:
    tell()
    # The other server had counted far beyond this one, and its last lines were not read before the restore.
    TailPosition.objects.update(system_identifier="another", transaction_id=10**12)
    before = Entry.objects.get(action="identity.proposal.proposed")
    Entry.objects.create(
        at=before.at, transaction_id=10**12 + 5, actor_type="user", actor_id="x", program_id=before.program_id,
        action="identity.proposal.revised", subject_type=before.subject_type, subject_id=before.subject_id,
        correlation_id="restore-0001",
    )  # fmt: skip

    assert tell() == 0  # read, and known by its key

    position = TailPosition.objects.get()
    assert position.system_identifier != "another"
    assert position.transaction_id < 10**12


def test_every_owner_is_told_that_a_setting_was_changed(
    mailbox: Mailbox, program: Program, olivia: User, oscar: User
) -> None:
    change_setting("identity.proposal_lasts", program=program, value="P3D", version=0, reason="slow", at=timezone.now())

    assert tell() == 2

    assert sorted(recipients(mailbox)) == ["olivia@example.com", "oscar@example.com"]
    body = mailbox.received[0].get_body(("plain",))
    assert body
    for words in ("identity.proposal_lasts", "slow", "pytest (test)"):
        assert words in body.get_content()
