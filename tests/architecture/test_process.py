"""What is imported leaves the process as it was."""

import os
import subprocess
import sys

import pytest

from tests.architecture.house import ROOT

# All that a web process loads, and what it loads once it is asked.
_LOAD = """
import sys
limit = sys.getrecursionlimit()
import django
django.setup()
import config.urls
from identity import proofs
try:
    proofs.check_signature("0x" + "1" * 128 + "1b", text="a", address="0x" + "0" * 40)
except proofs.SignatureWrong:
    pass
print(sys.getrecursionlimit() - limit)
"""


def test_no_library_lets_python_recurse_deeper() -> None:
    """Some raise the limit on import; a body of a hundred thousand brackets then ends the process, in C."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENVIRONMENT": "test",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    }

    done = subprocess.run([sys.executable, "-c", _LOAD], cwd=ROOT, env=environment, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


@pytest.mark.parametrize(
    ("process", "has_it"), [("worker:payouts", True), ("worker:settlements", False), ("web", False)]
)
def test_only_the_workers_of_payouts_load_what_signs(process: str, has_it: bool) -> None:
    key = "ab" * 32
    environment = {
        **os.environ,
        "COUNTINGHOUSE_PROCESS": process,
        "RELAYER_PRIVATE_KEY": key,
        "ENVIRONMENT": "test",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    }
    said = "from config import settings; print(settings.RELAYER_PRIVATE_KEY)"

    done = subprocess.run([sys.executable, "-c", said], cwd=ROOT, env=environment, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, f"{key if has_it else ''}\n"), done.stderr
