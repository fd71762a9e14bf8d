"""`manage.py simulate` speaks to a house that listens, and says truly what it was answered."""

import io
import json
import socket
import subprocess
import sys
import threading
from collections import Counter
from http.client import HTTPConnection
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from config.processes.simulated import rails_to_simulate, ways_to
from config.simulators import SIMULATORS
from config.simulators.frame import CannotSimulate, Delivery, send
from config.simulators.kcb import Kcb
from config.simulators.mpesa import Mpesa
from config.simulators.server import Call
from tests.architecture.house import ROOT
from tests.wallets.coinbase import CHECKOUTS, COMMERCE, merchant
from tests.wallets.purses import Purses
from wallets.models import RailEvent
from wallets.operations import work_inbox
from wallets.queries.rail_accounts import hook_path
from wallets.rails import Received
from wallets.rails.coinbase import read

OPTIONS: dict[str, Any] = {"api": "commerce", "charge": "", "amount": "25.00", "currency": "USD", "metadata": []}
NOWHERE = "http://127.0.0.1:1/api/v2/hooks/c/x"


def simulated(*arguments: str) -> str:
    out = io.StringIO()
    call_command("simulate", "coinbase", *arguments, stdout=out)
    return out.getvalue()


def told(scenario: str, **options: Any) -> list[Any]:
    """Return what the adapter reads in what a scenario sends."""
    known = {**OPTIONS, **options}
    secret = COMMERCE if known["api"] == "commerce" else CHECKOUTS
    secrets = {known["api"]: secret}
    return [
        read(
            Received(each.body, {name.lower(): value for name, value in each.headers.items()}, timezone.now()), secrets
        )
        for each in SIMULATORS["coinbase"].deliveries(scenario, secret, known)
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("api", "sent", "found"),
    [
        ("commerce", 37, {"told": 26, "again": 10, "changed": 1, "refused": 1}),
        ("checkouts", 31, {"told": 18, "again": 10, "changed": 1, "refused": 3}),
    ],
)
def test_a_house_takes_in_all_that_it_should(
    purses: Purses, live_server: Any, api: str, sent: int, found: dict[str, int]
) -> None:
    account = merchant(purses.program, at=timezone.now())
    to = live_server.url + hook_path(account)

    answers = json.loads(simulated("all", "--program", purses.program.slug, "--to", to, "--api", api, "--json"))
    work_inbox(seconds_at_most=20)

    assert len(answers) == sent
    assert all(answer["is_expected"] for answer in answers)
    events = RailEvent.objects.all()
    assert {
        "told": events.filter(duplicate_of=None).exclude(state="REJECTED").count(),
        "again": events.exclude(duplicate_of=None).count(), "changed": events.filter(is_changed=True).count(),
        "refused": events.filter(state="REJECTED").count(),
    } == found  # fmt: skip
    # Nobody expects these charges; what is no charge, or is told again, is left alone.
    assert set(events.values_list("state", flat=True)) == {"FAILED", "IGNORED", "REJECTED"}
    assert all("unknown_settlement" in event.verdict for event in events.filter(state="FAILED"))


@pytest.mark.django_db(transaction=True)
def test_it_says_when_a_house_answers_otherwise(purses: Purses, live_server: Any) -> None:
    to = live_server.url + hook_path(merchant(purses.program, at=timezone.now()))

    with pytest.raises(CommandError, match="3 of 3 were not answered as they should be") as refusal:
        simulated("confirmed", "--to", to, "--secret", "not-the-account-s")
    assert refusal.value.returncode == 1
    with pytest.raises(CommandError, match="were not answered"):
        simulated("confirmed", "--to", live_server.url + "/api/v2/hooks/c/nobody", "--secret", COMMERCE)
    lines = simulated("confirmed", "--to", to, "--secret", COMMERCE).splitlines()

    assert lines[0].startswith("confirmed: ")
    assert [line.split()[:3] for line in lines[1:4]] == [
        [f"charge:{what}", "200", "VERIFIED"] for what in ("created", "pending", "confirmed")
    ]
    assert lines[4] == "3 sent; each was answered as it should be."


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["confirmed"], "Say whose rail account it is"),
        (["confirmed", "--program", "nobody"], "nobody has no rail account coinbase"),
        (["confirmed", "--program", "\0"], "has no rail account"),
        (["confirmed", "--program", "\udcff"], "has no rail account"),
        (["confirmed", "--program", "acme", "--account", "bank"], "has no rail account bank"),
        (["confirmed", "--to", NOWHERE, "--secret", "x"], "Nobody answers at http://127.0.0.1:1"),
        (["confirmed", "--to", "http://10.0.0.1/", "--secret", "x"], "this machine only"),
        (["confirmed", "--to", "http://example.com/", "--secret", "x"], "this machine only"),
        (["confirmed", "--to", "https://127.0.0.1/", "--secret", "x"], "this machine only"),
        (["confirmed", "--to", "http://127.0.0.1@example.com/", "--secret", "x"], "this machine only"),
        (["confirmed", "--to", "http://127.0.0.1:99999/", "--secret", "x"], "this machine only"),
        (["confirmed", "--to", "http://[::1/", "--secret", "x"], "this machine only"),
        (["confirmed", "--to", "http://127.0.0.1/a b", "--secret", "x"], "this machine only"),
        (["confirmed", "--to", "nonsense", "--secret", "x"], "this machine only"),
        (["refund-partial", "--to", NOWHERE, "--secret", "x"], "Commerce knows nothing like refund-partial"),
        (["all", "--amount", "-1", "--to", NOWHERE, "--secret", "x"], "--amount takes"),
        (["confirmed", "--amount", "0.00", "--to", NOWHERE, "--secret", "x"], "--amount takes"),
        (["confirmed", "--amount", "1e9", "--to", NOWHERE, "--secret", "x"], "--amount takes"),
        (["confirmed", "--currency", "usd", "--to", NOWHERE, "--secret", "x"], "--currency takes"),
        (["confirmed", "--charge", "a b", "--to", NOWHERE, "--secret", "x"], "--charge takes"),
        (["confirmed", "--metadata", "order", "--to", NOWHERE, "--secret", "x"], "--metadata takes"),
        (["confirmed", "--metadata", "=1", "--to", NOWHERE, "--secret", "x"], "--metadata takes"),
        (["sung"], "invalid choice"),
    ],
)
@pytest.mark.django_db
def test_what_can_t_be_simulated(arguments: list[str], says: str) -> None:
    with pytest.raises(CommandError) as refusal:
        simulated(*arguments)

    assert says in str(refusal.value)


