"""`make run` as a real process: what it says and serves, and how it comes through every kind of death."""

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.background.queues import WORKERS_BY_QUEUE
from config.environment import BASE_DIR
from config.operators.demo import LOGINS, PASSWORD
from identity.models import User
from tests.crash.fleet import Journal, send, success_of
from tests.crash.house import WEB, WORKERS, House, is_gone, log_since, variable_of
from tests.crash.servers import (
    children_of,
    free_port,
    kill,
    kill_postmaster,
    lives,
    port_of,
    postmaster_of,
    processes_naming,
    processes_of,
    run_python,
    stranger_at,
    until,
)

pytestmark = pytest.mark.xdist_group("house")

ORPHAN_SECONDS_LIMIT = 5
PROGRAM = "written-before"


@pytest.fixture(scope="module", autouse=True)
def program(house: House) -> None:
    """A row that every test expects to find."""
    house.running().open_program(PROGRAM)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def run_task(house: House, queue: str, journal: Journal) -> Any:
    """Send a task and return what it returned."""
    with house.database():
        return success_of(send("record", str(journal.path), queue=queue)).result


def test_it_says_where_it_is_and_who_may_sign_in(house: House) -> None:
    said = house.running().said

    assert f"Countinghouse is ready at {house.address}\n" in said
    for login in LOGINS:
        [line] = [line for line in said.splitlines() if login.email in line]
        assert re.split(r"\s{2,}", line.strip()) == [login.role.label, login.email, PASSWORD]
        with house.database():
            assert User.objects.get(email=login.email).check_password(PASSWORD)


def test_it_serves_its_pages(house: House) -> None:
    house.running()

    assert house.get("/readyz")[0] == 200
    status, text, _ = house.get("/accounts/login/")
    assert (status, 'name="login"' in text) == (200, True)
    status, _, place = house.get("/admin/")
    assert (status, "login" in place) == (302, True)
    status, text, _ = house.get("/api/docs/")
    assert (status, "swagger" in text.lower()) == (200, True)


def test_nobody_sees_the_owner_s_address(house: House) -> None:
    parts = house.running().parts

    assert WEB in parts
    assert {variable_of(pid, "MIGRATE_DATABASE_URL") for pid in parts.values()} <= {None, ""}
    assert all("countinghouse_app:" in str(variable_of(pid, "DATABASE_URL")) for pid in parts.values())


def test_every_queue_is_worked_on_by_workers_of_its_own(house: House, journal: Journal) -> None:
    house.running()

    for queue in WORKERS_BY_QUEUE:
        result = run_task(house, queue, journal)
        assert result["queue"] == queue
        assert result["pid"] in house.members[f"worker:{queue}"]


def test_children_are_told_apart_from_strangers(house: House) -> None:
    # The other tests trust this list: everything the supervisor started is on it, and nothing else.
    assert set(house.running().parts.values()) == children_of(house.supervisor)


def test_a_second_start_is_refused_and_harms_nothing(house: House) -> None:
    before = house.running().parts

    # The second refusal shows that the first has not taken the lock away.
    refusals = [house.try_to_start(PORT=str(free_port())) for _ in range(2)]

    for refused in refusals:
        assert refused.returncode == 1
        assert refused.stdout == ""
        assert refused.stderr == (
            f"Countinghouse is already running here ({house.address}, process {house.supervisor}).\n"
        )
    assert house.parts == before
    assert house.is_ready()


def test_a_taken_port_is_refused(tmp_path: Path, house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = house.try_to_start(VAR_DIR=str(tmp_path), PORT=str(port))

    assert refused.returncode == 1
    assert refused.stderr == f"Port {port} is taken by another program. Choose another: make run PORT=8001\n"
    # It was refused before anything was made or started.
    assert not (tmp_path / "test-postgres").exists()


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("DATABASE_URL", "nonsense", "DATABASE_URL must be an address that starts with postgres:// or postgresql://."),
        ("PORT", "abc", "PORT must be a whole number from 1 to 65535, not 'abc'."),
    ],
)
def test_a_nonsensical_variable_stops_the_start(variable: str, value: str, sentence: str, tmp_path: Path) -> None:
    refused = run_python("-m", "config.processes.supervisor", **{"VAR_DIR": str(tmp_path), variable: value})

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.splitlines() == [sentence, "Every variable is explained in docs/settings.md."]
    assert list(tmp_path.iterdir()) == []


def test_a_killed_web_server_comes_back(house: House) -> None:
    victim = house.running().parts[WEB]
    members = processes_of(victim)
    assert len(members) >= 2

    kill(victim)
    until(lambda: house.parts.get(WEB, victim) != victim and house.is_ready(), "the web server is back")

    until(lambda: is_gone(members), "everything of the old one is gone", seconds=1)
    assert "web ended with -9; starting it again." in house.said
    assert house.has_program(PROGRAM)


