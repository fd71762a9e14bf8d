"""`make run`: the database, the migrations, demo data, the web server and the workers, started and stopped together.

Each process is a session of its own and dies with this one, even when this one is killed. What falls is started
again, the database too. Ctrl-C or SIGTERM ends everything in order: web, workers, database.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from types import FrameType
from typing import IO

from config.background.queues import WORKERS_BY_QUEUE
from config.environment import BASE_DIR, BadEnvironment, Environment, load
from config.environment.variables import PRODUCTION, TEST
from config.postgres.connection import DATABASE_NAME, embedded_server
from config.postgres.embedded import RUNTIME_ROLE, EmbeddedPostgres
from config.postgres.programs import PostgresUnavailable
from config.processes.child import Child, dying_with_us
from config.processes.housekeeping import Housekeeping, jobs_of
from config.processes.simulated import rails_to_simulate, ways_to

READY_SECONDS = 90
STOP_SECONDS = 30
DATABASE_CHECK_SECONDS = 1.0
PREPARE_TIMES_AT_MOST = 3

_MANAGE = [sys.executable, str(BASE_DIR / "manage.py")]


class CannotRun(Exception):
    """Raised with a sentence that says why the house can't be started."""


def _say(text: str) -> None:
    # A closed terminal or a broken pipe must not keep us from looking after the house, or from stopping it in order.
    with suppress(OSError):
        print(text, flush=True)