@pytest.mark.django_db
def test_an_account_without_that_secret(purses: Purses) -> None:
    merchant(purses.program, at=timezone.now(), commerce=COMMERCE)

    with pytest.raises(CommandError, match="has no secret checkouts"):
        simulated("confirmed", "--program", purses.program.slug, "--api", "checkouts")


def test_never_in_production(settings: Any) -> None:
    settings.IS_PRODUCTION = True

    with pytest.raises(CommandError, match="never told of in production"):
        simulated("confirmed", "--to", NOWHERE, "--secret", "x")


def test_an_answer_that_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        sent = send([Delivery("x", b"{}", {})], to=f"http://127.0.0.1:{port}/")
        server.close()
        with pytest.raises(CannotSimulate, match="Nobody answers"):
            next(sent)


def test_a_charge_is_the_same_each_time_it_is_named() -> None:
    options = {"charge": "XA6G6ZFR", "amount": "80.00", "currency": "EUR", "metadata": ["session=fs_1", "note=a=b"]}

    [first] = {json.dumps(dict(told("confirmed", **options)[-1].data), sort_keys=True) for _ in range(2)}

    data = json.loads(first)
    assert (data["charge"], data["asked"]) == ("XA6G6ZFR", {"amount": "80.00", "currency": "EUR"})
    assert data["metadata"] == {"session": "fs_1", "note": "a=b"}


def test_what_scenarios_say() -> None:
    ten = told("ten-times")
    assert len(ten) == 10
    assert len({notice.external_id for notice in ten}) == 1

    late = told("out-of-order")
    assert [notice.kind for notice in late] == ["charge.confirmed", "charge.pending", "charge.created"]
    assert late[0].occurred_at > late[1].occurred_at > late[2].occurred_at

    first, same, other = told("changed-amount")
    assert first.external_id == same.external_id != other.external_id
    assert same.data["asked"] == other.data["asked"] != first.data["asked"]
    assert first.data["paid"][0]["tx_hash"] == other.data["paid"][0]["tx_hash"]

    for scenario, paid in (("underpaid", "20.000"), ("overpaid", "30.000")):
        last = told(scenario)[-1].data
        assert (last["status"], last["context"]) == ("UNRESOLVED", scenario.upper())
        assert last["paid"][0]["amount"] == paid
    assert [notice.kind for notice in told("delayed")] == ["charge.created", "charge.failed", "charge.delayed"]
    assert told("resolved")[-1].kind == "charge.resolved"
    assert told("unknown")[0].kind == "coinbase:charge:sung_about"


def test_what_scenarios_of_checkouts_say() -> None:
    kinds = Counter(
        notice.kind for scenario in ("confirmed", "failed", "delayed", "refund-failed", "unknown")
        for notice in told(scenario, api="checkouts")
    )  # fmt: skip
    assert kinds == {
        "charge.confirmed": 3, "charge.failed": 2, "refund.failed": 1, "coinbase:checkout.payment.sung_about": 1,
    }  # fmt: skip

    _, part, rest = told("refund-partial", api="checkouts")
    assert (part.data["refunded"]["total"], rest.data["refunded"]["total"]) == ("10.000", "25.000")
    assert rest.data["status"] == "REFUNDED"
    assert told("underpaid", api="checkouts")[0].data["paid"][0]["amount"] == "20.000"
    assert all(notice.occurred_at < timezone.now() for notice in told("refund-partial", api="checkouts"))


