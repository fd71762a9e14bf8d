"""Write the next version of a setting."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from audit import context
from audit.operations import record
from identity import vault
from identity.errors import SettingChanged
from identity.models import Program, Setting
from identity.queries.settings import Standing, standing, stored_of
from identity.settable import SettingSpec
from identity.values import Stored


@transaction.atomic
def store_setting(key: str, *, program: Program, value: Any, version: int, reason: str, at: datetime) -> Standing:
    """Give the setting ``value``, or its default back when that is None, on top of the version that was seen.

    What changes nothing is no version.

    :raises UnknownSetting: if no room has it, or it is the house's and ``program`` is not.
    :raises SettingMakesNoSense: if the value is not of its type or out of its bounds.
    :raises SettingChanged: if another version stands now than ``version``.
    """
    spec = standing(key, program).spec
    stored = spec.take(value)
    row = Setting.objects.locked().filter(program=program, key=key).first()
    if version != (row.version if row else 0):
        raise SettingChanged(setting=key, version=row.version if row else 0)
    if _says_already(spec, row, stored):
        return Standing(spec=spec, program=program, row=row)

    before = row.value if row else None
    changed = row or Setting(program=program, key=key, version=0)
    changed.version += 1
    _put(changed, spec, stored)
    changed.changed_at, changed.changed_by, changed.reason = at, _author(), reason
    try:
        with transaction.atomic():
            changed.save(force_insert=row is None, force_update=row is not None)
    except IntegrityError:
        if row is not None:
            raise
        raise SettingChanged(setting=key, version=1) from None  # a twin has set it for the first time

    said = {"fingerprint": changed.fingerprint} if spec.is_secret else {"from": before, "to": changed.value}
    record(
        "identity.setting.changed",
        subject=changed,
        at=at,
        program_id=program.pk,
        payload={"setting": key, "version": changed.version, "is_secret": spec.is_secret, "reason": reason, **said},
    )
    return Standing(spec=spec, program=program, row=changed)


def _says_already(spec: SettingSpec, row: Setting | None, stored: Stored | None) -> bool:
    if row is None or not row.is_set:
        return stored is None
    try:
        return row.type == spec.type.code and stored is not None and stored_of(spec, row) == stored
    except vault.Unreadable:
        return False  # setting it anew is how it is mended


def _put(row: Setting, spec: SettingSpec, stored: Stored | None) -> None:
    row.type, row.is_secret = spec.type.code, spec.is_secret
    row.value = None if spec.is_secret else stored
    row.ciphertext = row.fingerprint = ""
    if spec.is_secret and stored is not None:
        row.ciphertext = vault.encrypt(str(stored), place=row.place)
        row.fingerprint = vault.fingerprint(str(stored), program_id=row.program_id, name=row.key)


def _author() -> str:
    actor = context.current().actor
    return f"{actor.type}:{actor.id}"
