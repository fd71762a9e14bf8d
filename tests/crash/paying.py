"""A house that carries out payments: the settings of its workers, and the kind they know.

Each batch says in a file who works on it, after it has posted and before it commits: whoever is killed then is killed
in the middle of it.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from django.apps import AppConfig

MIDDLE_SECONDS = 0.15


class PayingConfig(AppConfig):
    """Registers the kind, as a context of the house would."""

    name = "tests.crash.paying"
    label = "paying"
    path = str(Path(__file__).parent)

    def ready(self) -> None:
        from ledger.kinds import Errand, IntentKind, Outcome, register_kind
        from tests.ledger.errands import PAY, examine, pay

        def carry_out(errands: Sequence[Errand]) -> list[Outcome]:
            done = pay(errands)
            if len(errands) > 1:
                with Path(os.environ["VAR_DIR"], "middle").open("a") as file:
                    file.write(f"{os.getpid()}\n")
                time.sleep(MIDDLE_SECONDS)
            return done

        register_kind(IntentKind(name=PAY, label="Pay somebody", examine=examine, carry_out=carry_out))