@pytest.mark.parametrize(
    ("rail", "method", "path", "status"),
    [("mpesa", "GET", "/oauth/v1/generate?grant_type=client_credentials", 400), ("kcb", "POST", "/token", 401)],
)
def test_a_rail_answers_from_a_process_of_its_own(rail: str, method: str, path: str, status: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "simulate", rail, "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        connection = HTTPConnection("127.0.0.1", port, timeout=9)
        connection.request(method, path)
        assert connection.getresponse().status == status  # nobody said who asks
        connection.close()

        with pytest.raises(CommandError, match=f"Port {port} can't be listened at"):
            call_command("simulate", rail, "--port", str(port), stdout=io.StringIO())
        process.terminate()

        assert process.wait(9) == 0
    with pytest.raises(CommandError, match="up to 65535"):
        call_command("simulate", rail, "--port", "70000", stdout=io.StringIO())


def test_m_pesa_refuses_what_is_not_as_documented() -> None:
    served = Mpesa(0)
    pay, asked = "/mpesa/b2c/v3/paymentrequest", {"OriginalConversationID": "P1", "PartyA": "600992"}
    try:
        who = {"authorization": "Basic aaaaaaaaaaaa"}
        token = served.answer(Call("GET", "/oauth/v1/generate", who, b"")).said["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        for path, body, status in (
            (pay, b"{}", 400),
            (pay, b"[" * 9_999, 400),
            ("/mpesa/transactionstatus/v1/query", json.dumps(asked).encode(), 400),
            ("/mpesa/b2c/v1/paymentrequest", b"{}", 404),
        ):
            assert served.answer(Call("POST", path, headers, body)).status == status
        assert served.answer(Call("POST", pay, {}, b"{}")).status == 401
        assert served.paid == []
    finally:
        threading.Thread(target=served.serve).start()
        served.close()


def test_kcb_refuses_what_is_not_as_documented() -> None:
    served = Kcb(0)
    pay = "/fundstransfer/1.0.0/api/v1/transfer"
    asked = {
        "companyCode": "KE0010001", "transactionType": "IF", "debitAccountNumber": "37890012",
        "creditAccountNumber": "909099090", "debitAmount": 10, "paymentDetails": "payout",
        "transactionReference": "FT0000000001", "currency": "KES", "beneficiaryDetails": "JANE DOE",
        "beneficiaryBankCode": "01",
    }  # fmt: skip
    try:
        token = served.answer(
            Call("POST", "/token", {"authorization": "Basic aaaaaaaaaaaa"}, b"grant_type=client_credentials")
        ).said["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        for changed in (
            {"transactionReference": "FT00000000012"}, {"transactionType": "XX"}, {"debitAmount": "10"},
            {"debitAmount": True}, {"debitAmount": 0}, {"companyCode": None}, {"beneficiaryDetails": "x" * 36},
        ):  # fmt: skip
            answer = served.answer(Call("POST", pay, headers, json.dumps({**asked, **changed}).encode()))
            assert (answer.status, answer.said["header"]["statusCode"]) == (400, "1")
        assert served.answer(Call("POST", pay, headers, b"[" * 9_999)).status == 400
        assert served.answer(Call("GET", pay, headers, b"")).status == 404
        assert served.answer(Call("POST", pay, {}, json.dumps(asked).encode())).status == 401
        assert served.paid == []
        assert served.answer(Call("POST", pay, headers, json.dumps(asked).encode())).said["header"]["statusCode"] == "0"
        again = served.answer(Call("POST", pay, headers, json.dumps(asked).encode())).said["header"]
        assert (again["statusCode"], again["statusDescription"]) == ("1", "Duplicate transaction reference")
        assert len(served.paid) == 1
    finally:
        threading.Thread(target=served.serve).start()
        served.close()


def test_make_run_simulates_the_rails_of_which_nobody_says_where_to_call_them() -> None:
    rails = rails_to_simulate({"EGRESS_PRIVATE_HOSTS": "127.0.0.1:8545"})

    assert [each.rail for each in rails] == ["mpesa", "kcb"]
    ways = ways_to(rails, {"EGRESS_PRIVATE_HOSTS": "127.0.0.1:8545"})
    first, second = (each.port for each in rails)
    assert first != second
    assert ways == {
        "MPESA_URL": f"http://127.0.0.1:{first}", "KCB_URL": f"http://127.0.0.1:{second}",
        "EGRESS_PRIVATE_HOSTS": f"127.0.0.1:8545,127.0.0.1:{first},127.0.0.1:{second}",
    }  # fmt: skip
    assert [each.rail for each in rails_to_simulate({"MPESA_URL": "https://api.safaricom.co.ke"})] == ["kcb"]
