"""State machines as data: which edges there are, and which line each writes into the journal."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edge:
    """One legal step, and the journal action that says it was taken."""

    source: str
    target: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionTable:
    """Every legal step of one kind of thing. ``audit.operations.follow`` is the only way to take one."""

    model: str  # app_label.model
    field: str
    initial: str
    states: Mapping[str, str]  # every state, and what people call it
    colours: Mapping[str, str]
    edges: tuple[Edge, ...]

    def edge(self, source: str, target: str) -> Edge | None:
        """Return the step from ``source`` to ``target``, if it is legal."""
        return next((edge for edge in self.edges if (edge.source, edge.target) == (source, target)), None)

    def targets(self, source: str) -> tuple[str, ...]:
        """Return where one can go from ``source``."""
        return tuple(edge.target for edge in self.edges if edge.source == source)


_tables: dict[str, TransitionTable] = {}


def register_transitions(table: TransitionTable) -> TransitionTable:
    """Add ``table`` to those that are drawn into docs/states.md and walked edge by edge by the tests."""
    unknown = {state for edge in table.edges for state in (edge.source, edge.target)} - set(table.states)
    assert not unknown, f"{table.model}: {sorted(unknown)} is no state"
    assert set(table.colours) == set(table.states), f"{table.model}: every state has a colour"
    _tables[f"{table.model}.{table.field}"] = table
    return table


def registered_transitions() -> tuple[TransitionTable, ...]:
    """Return every table, by name."""
    return tuple(_tables[name] for name in sorted(_tables))
