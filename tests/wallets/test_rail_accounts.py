"""Accounts at rails: drafted by one, used and changed by two, stopped by one, closed when nothing is left."""

import base64
import io
import os
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from audit.errors import WrongState
from audit.models import Entry
from config.operators.examination import examine
from identity import vault
from identity.models import Proposal, User
from identity.operations import propose, vote
from identity.states import Decision, ProposalState
from tests.wallets.notices import SECRET, bank, deposit, send
from tests.wallets.purses import Purses
from wallets import errors
from wallets.models import RailAccount, RailEvent
from wallets.operations import (
    change_rail_account,
    close_rail_account,
    draft_rail_account,
    renew_hook,
    stop_rail_account,
    work_inbox,
)
from wallets.proposable.rail_accounts import ACTIVATE, CHANGE
from wallets.queries.rail_accounts import hook_path, secrets_of
from wallets.rails.signed import signature

pytestmark = pytest.mark.django_db

OTHER = "another secret that nobody guesses"
DRAFT: dict[str, Any] = {"rail": "signed", "name": "bank", "number": "ACME-1", "assets": ["KES"],
                         "secrets": {"secret": SECRET}}  # fmt: skip


def proposed(purses: Purses, maker: User, kind: str, **payload: Any) -> Proposal:
    return propose(kind, program=purses.program, payload=payload, reason="New bank", by=maker, at=timezone.now())


def agreed(proposal: Proposal) -> Proposal:
    vote(
        proposal.pk, digest=proposal.digest, revision=proposal.revision, decision=Decision.APPROVE,
        by=User.objects.get(email="anton@example.com"), at=timezone.now(),
    )  # fmt: skip
    proposal.refresh_from_db()
    return proposal


def drafted(purses: Purses, **other: Any) -> RailAccount:
    return draft_rail_account(program=purses.program, **{**DRAFT, **other}, at=timezone.now())


def test_two_people_begin_to_use_it(purses: Purses, mia: User) -> None:
    account = drafted(purses)
    proposal = proposed(purses, mia, ACTIVATE, rail_account=str(account.pk))
    assert SECRET not in str(proposal.payload)

    assert agreed(proposal).state == ProposalState.EXECUTED
    account.refresh_from_db()
    assert account.state == "ACTIVE"
    assert purses.account("rail:bank:suspense").role == "SUSPENSE"
    assert [entry.action for entry in Entry.objects.filter(subject_id=str(account.pk)).order_by("pk")] == [
        "wallets.rail_account.drafted", "wallets.rail_account.activated",
    ]  # fmt: skip


def test_what_changed_since_is_not_what_was_voted_on(purses: Purses, mia: User) -> None:
    account = drafted(purses)
    proposal = proposed(purses, mia, ACTIVATE, rail_account=str(account.pk))
    change_rail_account(
        account.pk, program_id=purses.program.pk, version=1, number="EVIL-1", assets=["KES"], at=timezone.now()
    )

    with pytest.raises(errors.RailAccountChanged):
        agreed(proposal)

    account.refresh_from_db()
    assert account.state == "DRAFT"


def test_two_people_change_its_secret(purses: Purses, mia: User) -> None:
    account = bank(purses.program)
    with pytest.raises(errors.RailNeedsTwo):
        change_rail_account(
            account.pk, program_id=purses.program.pk, version=1, number="ACME-1", assets=["KES"], at=timezone.now()
        )
    proposal = proposed(purses, mia, CHANGE, rail_account=str(account.pk), secrets={"secret": OTHER})
    assert OTHER not in str(proposal.payload)
    assert SECRET not in str(proposal.payload)

    agreed(proposal)

    account.refresh_from_db()
    assert (account.version, secrets_of(account)) == (2, {"secret": OTHER})
    assert send(account, deposit("x")).status_code == 401
    assert send(account, deposit("x"), secret=OTHER).status_code == 202
    entry = Entry.objects.get(action="wallets.rail_account.changed")
    assert set(entry.payload["after"]) == {"fingerprint"}
    assert OTHER not in str(entry.payload)


def test_another_asset_opens_its_books(purses: Purses, mia: User) -> None:
    account = bank(purses.program)

    agreed(proposed(purses, mia, CHANGE, rail_account=str(account.pk), assets=["USDC", "KES", "USDC"]))

    account.refresh_from_db()
    assert account.assets == ["KES", "USDC"]
    assert purses.account("rail:bank:clearing", "USDC").role == "CLEARING"


@pytest.mark.parametrize("whose", ["another account's", "its own"])
def test_a_sealed_secret_is_good_for_its_proposal_only(purses: Purses, mia: User, whose: str) -> None:
    account = bank(purses.program)
    other = bank(purses.program, name="other", number="ACME-2") if whose == "another account's" else account
    one, two = (
        proposed(purses, mia, CHANGE, rail_account=str(each.pk), secrets={"secret": secret})
        for each, secret in ((account, OTHER), (other, "a third secret that nobody guesses"))
    )
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE identity_proposal SET sealed = %s WHERE id = %s", [two.sealed, one.pk])
        cursor.execute("SET session_replication_role = origin")

    with pytest.raises(errors.SecretUnreadable):
        agreed(one)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"rail": "carrier pigeon"}, "unknown_rail_kind"),
        ({"rail": "\0"}, "unknown_rail_kind"),
        ({"name": "Bank"}, "bad_rail_account"),
        ({"name": "a:b"}, "bad_rail_account"),
        ({"name": ""}, "bad_rail_account"),
        ({"number": ""}, "bad_rail_account"),
        ({"number": "a b"}, "bad_rail_account"),
        ({"assets": []}, "bad_rail_account"),
        ({"assets": ["GOLD"]}, "bad_rail_account"),
        ({"assets": ["XXX"]}, "bad_rail_account"),
        ({"assets": ["\0"]}, "bad_rail_account"),
        ({"secrets": {}}, "bad_rail_account"),
        ({"secrets": {"secret": "short"}}, "bad_rail_account"),
        ({"secrets": {"secret": SECRET, "more": "x"}}, "bad_rail_account"),
    ],
)
def test_what_can_t_be(purses: Purses, other: Any, code: str) -> None:
    with pytest.raises(errors.WalletRefused) as refusal:
        drafted(purses, **other)

    assert refusal.value.code == code
    assert not RailAccount.objects.exists()


