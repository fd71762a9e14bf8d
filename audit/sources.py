"""Which tables are sealed. The journal is; a room above registers its own in its apps.py."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealSource:
    """A table whose rows only come, each with the transaction that wrote it and an index on (transaction, id)."""

    name: str  # as it stands in seals and proofs, for ever
    table: str
    id_column: str = "id"
    transaction_column: str = "transaction_id"
    time_column: str = "at"
    # Every stored column, for each version of the table. A migration that adds a column adds a version: what was
    # sealed before is recomputed with the columns of its time.
    versions: Mapping[int, tuple[str, ...]]

    @property
    def version(self) -> int:
        """The version that new rows are sealed in."""
        return max(self.versions)


_sources: dict[str, SealSource] = {}


def register_source(source: SealSource) -> SealSource:
    """Have the rows of ``source`` sealed from now on."""
    # Names of tables and columns are written into SQL.
    names = (source.name, source.table, source.id_column, source.transaction_column, source.time_column)
    for name in (*names, *(column for columns in source.versions.values() for column in columns)):
        assert _NAME.fullmatch(name), f"{name!r} is no name of a column"
    for columns in source.versions.values():
        assert {source.id_column, source.transaction_column} <= set(columns), f"{source.name}: id and transaction too"
    assert _sources.get(source.name, source) == source, f"{source.name} is registered twice"
    _sources[source.name] = source
    return source


def registered_sources() -> tuple[SealSource, ...]:
    """Return every source, by name."""
    return tuple(_sources[name] for name in sorted(_sources))


def source_called(name: str) -> SealSource | None:
    """Return the source with this name, if there is one."""
    return _sources.get(name)


JOURNAL: Final = register_source(
    SealSource(
        name="journal",
        table="audit_entry",
        versions={
            1: (
                "id", "at", "transaction_id", "actor_type", "actor_id", "program_id", "action", "subject_type",
                "subject_id", "payload", "correlation_id",
            ),
        },
    )
)  # fmt: skip
