"""The embedded server: found or started, shared, stopped with its last user, whatever happens to the others."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.environment import BASE_DIR
from config.postgres import embedded
from config.postgres.embedded import EmbeddedPostgres
from config.postgres.programs import PostgresUnavailable
from tests.crash.house import log_since, owner_is_root
from tests.crash.servers import (
    children_of,
    kill,
    kill_postmaster,
    lives,
    open_folder,
    port_of,
    postmaster_of,
    stranger_at,
    until,
    variables,
)

pytestmark = pytest.mark.xdist_group("embedded")

# Takes the server, says who leads it, and keeps it until its input ends.
USER = """
import sys
from pathlib import Path
from config.postgres.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.acquire()
print((server.data / "postmaster.pid").read_text().split()[0], flush=True)
sys.stdin.read()
"""


class User:
    """A process of its own that uses the server in a folder."""

    def __init__(self, home: Path, program: str = USER) -> None:
        # With a session of its own, so that a Ctrl-C meant for the tests does not end it early.
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(home)],
            env=variables(),
            cwd=BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def leader(self) -> int:
        """Return who leads the server, once it has it."""
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        if not said:
            pytest.fail(f"no server: {self.process.communicate()[1]}")
        return int(said)

    def leave(self) -> None:
        """Let it end by itself."""
        _, problem = self.process.communicate(timeout=30)
        assert (self.process.returncode, problem) == (0, "")

    def die(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.communicate()
        assert self.process.returncode == -signal.SIGKILL


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder for one server, of which nothing is left afterwards."""
    with open_folder() as folder:
        yield folder / "postgres"
        pid_file = folder / "postgres" / "data" / "postmaster.pid"
        if pid_file.exists() and lives(leader := int(pid_file.read_text().split()[0])):
            kill(leader, *children_of(leader))


@pytest.fixture(scope="module")
def made() -> Iterator[EmbeddedPostgres]:
    """A server that was made and stopped, for tests that need no empty folder."""
    with open_folder() as folder:
        server = EmbeddedPostgres(folder / "postgres")
        server.acquire()
        server.ensure_database("kept")
        server.release()
        yield server
        server.release()
        if (server.data / "postmaster.pid").exists():
            server.stop()


def write_row(server: EmbeddedPostgres, row: str) -> None:
    with psycopg.connect(server.url("kept")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS rows (row text)")
        connection.execute("INSERT INTO rows VALUES (%s)", [row])


def has_row(server: EmbeddedPostgres, row: str) -> bool:
    with psycopg.connect(server.url("kept")) as connection:
        return connection.execute("SELECT 1 FROM rows WHERE row = %s", [row]).fetchone() is not None


def test_six_who_come_at_once_share_one_server_and_the_last_stops_it(home: Path) -> None:
    users = [User(home) for _ in range(6)]
    leaders = {user.leader() for user in users}

    assert len(leaders) == 1
    [leader] = leaders
    for user in users[:-1]:
        user.leave()
    assert lives(leader)
    assert EmbeddedPostgres(home).answers()
    users[-1].leave()
    assert not lives(leader)
    log = log_since(EmbeddedPostgres(home), 0)
    assert log.count("starting PostgreSQL") == 1
    assert log.endswith("LOG:  database system is shut down\n")


def test_a_killed_server_is_started_again_with_its_data(made: EmbeddedPostgres) -> None:
    made.acquire()
    write_row(made, "before the kill")
    killed = postmaster_of(made)
    port = port_of(made)

    kill_postmaster(made)
    assert not made.answers()
    made.acquire()

    assert made.answers()
    assert postmaster_of(made) != killed
    assert port_of(made) == port
    assert has_row(made, "before the kill")
    made.release()
    assert not made.answers()


def test_a_killed_user_leaves_a_server_that_the_next_finds_and_the_last_stops(made: EmbeddedPostgres) -> None:
    killed, survivor = User(made.home), User(made.home)
    leader = killed.leader()
    assert survivor.leader() == leader
    survivor.die()
    killed.die()
    assert lives(leader)

    following, last = User(made.home), User(made.home)
    assert following.leader() == last.leader() == leader
    following.leave()
    assert lives(leader)
    last.leave()

    assert not lives(leader)


def test_a_user_killed_while_the_data_is_made_does_no_harm(home: Path) -> None:
    first = User(home)
    until(lambda: list(home.glob("data-*/PG_VERSION")), "initdb is at work")
    first.die()

    second = User(home)
    leader = second.leader()

    assert EmbeddedPostgres(home).answers()
    second.leave()
    assert not lives(leader)
    assert not list(home.glob("data-*/PG_VERSION"))
    assert "could not" not in log_since(EmbeddedPostgres(home), 0)


def test_a_server_that_is_slow_to_come_up_is_waited_for(made: EmbeddedPostgres) -> None:
    made.acquire()
    leader = postmaster_of(made)
    place = made.log.stat().st_size
    os.kill(leader, signal.SIGSTOP)
    try:
        newcomer = User(made.home)
        # By now it has looked, found no answer, and tried to start a server beside the one that sleeps.
        until(lambda: 'lock file "postmaster.pid" already exists' in log_since(made, place), "it was tried")
    finally:
        os.kill(leader, signal.SIGCONT)

    assert newcomer.leader() == leader
    newcomer.leave()
    made.release()
    assert not lives(leader)


def test_a_port_taken_while_the_server_was_down_is_left_to_its_taker(made: EmbeddedPostgres) -> None:
    made.acquire()
    write_row(made, "on the first port")
    made.release()
    port = port_of(made)

    with stranger_at(int(port)):
        made.acquire()
        assert port_of(made) != port
        assert has_row(made, "on the first port")

    made.release()


def test_its_buffers_are_a_quarter_of_the_memory_within_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for gigabytes, megabytes in ((0.25, 128), (1, 256), (4, 1024), (64, 2048)):
        monkeypatch.setattr(embedded, "_memory", lambda found=gigabytes: int(found * 2**30))
        assert embedded._buffers_mb() == megabytes


def test_a_container_s_limit_counts_as_its_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(embedded, "_CONTAINER_LIMIT", limit)
    machine = embedded._memory()
    assert machine == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), "where there is no such file"

    for said, memory in (("max\n", machine), (f"{2**28}\n", 2**28), (f"{2**60}\n", machine)):
        limit.write_text(said)
        assert embedded._memory() == memory


