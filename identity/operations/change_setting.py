"""Change a setting that needs no second person."""

from datetime import datetime
from typing import Any

from django.db import transaction

from identity.errors import SettingNeedsProposal
from identity.models import Program
from identity.operations.store_setting import store_setting
from identity.queries.settings import Standing, standing


@transaction.atomic
def change_setting(key: str, *, program: Program, value: Any, version: int, reason: str, at: datetime) -> Standing:
    """Give the setting ``value``, or its default back when that is None. See ``store_setting``.

    :raises UnknownSetting: if no room has it, or it is the house's and ``program`` is not.
    :raises SettingNeedsProposal: if it moves money or guards what does: two people decide on that.
    :raises SettingMakesNoSense: if the value is not of its type or out of its bounds.
    :raises SettingChanged: if another version stands now than ``version``.
    """
    if standing(key, program).spec.needs_two:
        raise SettingNeedsProposal(setting=key)

    return store_setting(key, program=program, value=value, version=version, reason=reason, at=at)
