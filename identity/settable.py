"""What can be set while the house runs: each room registers its settings when the process starts, one line each."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from identity.errors import SettingMakesNoSense, UnknownSetting
from identity.values import NotAValue, Stored, Text, ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSpec:
    """One setting: what it is for, of what type, and who may change it how."""

    key: str  # room.name
    type: ValueType
    purpose: str
    default: Any = None  # in its stored form; None: nothing, and the code that asks says what that means
    is_per_program: bool = True  # else the house has it, once
    # It moves money, or guards what does: changed by a proposal only, and never guessed when it can't be read.
    needs_two: bool = False
    # Encrypted, and shown to nobody. What must not stand in the journal, personal data too, is secret.
    is_secret: bool = False

    @property
    def room(self) -> str:
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """What people call it."""
        return self.key.partition(".")[2].replace("_", " ").capitalize()

    def take(self, value: Any) -> Stored | None:
        """Return the stored form of a value that was sent, None for the default.

        :raises SettingMakesNoSense: if the value is not of its type or out of its bounds.
        """
        if value is None:
            return None
        try:
            return self.type.read(value)
        except NotAValue as no:
            raise SettingMakesNoSense(setting=self.key, reason=str(no)) from None


_settings: dict[str, SettingSpec] = {}


def register_settings(specs: Iterable[SettingSpec]) -> None:
    """Let these be set."""
    for spec in specs:
        assert _settings.get(spec.key, spec).purpose == spec.purpose, f"two settings are called {spec.key}"
        assert re.fullmatch(r"[a-z]+\.[a-z][a-z0-9_]*", spec.key), f"{spec.key} is not room.name"
        assert spec.default is None or spec.type.read(spec.default) == spec.default, f"{spec.key} has no such default"
        assert not spec.is_secret or (isinstance(spec.type, Text) and spec.default is None), (
            f"{spec.key} is in the code"
        )
        _settings[spec.key] = spec


def spec_of(key: str) -> SettingSpec:
    """Return what is known about the setting.

    :raises UnknownSetting: if no room has it.
    """
    if key not in _settings:
        raise UnknownSetting(setting=key)
    return _settings[key]


def specs(*, per_program: bool | None = None) -> tuple[SettingSpec, ...]:
    """Return every setting, by key; only those of programs, or only those of the house, when asked."""
    every = (_settings[key] for key in sorted(_settings))
    return tuple(spec for spec in every if per_program is None or spec.is_per_program == per_program)
