"""A till that sends money to phones, for tests of what is taken out of wallets."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from tests.payouts import till
from tests.payouts.till import TILL
from tests.wallets.purses import Purses
from wallets.models import RailAccount
from wallets.operations import activate_rail_account, draft_rail_account

PHONE = "254712000001"


@pytest.fixture(autouse=True)
def fresh_till() -> Iterator[None]:
    till.register()
    TILL.reset()
    yield
    TILL.reset()


def open_till(purses: Purses) -> RailAccount:
    """Let the program send KES to phones."""
    program = purses.program
    drafted = draft_rail_account(
        program=program, rail=till.NAME, name="shop", number=program.slug, assets=["KES"], secrets={}, at=timezone.now()
    )
    return activate_rail_account(drafted.pk, program_id=program.pk, version=1, at=timezone.now())
