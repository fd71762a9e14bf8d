"""What a setting is: asked of the database each time, by one indexed read.

Nothing is kept in memory, so what was changed holds from the next question on, in every process. A row that can't be
read (another type than the code's, out of bounds, an unknown key) takes nobody down: a plain setting falls back to its
default, with a line in the log and a finding at night; one of money, or a secret, is refused, never guessed.
"""

from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import models

from identity import rules, vault
from identity.errors import SettingUnreadable, UnknownSetting
from identity.models import Program, Setting
from identity.settable import SettingSpec, spec_of, specs
from identity.values import NotAValue, Stored

log = structlog.get_logger("settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a setting stands in a program: as it was set, or at its default, with version 0 until somebody sets it."""

    spec: SettingSpec
    program: Program
    row: Setting | None = field(repr=False)

    @property
    def version(self) -> int:
        return self.row.version if self.row else 0

    @property
    def is_set(self) -> bool:
        return self.row is not None and self.row.is_set

    @property
    def problem(self) -> str | None:
        """Why it can't be read, if it can't."""
        try:
            stored_of(self.spec, self.row)
        except vault.Unreadable as unreadable:
            return str(unreadable)
        return None

    @property
    def stored(self) -> Stored | None:
        """What may be shown: its value or its default; never a secret, never what can't be read."""
        if self.spec.is_secret or self.problem:
            return None
        return stored_of(self.spec, self.row)

    @property
    def shown(self) -> str:
        """What people read."""
        if self.problem:
            return f"Can't be read: {self.problem}"
        if self.spec.is_secret:
            return f"Set, hidden ({self.row.fingerprint[:8]})" if self.row and self.row.is_set else "Not set"
        return in_words(self.spec, self.stored)


def setting(key: str, program: Program | None = None) -> Any:
    """Return the value of a program's setting, or of the house's when it is one of those.

    :raises UnknownSetting: if no room has it.
    :raises SettingUnreadable: if it moves money or is a secret, and what is stored can't be read.
    """
    spec = spec_of(key)
    assert spec.is_per_program == (program is not None), f"{key} is asked of {program}"
    row = _rows_of(spec, program).filter(key=key).first()
    try:
        stored = stored_of(spec, row)
    except vault.Unreadable as unreadable:
        if spec.needs_two or spec.is_secret:
            raise SettingUnreadable(setting=key, reason=str(unreadable)) from None
        log.error("setting unreadable, its default holds", setting=key, reason=str(unreadable))
        stored = spec.default
    return None if stored is None else spec.type.value(stored)


def stored_of(spec: SettingSpec, row: Setting | None) -> Stored | None:
    """Return the stored form of what holds: the row's own, or the default.

    :raises Unreadable: if the row holds nothing that the code's type takes.
    """
    if row is None or not row.is_set:
        return spec.default  # type: ignore[no-any-return]
    if row.type != spec.type.code or row.is_secret != spec.is_secret:
        raise vault.Unreadable(f"it is stored as {'secret ' * row.is_secret}{row.type}")
    stored: Any = vault.decrypt(row.ciphertext, place=row.place) if row.is_secret else row.value
    try:
        return spec.type.read(stored)
    except NotAValue as no:
        raise vault.Unreadable(f"what is stored is wrong: it {no}") from None


def standing(key: str, program: Program) -> Standing:
    """Return how the setting stands in ``program``.

    :raises UnknownSetting: if no room has it, or it is the house's and ``program`` is not.
    """
    spec = spec_of(key)
    if not spec.is_per_program and program.slug != rules.HOUSE_SLUG:
        raise UnknownSetting(setting=key)
    return Standing(spec=spec, program=program, row=Setting.objects.filter(program=program, key=key).first())


def standings(program: Program) -> list[Standing]:
    """Return how everything stands that can be set in ``program``, by key: the house has its own beside a program's."""
    rows = {row.key: row for row in Setting.objects.filter(program=program)}
    known = specs() if program.slug == rules.HOUSE_SLUG else specs(per_program=True)
    return [Standing(spec=spec, program=program, row=rows.get(spec.key)) for spec in known]


def unreadable_settings() -> list[tuple[Setting, str]]:
    """Return every row that can't be read, and why; settings that no room has any more are nobody's loss."""
    known = {spec.key: spec for spec in specs()}
    found = []
    for row in Setting.objects.filter(key__in=known).select_related("program").order_by("pk"):
        problem = Standing(spec=known[row.key], program=row.program, row=row).problem
        if problem:
            found.append((row, problem))
    return found


def in_words(spec: SettingSpec, stored: Any) -> str:
    """Return a value as people read it."""
    if stored is None:
        return "Nothing"
    try:
        return spec.type.shown(spec.type.read(stored))
    except NotAValue:
        return str(stored)  # an older version, of when it was of another type


def _rows_of(spec: SettingSpec, program: Program | None) -> models.QuerySet[Setting]:
    if spec.is_per_program:
        return Setting.objects.filter(program=program)
    return Setting.objects.filter(program__slug=rules.HOUSE_SLUG)
