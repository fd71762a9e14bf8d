"""One process that the supervisor keeps running, and that ends when the supervisor does."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.environment import BASE_DIR

LOG_KEPT_BYTES = 10_000_000


def dying_with_us() -> Callable[[], None]:
    """Return what a child runs before its program: the kernel ends it when the supervisor ends, however (Linux)."""
    supervisor = os.getpid()
    control_process = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def tie() -> None:
        if control_process:
            control_process(1, signal.SIGTERM)
            # A supervisor killed before the line above sends no signal any more.
            if os.getppid() != supervisor:
                os._exit(1)

    return tie


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Child:
    """One process we keep running."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    falls: int = field(default=0)

    def start(self) -> None:
        """Start it, its output going to its log."""
        if self.log.exists() and self.log.stat().st_size > LOG_KEPT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dying_with_us(),
            )
        self.started = time.monotonic()

    def has_fallen(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def is_due(self) -> bool:
        """Whether to start it again now: at once the first time, slower and slower when it keeps falling."""
        lived = time.monotonic() - self.started
        if lived > 60:
            self.falls = 0
        return lived > min(30.0, 2.0**self.falls - 1)

    def end_group(self) -> None:
        """End whatever the process has left behind."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