def test_data_of_another_version_is_refused_and_left_alone(home: Path) -> None:
    (home / "data").mkdir(parents=True)
    (home / "data" / "PG_VERSION").write_text("12\n")
    (home / "data" / "precious").write_text("rows")

    with pytest.raises(PostgresUnavailable) as refusal:
        EmbeddedPostgres(home).acquire()

    assert f"{home}/data was made by PostgreSQL 12, and the programs found are version" in str(refusal.value)
    assert "Set PG_BIN to the programs of version 12" in str(refusal.value)
    assert (home / "data" / "precious").read_text() == "rows"


def test_without_programs_it_says_what_to_install(home: Path) -> None:
    with pytest.raises(PostgresUnavailable) as refusal:
        EmbeddedPostgres(home, binaries="/nonexistent").acquire()

    assert str(refusal.value) == (
        "No programs of PostgreSQL 15 or newer were found. Install a PostgreSQL server (Debian: apt-get install "
        "postgresql), or set PG_BIN to the folder that holds initdb, pg_ctl and postgres."
    )
    assert not (home / "data").exists()


def test_a_server_in_use_is_not_removed(home: Path) -> None:
    user = User(home)
    leader = user.leader()
    server = EmbeddedPostgres(home)

    assert server.remove() is False
    assert lives(leader)
    assert server.answers()
    assert (server.data / "PG_VERSION").exists()

    user.die()
    assert server.remove() is True
    assert not lives(leader)
    assert not server.data.exists()


def test_an_ordinary_user_has_a_server_of_his_own(home: Path) -> None:
    # The interpreter may lie where nobody else can enter, so root starts it and it steps down by itself.
    account = pwd.getpwnam("nobody" if owner_is_root() else pwd.getpwuid(os.geteuid()).pw_name)
    program = "import os, psycopg\nfrom config.postgres.embedded import EmbeddedPostgres\n"
    if owner_is_root():
        program += f"os.setgroups([])\nos.setgid({account.pw_gid})\nos.setuid({account.pw_uid})\n"
        home.mkdir()
        os.chown(home, account.pw_uid, account.pw_gid)
    # The programs, or their copy, at a place that everybody can reach.
    binaries = EmbeddedPostgres(home.parent / "root").bin

    user = User(home, program=program + USER.replace("sys.argv[1])", f"sys.argv[1]), binaries={str(binaries)!r}"))
    leader = user.leader()

    assert Path(f"/proc/{leader}").stat().st_uid == (home / "data").stat().st_uid == account.pw_uid
    user.leave()
    assert not lives(leader)
    assert "database system is shut down" in (home / "server.log").read_text()
