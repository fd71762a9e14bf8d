"""Random deaths while people work: what was answered as done is done, once, and nothing is left over.

``--torture`` runs many rounds; without it one short round is run. The seed is printed, and ``--seed`` makes the same
victims fall in the same order after the same pauses. (What the processes were doing at that moment is their own.)
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest
from django.db import Error as DatabaseFailure
from django.db import connections, transaction
from django.utils import timezone

from audit.context import acting_as
from audit.models import Entry
from config.background.queues import WORKERS_BY_QUEUE
from identity.models import Program
from identity.operations import create_program
from tests.crash.fleet import send
from tests.crash.house import WEB, WORKERS, House
from tests.crash.servers import kill, lives, postmaster_of, processes_naming, processes_of, until

pytestmark = pytest.mark.xdist_group("house")

TORTURE_ROUNDS = 20
TORTURE_KILLS = 4
SAMPLE_KILLS = 2
PAUSE_SECONDS_LIMIT = 1.5
# A part that falls again and again is started more and more slowly, and a pusher that lost its database sleeps.
MEND_SECONDS_LIMIT = 120
SUPERVISOR, DATABASE, SOMEBODY_IN = "supervisor", "database", "somebody in "
VICTIMS = [SUPERVISOR, DATABASE, WEB, *WORKERS, *(SOMEBODY_IN + name for name in (WEB, *WORKERS))]


class Client:
    """Opens programs, each with a task in the same transaction, and remembers which of them were answered as done."""

    def __init__(self, prefix: str, journal: Path) -> None:
        self.prefix = prefix
        self.journal = journal
        self.opened: set[str] = set()
        self.bug: Exception | None = None
        self._told_to_stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._told_to_stop.set()
        self._thread.join()

    def _work(self) -> None:
        number = 0
        try:
            while not self._told_to_stop.wait(0.02):
                number += 1
                try:
                    self._open(f"{self.prefix}-{number}", queue=list(WORKERS_BY_QUEUE)[number % len(WORKERS_BY_QUEUE)])
                except DatabaseFailure:
                    # No answer is no promise: this one may be there or not, and is not asked for.
                    connections.close_all()
        except Exception as bug:  # noqa: BLE001  a thread's error is seen by nobody, so the test asks for it
            self.bug = bug
        finally:
            connections.close_all()

    def _open(self, slug: str, *, queue: str) -> None:
        with acting_as("test", "torture"), transaction.atomic():
            create_program(name=slug, slug=slug, at=timezone.now())
            send("write", str(self.journal), slug, queue=queue)
        self.opened.add(slug)

    @property
    def run(self) -> set[str]:
        """The programs whose task has run."""
        return set(self.journal.read_text().split()) if self.journal.exists() else set()


class Torturer:
    """Kills, and sees to it that a killed supervisor is started again, as a person would."""

    def __init__(self, house: House, chance: random.Random) -> None:
        self.house = house
        self.chance = chance

    def strike(self) -> str:
        """Kill somebody, and return who it was."""
        name = self.chance.choice(VICTIMS)
        which = self.chance.random()
        time.sleep(self.chance.uniform(0, PAUSE_SECONDS_LIMIT))
        [pid] = until(lambda: self._find(name, which), f"{name} is there to be killed", seconds=MEND_SECONDS_LIMIT)
        kill(pid)
        if name == SUPERVISOR:
            assert self.house.process is not None
            self.house.process.wait()
            self.house.start()
        return name

    def _find(self, name: str, which: float) -> list[int]:
        if name == SUPERVISOR:
            return [self.house.supervisor]
        if name == DATABASE:
            file = self.house.server.data / "postmaster.pid"
            return [pid for pid in [postmaster_of(self.house.server)] if lives(pid)] if file.exists() else []
        part = self.house.parts.get(name.removeprefix(SOMEBODY_IN))
        if part is None or not name.startswith(SOMEBODY_IN):
            return [part] if part else []
        others = sorted(processes_of(part) - {part})
        return [others[int(which * len(others))]] if others else []


def settle(house: House, condition: Callable[[], object], what: str) -> None:
    """Wait for something that a house in the middle of its mending may still lack."""

    def met() -> bool:
        try:
            return bool(condition())
        except (DatabaseFailure, OSError):
            connections.close_all()
            return False

    until(met, what, seconds=MEND_SECONDS_LIMIT)


def assert_whole(house: House, client: Client) -> None:
    """Everything that was promised is there, once, and nobody is left over."""
    settle(house, lambda: house.running(), "the house is whole again")
    with house.database():
        present = set(Program.objects.filter(slug__startswith=client.prefix + "-").values_list("slug", flat=True))
        journal = Entry.objects.filter(action="identity.program.created", payload__slug__in=list(present))
        entries = Counter(journal.values_list("payload__slug", flat=True))
        subjects = set(journal.values_list("subject_id", flat=True))
        ids = set(Program.objects.filter(slug__in=present).values_list("pk", flat=True))
        strays = Entry.objects.filter(payload__slug__startswith=client.prefix + "-").count() - len(present)

    assert client.bug is None
    assert client.opened, "nobody could work at all"
    assert client.opened <= present
    assert entries == dict.fromkeys(present, 1)
    assert (subjects, strays) == ({str(pk) for pk in ids}, 0)
    settle(house, lambda: present <= client.run, "every task sent has run")
    # One that was never committed is never run.
    assert client.run <= present

    settle(house, lambda: house.left() == everybody_in(house), "only the living house's processes are left")
    assert processes_naming(str(house.server.data)) == {postmaster_of(house.server)}


def everybody_in(house: House) -> set[int]:
    return {house.supervisor}.union(*house.members.values())


@pytest.fixture
def seed(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> int:
    given: int | None = request.config.getoption("--seed")
    seed = random.SystemRandom().randrange(1_000_000) if given is None else given
    # Once for whoever watches, once into the report of a failure.
    with capsys.disabled():
        print(f"\ntorture: --seed={seed}", flush=True)  # noqa: T201
    print(f"torture: --seed={seed}")  # noqa: T201
    return seed


def test_nothing_promised_is_lost_whoever_dies(
    house: House, seed: int, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torture = request.config.getoption("--torture")
    rounds = request.config.getoption("--rounds") or (TORTURE_ROUNDS if torture else 1)
    torturer = Torturer(house, random.Random(seed))

    for number in range(1, rounds + 1):
        house.running()
        prefix = f"torture-{random.SystemRandom().randrange(10**9)}"
        with house.database(), Client(prefix, tmp_path / prefix) as client:
            fallen = [torturer.strike() for _ in range(TORTURE_KILLS if torture else SAMPLE_KILLS)]
            # Those who work on see the mending too.
            settle(house, house.is_ready, "requests are served again")
        with capsys.disabled():
            print(f"round {number}: {', '.join(fallen)}; {len(client.opened)} programs", flush=True)  # noqa: T201

        assert_whole(house, client)
