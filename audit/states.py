"""State machines as data: which edges there are, and which line each writes into the journal."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models


@dataclass(frozen=True, slots=True)
class Edge:
    """One legal step, and the journal action that says it was taken."""

    source: str
    target: str
    action: str
    # A step that is a machine's own, and that the next one tells of, may stay out of the journal.
    is_journalled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionTable:
    """Every legal step of one kind of thing. ``audit.operations.follow`` and its likes take them."""

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


class RunState(models.TextChoices):
    """How a reconciliation run, or a check in it, stands."""

    RUNNING = "RUNNING", "Running"
    CLEAN = "CLEAN", "Clean"
    FINDINGS = "FINDINGS", "Findings"
    ERROR = "ERROR", "Could not run"


class FindingState(models.TextChoices):
    """How far somebody has come with a finding."""

    OPEN = "OPEN", "Open"
    ASSIGNED = "ASSIGNED", "Assigned"
    EXPLAINED = "EXPLAINED", "Explained"
    RESOLVED = "RESOLVED", "Resolved"


RUN_TRANSITIONS = register_transitions(
    TransitionTable(
        model="audit.reconciliationrun",
        field="state",
        initial=RunState.RUNNING,
        states=dict(RunState.choices),
        colours={RunState.RUNNING: "info", RunState.CLEAN: "good", RunState.FINDINGS: "warn", RunState.ERROR: "bad"},
        edges=(
            Edge(RunState.RUNNING, RunState.CLEAN, "audit.run.found_clean"),
            Edge(RunState.RUNNING, RunState.FINDINGS, "audit.run.found_discrepancies"),
            Edge(RunState.RUNNING, RunState.ERROR, "audit.run.failed"),
        ),
    )
)

FINDING_TRANSITIONS = register_transitions(
    TransitionTable(
        model="audit.finding",
        field="state",
        initial=FindingState.OPEN,
        states=dict(FindingState.choices),
        colours={
            FindingState.OPEN: "bad",
            FindingState.ASSIGNED: "warn",
            FindingState.EXPLAINED: "good",
            FindingState.RESOLVED: "good",
        },
        edges=(
            Edge(FindingState.OPEN, FindingState.ASSIGNED, "audit.finding.assigned"),
            Edge(FindingState.ASSIGNED, FindingState.ASSIGNED, "audit.finding.reassigned"),
            Edge(FindingState.ASSIGNED, FindingState.EXPLAINED, "audit.finding.explained"),
            Edge(FindingState.ASSIGNED, FindingState.RESOLVED, "audit.finding.resolved"),
            Edge(FindingState.EXPLAINED, FindingState.OPEN, "audit.finding.reopened"),
            Edge(FindingState.RESOLVED, FindingState.OPEN, "audit.finding.reopened"),
        ),
    )
)
