"""The doctor says what is ill, in a line each, and looks at everything even when something can't be looked at."""

import json
import re
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.models import Success

from config.background.queues import WORKERS_BY_QUEUE
from config.operators import examination
from config.operators.examination import Finding, examine
from identity.models import Program
from identity.operations.store_setting import store_setting
from ledger.operations import define_asset
from ledger.states import AssetKind
from tests.evm.chain import Chain
from tests.evm.fixtures import chain, running_chain
from wallets.models import RailAccount
from wallets.operations import activate_rail_account, draft_rail_account, stop_rail_account

__all__ = ["chain", "running_chain"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def workers() -> None:
    for queue in WORKERS_BY_QUEUE:
        Success.objects.create(id=uuid4().hex, name="beat", func="config.background.tasks.heartbeat", cluster=queue,
                               started=timezone.now(), stopped=timezone.now(), success=True)  # fmt: skip


def ill() -> dict[str, str]:
    return {finding.part: finding.says for finding in examine(now=timezone.now()) if not finding.is_well}


@pytest.mark.usefixtures("workers")
def test_all_is_well() -> None:
    said = StringIO()

    call_command("doctor", stdout=said, no_color=True)

    lines = said.getvalue().splitlines()
    assert all(line.startswith("well") for line in lines)
    parts = [line.split()[1] for line in lines]
    assert parts == [
        "database", "migrations", "final", "clock", "broker", *["workers"] * 5, "backups", "backups", "archive",
        "settings", "secrets", "disk",
    ]  # fmt: skip


def test_silent_workers_are_ill_and_the_remedy_is_named() -> None:
    said = StringIO()

    with pytest.raises(SystemExit) as left:
        call_command("doctor", stdout=said, no_color=True)

    assert left.value.code == 1
    assert "ill   workers     payouts: never heard of, 0 tasks wait" in said.getvalue()
    assert "manage.py worker payouts" in said.getvalue()


@pytest.mark.usefixtures("workers")
def test_a_late_heartbeat_is_ill() -> None:
    Success.objects.filter(cluster="payouts").update(stopped=timezone.now() - timedelta(minutes=5))

    assert ill() == {"workers": "payouts: heartbeat 300 s ago, 0 tasks wait"}


@pytest.mark.usefixtures("workers")
def test_the_relayer_s_key_is_for_the_payouts_workers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAYER_PRIVATE_KEY", "ab" * 32)

    assert "RELAYER_PRIVATE_KEY" in ill()["settings"]
    monkeypatch.setenv("COUNTINGHOUSE_PROCESS", "worker:payouts")
    assert ill() == {}


@pytest.mark.usefixtures("workers")
def test_waiting_migrations_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "waiting_migrations", lambda: ["ledger.0001_start", "ledger.0002_more"])

    assert ill() == {"migrations": "2 wait, first ledger.0001_start"}


@pytest.mark.usefixtures("workers")
def test_a_wrong_clock_is_ill(monkeypatch: pytest.MonkeyPatch) -> None:
    real = timezone.now
    monkeypatch.setattr("config.operators.examination.timezone.now", lambda: real() + timedelta(seconds=30))

    assert "clock" in ill()


@pytest.mark.usefixtures("workers")
def test_a_full_disk_is_ill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "DISK_FREE_BYTES", 10**18)

    assert "disk" in ill()


@pytest.fixture
def account(chain: Chain, program: Program, acting: None) -> RailAccount:
    """An address on the chain, in use."""
    define_asset("TUSD", name="Test dollar", kind=AssetKind.TOKEN, scale=6, chain_id=chain.chain_id)
    now, number = timezone.now(), f"{chain.chain_id}:0x{'a1' * 20}"
    drafted = draft_rail_account(
        program=program, rail="evm", name="chain", number=number, assets=["TUSD"], secrets={}, at=now
    )
    return activate_rail_account(drafted.pk, program_id=program.pk, version=1, at=now)


def chains() -> list[Finding]:
    return [finding for finding in examine(now=timezone.now()) if finding.part == "chains"]


def test_a_node_that_answers_is_well(chain: Chain, account: RailAccount) -> None:
    chain.mine()

    [found] = chains()

    assert found.is_well
    assert re.fullmatch(r"31337: block [0-9]+, [0-9]+ \w+ old, final up to [0-9]+", found.says)


def test_a_node_of_another_chain_is_ill(chain: Chain, account: RailAccount, settings: Any) -> None:
    chain.ask("anvil_setChainId", 5)
    try:
        assert "one of chain 5, and chain 31337 was asked for" in ill()["chains"]
    finally:
        chain.ask("anvil_setChainId", chain.chain_id)
    settings.RPC_NODES = {}
    assert "no node of chain 31337 is configured" in ill()["chains"]


def test_a_node_that_stands_still_is_ill(chain: Chain, account: RailAccount) -> None:
    later = timezone.now() + timedelta(hours=3)

    [found] = [finding for finding in examine(now=later) if finding.part == "chains"]

    assert not found.is_well
    assert " h old" in found.says


def test_how_deep_is_said(house: Program, account: RailAccount) -> None:
    store_setting(
        "wallets.chain_depths", program=house, value=["31337:12"], version=0, reason="Chains", at=timezone.now()
    )  # fmt: skip
    assert chains()[0].says.endswith("believed 12 deep")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE identity_setting SET value = %s", ['["31337:0"]'])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert "31337: " in ill()["chains"]


def test_a_chain_that_nobody_uses_is_not_asked(chain: Chain, account: RailAccount) -> None:
    stop_rail_account(account.pk, program_id=account.program_id, reason="Odd", at=timezone.now())

    assert chains() == []


def test_one_part_that_can_not_be_looked_at_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: Any) -> list[Finding]:
        raise OperationalError("connection refused\nwith a second line")

    monkeypatch.setattr(examination, "_PARTS", (("database", away), ("disk", examination._disk)))

    findings = examine(now=timezone.now())

    assert [(finding.part, finding.is_well) for finding in findings] == [("database", False), ("disk", True)]
    assert findings[0].says == "can't be looked at: connection refused"


@pytest.mark.usefixtures("workers")
def test_machines_get_json() -> None:
    said = StringIO()

    call_command("doctor", "--json", stdout=said)

    answer = json.loads(said.getvalue())
    assert answer["well"] is True
    assert {finding["part"] for finding in answer["findings"]} >= {"database", "workers", "disk"}
