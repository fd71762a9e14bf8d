"""Settings of every type, for the tests: no room has them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from identity import settable
from identity.settable import SettingSpec
from identity.values import Boolean, Choice, DecimalNumber, Duration, Integer, ListOf, Text

SPECS = (
    SettingSpec(key="shop.tries", type=Integer(low=0, high=9), default=3, purpose="Tries"),
    SettingSpec(
        key="shop.fee",
        type=DecimalNumber(low=Decimal(0), high=Decimal(1000), places=4, unit="bps"),
        default="12.5",
        purpose="The fee",
        needs_two=True,
    ),
    SettingSpec(
        key="shop.pause",
        type=Duration(low=timedelta(0), high=timedelta(days=30)),
        default="PT1H",
        purpose="A pause",
    ),
    SettingSpec(key="shop.open", type=Boolean(), default=True, purpose="Open or not"),
    SettingSpec(
        key="shop.mode", type=Choice(options=(("SLOW", "Slowly"), ("FAST", "At once"))), default="SLOW", purpose="How"
    ),
    SettingSpec(key="shop.motto", type=Text(longest=20), purpose="A motto"),
    SettingSpec(key="shop.streets", type=ListOf(item=Text(longest=10), most=3), default=[], purpose="Where"),
    SettingSpec(key="shop.token", type=Text(longest=200, several_lines=True), purpose="A token", is_secret=True),
    SettingSpec(
        key="shop.vault", type=Text(longest=200), purpose="A token that moves money", is_secret=True, needs_two=True
    ),
    SettingSpec(key="shop.country", type=Text(longest=2), default="KE", purpose="Where all are", is_per_program=False),
)


@contextmanager
def registered() -> Iterator[None]:
    """Have them beside the house's own."""
    with patch.dict(settable._settings):
        settable.register_settings(SPECS)
        yield