def test_a_number_is_one_program_s(purses: Purses, other: Purses) -> None:
    drafted(purses)
    with pytest.raises(errors.RailAccountTaken) as taken:
        drafted(other)
    assert taken.value.params == {"what": "number"}
    with pytest.raises(errors.RailAccountTaken) as taken:
        drafted(purses, number="ACME-2")
    assert taken.value.params == {"what": "name"}

    mine = RailAccount.objects.get()
    close_rail_account(mine.pk, program_id=purses.program.pk, reason="a mistake", at=timezone.now())
    assert drafted(other).state == "DRAFT"


def test_it_is_closed_when_nothing_is_left(purses: Purses) -> None:
    account = bank(purses.program)
    known: dict[str, Any] = {"program_id": purses.program.pk, "reason": "gone", "at": timezone.now()}
    with pytest.raises(WrongState):
        close_rail_account(account.pk, **known)
    send(account, deposit(purses.wallet("ann"), "5"))
    work_inbox(seconds_at_most=9)
    stop_rail_account(account.pk, **known)

    with pytest.raises(errors.RailHoldsMoney) as refusal:
        close_rail_account(account.pk, **known)
    assert refusal.value.params == {"account": "rail:bank:clearing"}
    purses.do("charge_back", "ann", "5", rail="bank")
    purses.settle("bank", Decimal(5))
    assert close_rail_account(account.pk, **known).state == "CLOSED"
    with pytest.raises(errors.BadRailAccount):
        renew_hook(account.pk, **known)


def test_another_address(purses: Purses) -> None:
    account = bank(purses.program)
    before = hook_path(account)

    renewed = renew_hook(account.pk, program_id=purses.program.pk, reason="it leaked", at=timezone.now())

    assert hook_path(renewed) != before
    assert send(account, deposit("x")).status_code == 404
    assert send(renewed, deposit("x")).status_code == 202


def test_secrets_are_bound_to_their_row(purses: Purses) -> None:
    one, two = bank(purses.program), bank(purses.program, name="two", number="ACME-2")
    two.ciphertext = one.ciphertext

    with pytest.raises(errors.SecretUnreadable):
        secrets_of(two)
    assert vault.has_current_key(one.ciphertext)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ciphertext, hook_ciphertext FROM wallets_railaccount")
        assert not any(SECRET in text for row in cursor.fetchall() for text in row)


@pytest.mark.parametrize(
    "change", [{"name": "x"}, {"number": "x"}, {"version": 0}, {"ciphertext": "x"}, {"assets": []}]
)
def test_the_database_lets_it_stay_what_it_is(purses: Purses, change: Any) -> None:
    account = bank(purses.program)

    with pytest.raises(IntegrityError), transaction.atomic():
        RailAccount.objects.filter(pk=account.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        account.delete()


def test_keys_rotate_with_all_others(purses: Purses, settings: Any) -> None:
    account = bank(purses.program)
    address, old = hook_path(account), list(settings.SETTINGS_KEYS)
    settings.SETTINGS_KEYS = [base64.b64encode(os.urandom(32)).decode(), *old]

    call_command("reencrypt_settings", "--json", stdout=io.StringIO())
    settings.SETTINGS_KEYS = settings.SETTINGS_KEYS[:1]

    account.refresh_from_db()
    assert (account.version, secrets_of(account), hook_path(account)) == (2, {"secret": SECRET}, address)
    assert send(account, deposit("x")).status_code == 202
    settings.SETTINGS_KEYS = old
    with pytest.raises(SystemExit):
        call_command("reencrypt_settings", stdout=io.StringIO(), stderr=io.StringIO())
    [finding] = [finding for finding in examine(now=timezone.now()) if finding.part == "secrets"]
    assert not finding.is_well
    assert "rail account bank" in finding.says


def test_what_comes_while_a_key_is_missing_is_kept_until_it_is_back(purses: Purses, settings: Any) -> None:
    account, old = bank(purses.program), list(settings.SETTINGS_KEYS)
    address, body = hook_path(account), deposit(purses.wallet("ann"))
    signed = {"X-Signature": signature(SECRET, body, at=timezone.now())}

    settings.SETTINGS_KEYS = [base64.b64encode(os.urandom(32)).decode()]
    answer = Client().post(address, body, content_type="application/json", headers=signed)
    assert (answer.status_code, answer.json()["state"]) == (202, "RECEIVED")
    RailEvent.objects.update(due_at=timezone.now())
    assert work_inbox(seconds_at_most=9) == {"RECEIVED": 1}

    settings.SETTINGS_KEYS = old
    RailEvent.objects.update(due_at=timezone.now())
    assert work_inbox(seconds_at_most=9) == {"APPLIED": 1}
