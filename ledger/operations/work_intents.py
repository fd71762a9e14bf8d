"""Carry out whatever is due."""

import time
from collections import Counter

from ledger.operations.carry_out_intents import carry_out_intents
from ledger.operations.claim_intents import claim_intents
from ledger.operations.nudge_intents import nudge_intents
from ledger.rules import BATCH


def work_intents(*, seconds_at_most: int, most: int = BATCH) -> Counter[str]:
    """Claim and carry out, batch after batch, until nothing is due; return how many intents came to which state.

    When the time is over first, another worker is nudged to go on.
    """
    began = time.monotonic()
    came: Counter[str] = Counter()
    while (claim := claim_intents(most=most)).errands:
        came += carry_out_intents(claim)
        if time.monotonic() - began > seconds_at_most:
            nudge_intents()
            break
    return came