@pytest.mark.parametrize(
    ("queue", "by", "said"),
    [
        ("payouts", signal.SIGKILL, "worker-payouts ended with -9; starting it again."),
        # One that ends in order, of its own will or a person's, is missed as much.
        ("intents", signal.SIGTERM, "worker-intents ended with 0; starting it again."),
    ],
)
def test_a_cluster_that_ended_comes_back(
    house: House, journal: Journal, queue: str, by: signal.Signals, said: str
) -> None:
    name = f"worker:{queue}"
    victim = house.running().parts[name]
    # One that still loads would not end in order.
    assert run_task(house, queue, journal)["pid"] in processes_of(victim)
    members = processes_of(victim)

    subprocess.run(["/bin/kill", f"-{by.value}", str(victim)], check=True)
    until(lambda: is_gone(members), "every process of the cluster is gone")
    result = run_task(house, queue, journal)

    assert house.parts[name] != victim
    assert result["pid"] in house.members[name]
    assert said in house.said


def test_a_killed_database_comes_back_with_its_data(house: House, journal: Journal) -> None:
    members = house.running().parts
    place = house.server.log.stat().st_size

    kill_postmaster(house.server)
    until(house.is_ready, "the database is back")

    assert house.has_program(PROGRAM)
    assert "database system was not properly shut down; automatic recovery" in log_since(house.server, place)
    # The same workers and the same web server go on: nobody but the database was started again.
    assert run_task(house, "reconciler", journal)["queue"] == "reconciler"
    assert house.parts == members


@pytest.mark.parametrize("step", ["migrate", "seed", "gunicorn"])
def test_a_database_killed_while_the_house_starts_is_started_again(house: House, step: str) -> None:
    house.running()
    kill(house.supervisor)
    assert house.process is not None
    house.process.wait()
    until(lambda: not house.left(), "nobody is left")
    house.start()

    until(lambda: children_of(house.supervisor) & processes_naming(step), f"{step} runs")
    kill_postmaster(house.server)

    assert house.running().has_program(PROGRAM)
    assert "The database has stopped; starting it again." in house.said


@pytest.fixture
def supervisor_asleep(house: House) -> Iterator[None]:
    """Keep the supervisor from seeing what happens for a while."""
    house.running()
    signal_to(house.supervisor, signal.SIGSTOP)
    yield
    signal_to(house.supervisor, signal.SIGCONT)


def signal_to(pid: int, number: signal.Signals) -> None:
    subprocess.run(["/bin/kill", f"-{number.value}", str(pid)], check=True)


def test_a_database_whose_port_was_taken_comes_back_on_another(
    house: House, supervisor_asleep: None, journal: Journal
) -> None:
    port = port_of(house.server)
    before = house.parts

    kill_postmaster(house.server)
    with stranger_at(int(port)):
        signal_to(house.supervisor, signal.SIGCONT)
        until(lambda: port_of(house.server) != port and house.is_ready(), "the database is back")
        result = run_task(house, "settlements", journal)

    assert house.has_program(PROGRAM)
    assert result["pid"] in house.members["worker:settlements"]
    assert all(house.parts[name] != before[name] for name in (WEB, *WORKERS))


def test_a_killed_supervisor_takes_everything_but_the_database_along(house: House) -> None:
    members = house.running().left()
    assert len(members) > len(house.parts)
    database = postmaster_of(house.server)

    kill(house.supervisor)
    until(lambda: is_gone(members), "every process but the database is gone", seconds=ORPHAN_SECONDS_LIMIT)
    assert house.left() == set()
    assert lives(database)
    house.running()

    assert postmaster_of(house.server) == database
    assert house.has_program(PROGRAM)


@pytest.mark.parametrize(("by", "at_work"), [(signal.SIGTERM, True), (signal.SIGINT, False)])
def test_a_house_told_to_stop_leaves_nothing_running(
    house: House, journal: Journal, by: signal.Signals, at_work: bool
) -> None:
    if at_work:
        house.running()
        for queue in WORKERS_BY_QUEUE:
            run_task(house, queue, journal)
    else:
        # The workers are still loading, and can't end in order yet.
        house.start()
        until(house.is_ready, "the house is ready")
    members = house.left() | house.postgres_processes()
    place = house.server.log.stat().st_size

    code = house.stop(by)

    assert code == 0, house.said
    # What it had to kill may still be on its way out.
    until(lambda: is_gone(members), "everything is gone", seconds=1)
    assert house.left() == set()
    assert "is killed" not in house.said
    assert log_since(house.server, place).endswith("LOG:  database system is shut down\n")
    # The next start finds nothing to mend.
    place = house.server.log.stat().st_size
    server = house.server
    server.acquire()
    assert house.has_program(PROGRAM)
    server.release()
    assert "database system was shut down at" in log_since(server, place)
    assert "was not properly shut down" not in log_since(server, place)


def test_the_supervisor_is_what_make_run_executes() -> None:
    assert "-m config.processes.supervisor\n" in (BASE_DIR / "Makefile").read_text()
