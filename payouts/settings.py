"""What payouts let a program set."""

from typing import Final

from identity.settable import SettingSpec
from identity.values import RATE

SETTINGS: Final = (
    SettingSpec(
        key="payouts.withholding_rate",
        type=RATE,
        default="0",
        purpose="How much of what an affiliate is paid is withheld as tax, as a fraction: 0.05 is five per cent. It "
        "holds for who is put into a batch from then on.",
        needs_two=True,
    ),
)
