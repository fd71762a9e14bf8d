"""What wallets let a program set."""

from decimal import Decimal
from typing import Final

from identity.settable import SettingSpec
from identity.values import DecimalNumber

_AMOUNT: Final = DecimalNumber(low=Decimal(0), high=Decimal(10) ** 12, places=4)

SETTINGS: Final = (
    SettingSpec(
        key="wallets.adjusted_alone",
        type=_AMOUNT,
        default="100",
        purpose="How much of the program's currency one person may adjust in a wallet within a day; more takes two.",
        needs_two=True,
    ),
    SettingSpec(
        key="wallets.adjusted_alone_points",
        type=_AMOUNT,
        default="1000",
        purpose="How many points of a kind one person may adjust in a wallet within a day; more takes two.",
        needs_two=True,
    ),
)
