"""What a reconciliation check is: each room registers its own, and the house runs them all."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.errors import UnknownCheck


@dataclass(slots=True)
class Scope:
    """What a check looks at; it counts what it has looked at, so that nothing found can be told from nothing read."""

    program_id: UUID | None  # None: every program
    at: datetime
    examined: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """Something that does not agree: what ours says, what theirs says, under a key that is the same every night."""

    key: str
    title: str
    ours: Mapping[str, Any] = field(default_factory=dict)
    theirs: Mapping[str, Any] = field(default_factory=dict)
    program_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question asked every night."""

    name: str
    label: str
    examine: Callable[[Scope], Iterable[Discrepancy]]


_checks: dict[str, Check] = {}


def register_check(check: Check) -> None:
    """Have ``check`` run with the others."""
    assert _checks.get(check.name, check).label == check.label, f"two checks are called {check.name}"
    _checks[check.name] = check


def registered_checks() -> tuple[Check, ...]:
    """Return every check, by name."""
    return tuple(_checks[name] for name in sorted(_checks))


def chosen_checks(names: Iterable[str] | None) -> list[Check]:
    """Return the checks that are named, or every one.

    :raises UnknownCheck: if one is named that does not exist.
    """
    if names is None:
        return list(registered_checks())
    chosen = []
    for name in names:
        if name not in _checks:
            raise UnknownCheck(name=name, known=sorted(_checks))
        chosen.append(_checks[name])
    return chosen


# Sends a run to whoever carries it out. Queues are known to the composition root alone, which registers one.
SendRun = Callable[[UUID, Sequence[str] | None], None]

_send: SendRun | None = None


def send_runs_with(send: SendRun) -> None:
    """Have runs sent with ``send``."""
    global _send
    _send = send


def send_run(run_id: UUID, names: Sequence[str] | None) -> None:
    """Send a run that has begun; in a transaction, it is sent when that commits."""
    assert _send is not None, "nobody has said how runs are sent"
    _send(run_id, names)


def label_of(name: str) -> str:
    """Return what people call a check; one that nobody registers any more keeps its bare name."""
    return _checks[name].label if name in _checks else name
