"""What identity lets a program set."""

from datetime import timedelta
from typing import Final

from identity import rules
from identity.settable import SettingSpec
from identity.values import Duration, Integer

SETTINGS: Final = (
    SettingSpec(
        key="identity.role_cooling",
        type=Duration(low=timedelta(hours=24), high=timedelta(days=7)),
        default="P1D",
        purpose="How long somebody must hold a role before their vote counts: a day at least.",
        needs_two=True,
    ),
    SettingSpec(
        key="identity.proposal_lasts",
        type=Duration(low=timedelta(hours=1), high=timedelta(days=90)),
        default="P7D",
        purpose="How long a proposal waits for votes, unless its kind says otherwise. Those that wait keep their time.",
    ),
    SettingSpec(
        key="identity.key_days_at_most",
        type=Integer(low=1, high=rules.KEY_DAYS_AT_MOST, unit="days"),
        default=rules.KEY_DAYS_AT_MOST,
        purpose="How long an API key may last. Keys that were made before keep their time.",
    ),
    SettingSpec(
        key="identity.outcome_days",
        type=Integer(low=rules.OUTCOME_DAYS_AT_LEAST, high=3_660, unit="days"),
        default=rules.OUTCOME_DAYS_AT_LEAST,
        purpose="How long an idempotency key is remembered: sent again within it, a request happens once.",
        is_per_program=False,
    ),
    SettingSpec(
        key="identity.nightly_hour",
        type=Integer(low=0, high=23, unit="o'clock"),
        default=2,
        purpose="The hour of the nightly reconciliation, in the program's time zone.",
    ),
)
