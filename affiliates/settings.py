"""What affiliates let a program set."""

from decimal import Decimal
from typing import Final

from identity.settable import SettingSpec
from identity.values import RATE, Boolean, DecimalNumber, Integer, NotAValue, Text


def _landing(address: str) -> None:
    if not address.startswith("https://") or any(character.isspace() for character in address):
        raise NotAValue('is an address that begins with "https://"')


_AMOUNT: Final = DecimalNumber(low=Decimal(0), high=Decimal(10) ** 12, places=18)

SETTINGS: Final = (
    SettingSpec(
        key="affiliates.hold_days",
        type=Integer(low=0, high=365),
        default=14,
        purpose="How many days after a settlement its commissions wait before they can be paid.",
        needs_two=True,
    ),
    SettingSpec(
        key="affiliates.rates_at_most",
        type=RATE,
        default="0.5",
        purpose="How much of a settlement its two commissions together may be; an override gives way to it.",
        needs_two=True,
    ),
    SettingSpec(
        key="affiliates.adjusted_alone",
        type=_AMOUNT,
        default="100",
        purpose="How much of the program's currency one person may adjust in commissions of an affiliate within a day;"
        " more takes two.",
        needs_two=True,
    ),
    SettingSpec(
        key="affiliates.paid_at_least",
        type=_AMOUNT,
        default="10",
        purpose="How much of the program's currency has to be due before an affiliate is paid.",
    ),
    SettingSpec(
        key="affiliates.attributed_days",
        type=Integer(low=1, high=365),
        default=30,
        purpose="For how many days after somebody follows a link their registration counts for who shared it.",
    ),
    SettingSpec(
        key="affiliates.landing_page",
        type=Text(longest=500, check=_landing),
        default=None,
        purpose="Where referral links lead: an https:// address. Without one they lead to signing up here.",
    ),
    SettingSpec(
        key="affiliates.open_to_affiliates",
        type=Boolean(),
        default=True,
        purpose="Whether people can become affiliates by themselves.",
    ),
    SettingSpec(
        key="affiliates.active_at_once",
        type=Boolean(),
        default=True,
        purpose="Whether those who become affiliates by themselves can begin without somebody looking at them.",
    ),
    SettingSpec(
        key="affiliates.claims_open",
        type=Boolean(),
        default=True,
        purpose="Whether members can claim what they have paid.",
    ),
    SettingSpec(
        key="affiliates.claim_at_least",
        type=_AMOUNT,
        default="0",
        purpose="How much a claim has to be for, in the asset that was paid.",
    ),
    SettingSpec(
        key="affiliates.claim_at_most",
        type=_AMOUNT,
        default="1000000",
        purpose="How much a claim can be for, in the asset that was paid.",
    ),
    SettingSpec(
        key="affiliates.claims_a_day",
        type=Integer(low=1, high=10_000),
        default=20,
        purpose="How many claims one member can make within a day.",
    ),
    SettingSpec(
        key="affiliates.claims_looked_up_alone",
        type=_AMOUNT,
        default="0",
        purpose="Up to how much a claim is looked up on the chain without somebody approving it first.",
    ),
)
