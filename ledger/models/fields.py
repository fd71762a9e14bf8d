"""Columns that every transaction has: names that are nearly always UUIDs take their sixteen bytes, kinds take four."""

from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models.lookups import Exact, In

from ledger.postings import AS_GIVEN, RULES

KINDS: Final = frozenset({*RULES, *AS_GIVEN})
_LOOKUPS: Final = frozenset({"exact", "in", "isnull"})


class UuidOrText(models.CharField):  # type: ignore[type-arg]
    """Text outside, bytes in the table. It can be found as a whole only: there is nothing in it to compare or match."""

    def db_type(self, connection: Any) -> str:
        return "bytea"

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name in _LOOKUPS else None

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> bytes | None:
        return None if value is None else packed(str(value))

    def from_db_value(self, value: bytes | None, *_: Any) -> str | None:
        return None if value is None else unpacked(bytes(value))


class KindOfPosting(models.CharField):  # type: ignore[type-arg]
    """Text outside, four bytes in the table. The database knows every kind there is, and keeps no other."""

    def db_type(self, connection: Any) -> str:
        return "ledger_kind"

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name in _LOOKUPS else None


@KindOfPosting.register_lookup
class _KindExact(Exact):
    """What is no kind is none of them, and not an error; the planner knows how many there are of each."""

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self.rhs, str) and self.rhs not in KINDS:
            raise EmptyResultSet
        return super().as_sql(*args, **kwargs)


@KindOfPosting.register_lookup
class _KindIn(In):
    def get_prep_lookup(self) -> Any:
        if not hasattr(self.rhs, "as_sql"):
            self.rhs = [kind for kind in self.rhs if kind in KINDS]
        return super().get_prep_lookup()


@lru_cache(maxsize=1_000)  # whoever acts does so again and again
def packed(text: str) -> bytes:
    """Return ``text`` as it is stored: a UUID in sixteen bytes, and everything else in any number but that."""
    try:
        identifier = UUID(text)
    except ValueError:
        identifier = None
    if identifier and str(identifier) == text:
        return identifier.bytes
    told = b"=" + text.encode()
    return told if len(told) != 16 else b"~" + told


def unpacked(stored: bytes) -> str:
    """Return what was packed."""
    if len(stored) == 16:
        return str(UUID(bytes=stored))
    return stored[2:].decode() if stored.startswith(b"~") else stored[1:].decode()
