"""What can be proposed: each room registers its kinds when the process starts, and what their approval does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from identity.errors import UnknownKind
from identity.rules import Band

if TYPE_CHECKING:
    from identity.models import Program, Proposal

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is kept of a proposal: its wording, and, apart from that and encrypted, a secret that it holds."""

    payload: Payload
    sealed: str = field(default="", repr=False)
    subject: tuple[str, str] | None = None  # its type and id, where the wording says what it is about


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalKind:
    """One kind of thing that two people decide."""

    name: str
    label: str
    permission_to_propose: str
    bands: tuple[Band, ...]  # what applies where the program has no policy of its own
    check: Callable[["Program", Payload], None]  # refuses a payload that could never be carried out
    describe: Callable[[Payload], list[tuple[str, str]]]  # what a voter reads, line by line
    execute: Callable[["Proposal", datetime], Payload]  # in the transaction of the last vote; returns the result
    # Makes of what was sent what is kept: in one form, with what stood there, and no secret to be read.
    prepare: Callable[["Program", Payload], Prepared] | None = None
    agree: Callable[["Proposal", datetime], None] | None = None  # at the last vote, where that does not execute it
    lapse: Callable[["Proposal", datetime], None] | None = None  # when it comes to nothing, agreed on or not
    executes_at_approval: bool = True
    lasts: timedelta | None = None  # None: as long as the program has set

    def prepared(self, program: "Program", payload: Payload) -> Prepared:
        """Return what is kept of ``payload``, which has passed the check."""
        return self.prepare(program, payload) if self.prepare else Prepared(dict(payload))


_kinds: dict[str, ProposalKind] = {}


def register_kind(kind: ProposalKind) -> None:
    """Let ``kind`` be proposed."""
    assert _kinds.get(kind.name, kind).label == kind.label, f"two kinds are called {kind.name}"
    _kinds[kind.name] = kind


def kind_named(name: str) -> ProposalKind:
    """Return the kind.

    :raises UnknownKind: if nobody has registered it.
    """
    if name not in _kinds:
        raise UnknownKind(kind=name, known=sorted(_kinds))
    return _kinds[name]


def label_of(name: str) -> str:
    """Return what people call the kind; one that nobody registers any more keeps its bare name."""
    return _kinds[name].label if name in _kinds else name


def lines_of(name: str, payload: Payload) -> list[tuple[str, str]]:
    """Return what a payload of the kind says; one that nobody registers any more is shown as it is stored."""
    if name in _kinds:
        return _kinds[name].describe(payload)
    return [(key, str(value)) for key, value in payload.items()]


def kinds() -> tuple[ProposalKind, ...]:
    """Return every kind, by name."""
    return tuple(_kinds[name] for name in sorted(_kinds))
