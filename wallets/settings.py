"""What wallets let a program set."""

import re
from decimal import Decimal
from typing import Final

from identity.settable import SettingSpec
from identity.values import DecimalNumber, ListOf, NotAValue, Text
from wallets.rules import GAS_PRICE_AT_MOST

_AMOUNT: Final = DecimalNumber(low=Decimal(0), high=Decimal(10) ** 12, places=4)

_LINE: Final = re.compile(r"[1-9][0-9]{0,15}:([1-9][0-9]{0,5}|finalized)")


def _check_line(line: str) -> None:
    if not _LINE.fullmatch(line):
        raise NotAValue('holds a line that is not a chain\'s id with a number of blocks or "finalized": "1:finalized"')


_PRICE: Final = re.compile(r"[1-9][0-9]{0,15}:(?!0+(\.0+)?$)[0-9]{1,6}(\.[0-9]{1,9})?")


def _check_price(line: str) -> None:
    if not _PRICE.fullmatch(line):
        raise NotAValue('holds a line that is not a chain\'s id with a price in gwei above zero: "1:150"')


def _check_lines(lines: list[str]) -> None:
    if len({line.partition(":")[0] for line in lines}) < len(lines):
        raise NotAValue("names a chain twice")


SETTINGS: Final = (
    SettingSpec(
        key="wallets.chain_depths",
        type=ListOf(item=Text(longest=40, check=_check_line), most=50, check=_check_lines),
        default=[],
        purpose='How deep a payment on a chain has to lie before it is believed, such as "10:200": so many blocks, its '
        "own counted in, or finalized. Chains that are not listed wait for the block that their node calls final.",
        is_per_program=False,
        needs_two=True,
    ),
    SettingSpec(
        key="wallets.gas_price_at_most",
        type=ListOf(item=Text(longest=40, check=_check_price), most=50, check=_check_lines),
        default=[],
        purpose='How much gas may cost on a chain, in gwei, such as "137:900": above it, payouts there wait. '
        f"Chains that are not listed wait above {GAS_PRICE_AT_MOST}.",
        is_per_program=False,
        needs_two=True,
    ),
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
    SettingSpec(
        key="wallets.withdrawal_at_least",
        type=_AMOUNT,
        default="0",
        purpose="How much of the program's currency an owner takes out of a wallet at least.",
        needs_two=True,
    ),
    SettingSpec(
        key="wallets.withdrawn_within_a_day",
        type=_AMOUNT,
        default="0",
        purpose="How much of the program's currency can be taken out of one wallet within a day; 0 sets no limit.",
        needs_two=True,
    ),
)
