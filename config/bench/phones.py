"""What it costs to pay phones: the whole way, over HTTP to M-Pesa's simulator, and back by what it tells.

Three processes, as in use: one that sends and takes in what was told, M-Pesa, and the web server that M-Pesa calls.
"""

import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from django.db.models import Count
from django.test.utils import override_settings

from audit.context import acting_as
from config.bench.frame import Benchmark, Sampled, peak_mb
from config.bench.intents import Books
from config.bench.paying import Counter, used
from config.bench.server import serving
from config.environment import BASE_DIR
from config.operators.demo_rails import PUBLIC_KEY, SECRET, SHORTCODE
from identity.models import Program
from payouts import operations
from payouts.models import Payout
from payouts.states import PayoutState
from wallets.models import RailAccount, RailEvent
from wallets.operations import work_inbox
from wallets.rails.mpesa import MPESA

SENT: Final = 1_000  # in each go
GOES: Final = 3
ITEMS_A_SECOND: Final = 60
MORE_MEMORY_MB: Final = 16  # that all goes behind the first may take together
_PATIENCE_SECONDS: Final = 240


class _Phones:
    """Ten thousand phones, and the batch that pays them."""

    def __init__(self) -> None:
        self.counter = Counter(Books(), _account)
        self.counter.approve()

    def pay(self) -> list[float]:
        """Pay a thousand, as often as is asked for, and hold that they are paid, and what that takes of memory."""
        took, after_first = [], 0
        for _ in range(GOES):
            began = time.perf_counter()
            self._pay_a_thousand()
            took.append((time.perf_counter() - began) * 1_000)
            after_first = after_first or peak_mb()
        assert peak_mb() - after_first <= MORE_MEMORY_MB, f"{peak_mb()} MB, and {after_first} after the first go"
        return took

    def _pay_a_thousand(self) -> None:
        wanted = self._paid() + SENT
        operations.send_due(self.counter.account.pk, holder="bench", seconds_at_most=600, groups_at_most=SENT // 50)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._paid() < wanted:
            assert time.monotonic() < deadline, f"{wanted - self._paid()} were not told of; {self._inbox()}"
            if not work_inbox(seconds_at_most=20):
                time.sleep(0.05)

    def _inbox(self) -> list[tuple[str, int]]:
        """Return how many notices are in each state."""
        return list(RailEvent.objects.order_by().values_list("state").annotate(count=Count("pk")))

    def _paid(self) -> int:
        return Payout.objects.filter(batch=self.counter.batch, state=PayoutState.PAID).count()


def _account(program: Program) -> RailAccount:
    secrets = {
        "consumer_key": SECRET, "consumer_secret": SECRET, "initiator_name": "bench", "initiator_password": SECRET,
        "certificate": PUBLIC_KEY,
    }  # fmt: skip
    return used(program, rail=MPESA.name, name="phones", number=SHORTCODE, secrets=secrets)


@contextmanager
def _m_pesa() -> Iterator[str]:
    """Run the simulator, and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, str(BASE_DIR / "manage.py"), "simulate", MPESA.name, "--port", str(port)]
    with subprocess.Popen(command, cwd=BASE_DIR, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("M-Pesa's simulator did not come up; its words stand above.")


@contextmanager
def _contenders() -> Iterator[Sequence[Sampled]]:
    # Each call is a line of the log: thousands of them are not what is asked about.
    logging.getLogger("egress").setLevel(logging.WARNING)
    logging.getLogger("django-q").setLevel(logging.WARNING)
    with acting_as("command", "bench"), serving() as port, _m_pesa() as url:
        there = {"MPESA_URL": url, "PUBLIC_URL": f"http://127.0.0.1:{port}", "EGRESS_PRIVATE_HOSTS": {"127.0.0.1"}}
        with override_settings(**there):
            phones = _Phones()
            yield (
                Sampled(
                    "paying 1,000 phones through M-Pesa's simulator, until all are told of", phones.pay,
                    1_000 * SENT / ITEMS_A_SECOND,
                ),
            )  # fmt: skip


PHONES: Final = Benchmark(
    name="phones",
    question="How long does it take to pay a thousand phones, there and back?",
    contenders=_contenders,
    figures=(),
    rounds_at_most=1,
)