class Supervisor:
    """Everything `make run` starts."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.var = environment.var_dir
        self.port: int = environment["PORT"]
        self.address = f"http://127.0.0.1:{self.port}"
        self.postgres: EmbeddedPostgres | None = None
        self.children: list[Child] = []
        self.housekeeping = Housekeeping([])
        self.stopping = False
        self._logins: list[dict[str, str]] = []
        self._predecessor_was_killed = False
        self._lock: IO[str] | None = None
        self._database_seen = 0.0

    def run(self) -> None:
        """Start everything, say so, and keep it running until told to stop.

        :raises CannotRun: when something is in the way.
        """
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGTERM, self._stop)
        # A closed terminal ends the house in order too, unless `nohup` wants it to go on.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._stop)
        self._take_lock()
        try:
            self._wait_for_port()
            database_url = self._start_database()
            variables = {
                **os.environ,
                "DATABASE_URL": database_url,
                "PORT": str(self.port),
                # Links in mails lead to where this house answers.
                "PUBLIC_URL": os.environ.get("PUBLIC_URL") or self.address,
                "WORKERS_PER_QUEUE": os.environ.get("WORKERS_PER_QUEUE") or "1",
                "PYTHONUNBUFFERED": "1",
            }
            # Signs payouts: nobody but the payouts workers gets to see it.
            relayer = variables.get("RELAYER_PRIVATE_KEY", "")
            variables["RELAYER_PRIVATE_KEY"] = ""  # or each would find it in `.env` by itself
            # The owner's address is for the migrations alone; the children come as the runtime role.
            owner_url = variables.pop("MIGRATE_DATABASE_URL", "")
            self._prepare(variables, owner_url=self.postgres.url(DATABASE_NAME) if self.postgres else owner_url)
            self._start_children(variables, relayer=relayer)
            if self.postgres and self.environment["ENVIRONMENT"] != TEST:
                jobs = jobs_of(self.environment, self.postgres, variables, self.var / "log")
                self.housekeeping = Housekeeping(jobs)
            self._welcome()
            while not self.stopping:
                self._look_after()
                time.sleep(0.25)
        finally:
            self._end()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _take_lock(self) -> None:
        (self.var / "log").mkdir(parents=True, exist_ok=True)
        lock = (self.var / "run.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotRun(f"Countinghouse is already running here ({lock.read().strip() or 'starting'}).") from None
        lock.seek(0)
        self._predecessor_was_killed = bool(lock.read())  # who stops in order leaves the file empty
        lock.truncate(0)
        lock.write(f"{self.address}, process {os.getpid()}")
        lock.flush()
        self._lock = lock

    def _wait_for_port(self) -> None:
        """Find the port free; a killed predecessor's web server gets a moment to let go of it."""
        deadline = time.monotonic() + (10 if self._predecessor_was_killed else 0)
        while not self.stopping:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", self.port))
                except OSError:
                    if time.monotonic() > deadline:
                        raise CannotRun(
                            f"Port {self.port} is taken by another program. Choose another: make run PORT=8001"
                        ) from None
                    time.sleep(0.3)
                else:
                    return

    def _start_database(self) -> str:
        if self.environment["DATABASE_URL"]:
            return str(self.environment["DATABASE_URL"])
        self.postgres = embedded_server(self.environment)
        try:
            self.postgres.acquire()
            self.postgres.ensure_database(DATABASE_NAME)
        except PostgresUnavailable as problem:
            raise CannotRun(str(problem)) from problem
        return self.postgres.url(DATABASE_NAME, user=RUNTIME_ROLE)

    def _prepare(self, variables: dict[str, str], *, owner_url: str) -> None:
        self._manage("migrate", "--no-input", variables={**variables, "MIGRATE_DATABASE_URL": owner_url})
        # Demo people with known passwords belong into our own server and nowhere else.
        if self.postgres:
            said = self._manage("seed", "--demo", "--json", variables=variables)
            self._logins = [] if self.stopping else json.loads(said)["logins"]
        else:
            self._manage("seed", variables=variables)

    def _manage(self, *arguments: str, variables: dict[str, str]) -> str:
        for times_left in reversed(range(PREPARE_TIMES_AT_MOST)):
            if self.stopping:
                break
            done = subprocess.run(
                [*_MANAGE, *arguments], env=variables, cwd=BASE_DIR, capture_output=True, text=True,
                preexec_fn=dying_with_us(),  # left alone, migrations would go on beside those of the next start
            )  # fmt: skip
            if not done.returncode:
                return done.stdout
            # Whose database fell meanwhile begins again where that left them: they commit as they go.
            if not (times_left and self._look_after_database()) and not self.stopping:
                raise CannotRun(f"`manage.py {' '.join(arguments)}` failed:\n{done.stdout}{done.stderr}")
        return ""

    def _start_children(self, variables: dict[str, str], *, relayer: str) -> None:
        if self.stopping:
            return
        is_demo = self.postgres is not None and self.environment["ENVIRONMENT"] != TEST
        # The demo's phones and banks are paid by simulators, unless somebody says who else is to be called.
        rails = rails_to_simulate(os.environ) if is_demo else []
        variables = {**variables, **(ways_to(rails, os.environ) if rails else {})}
        web = [sys.executable, "-m", "gunicorn", "config.wsgi", "-c", str(BASE_DIR / "config/processes/gunicorn.py")]
        self._add("web", web, {**variables, "COUNTINGHOUSE_PROCESS": "web"})
        for queue in WORKERS_BY_QUEUE:
            # What the worker command would otherwise set itself, at the price of loading everything twice.
            own = {"Q_CLUSTER_NAME": queue, "COUNTINGHOUSE_PROCESS": f"worker:{queue}", "DB_POOL": "0"}
            if queue == "payouts" and relayer:
                own["RELAYER_PRIVATE_KEY"] = relayer
            self._add(f"worker-{queue}", [*_MANAGE, "worker", queue], {**variables, **own})
        for each in rails:
            command = [*_MANAGE, "simulate", each.rail, "--port", str(each.port)]
            self._add(f"simulator-{each.rail}", command, variables)
        # The web server first and alone: six processes that load at once would all be late.
        self.children[0].start()
        self._wait_until_ready()
        for child in self.children[1:]:
            if not self.stopping:
                child.start()

    def _add(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self.children.append(Child(name, command, environment, self.var / "log" / f"{name}.log"))

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.stopping:
            with suppress(OSError), urllib.request.urlopen(f"{self.address}/readyz", timeout=5):
                return
            self._look_after_database()
            web = self.children[0]
            if web.has_fallen() or time.monotonic() > deadline:
                tail = web.log.read_text(errors="replace")[-2000:]
                raise CannotRun(f"The web server did not come up. Its log, {web.log}, ends with:\n{tail}")
            time.sleep(0.1)

    def _welcome(self) -> None:
        if self.stopping:
            return
        _say(f"\nCountinghouse is ready at {self.address}\n")
        for login in self._logins:
            _say(f"  {login['role']:<17} {login['email']:<28} {login['password']}")
        _say(f"\n  Back office {self.address}/admin/   Portal {self.address}/portal/   API {self.address}/api/docs/")
        if not self.environment["EMAIL_URL"]:
            _say(f"  Mail goes to nobody: each is a file in {self.var / 'mail'}")
        _say(f"  Logs in {self.var / 'log'}. Ctrl-C stops everything.")

    def _look_after_database(self) -> bool:
        """Start our own database again if it has fallen, and return whether it had."""
        if self.postgres is None or self.postgres.answers():
            return False
        self._start_database_again(self.postgres)
        return True

    def _look_after(self) -> None:
        if time.monotonic() - self._database_seen > DATABASE_CHECK_SECONDS:
            self._look_after_database()
            self._database_seen = time.monotonic()
        for child in self.children:
            if child.has_fallen() and child.is_due() and not self.stopping:
                assert child.process is not None
                _say(f"{child.name} ended with {child.process.returncode}; starting it again.")
                child.end_group()  # what it had forked must not go on working beside its successor
                child.falls += 1
                child.start()
        failed = self.housekeeping.look()
        if failed:
            _say(failed)

    def _start_database_again(self, postgres: EmbeddedPostgres) -> None:
        _say("The database has stopped; starting it again.")
        try:
            postgres.acquire()
        except PostgresUnavailable as problem:
            _say(str(problem))
            return
        address = postgres.url(DATABASE_NAME, user=RUNTIME_ROLE)
        for child in self.children:
            # Somebody took the port meanwhile: the database has another one, which a running child can't learn of.
            if child.environment["DATABASE_URL"] != address:
                child.environment["DATABASE_URL"] = address
                child.end_group()

    def _end(self) -> None:
        running = [child for child in self.children if child.process is not None]
        if running:
            _say("\nStopping.")
        for child in running:
            assert child.process is not None
            child.process.terminate()
        self.housekeeping.stop()
        deadline = time.monotonic() + STOP_SECONDS
        for child in running:
            assert child.process is not None
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _say(f"{child.name} did not stop in time and is killed.")
            child.end_group()
            child.process.wait()
        if self.postgres:
            self.postgres.release()
        if self._lock:
            self._lock.truncate(0)
            self._lock.close()


def main() -> None:
    """Run the house, or say in a sentence why not."""
    try:
        environment = load()
        if environment["ENVIRONMENT"] == PRODUCTION:
            raise CannotRun("`make run` is for one machine. In production start the parts as docs/operators.md says.")
        Supervisor(environment).run()
    except (BadEnvironment, PostgresUnavailable, CannotRun) as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
