"""The rails that money travels on: how each proves what it tells us, and who listens to what it tells.

An adapter is one module here. It checks that a notice is its sender's on the bytes as they came, and reads out of it
what the house needs to know; what a notice then does is the business of whoever registered a handler for its kind.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from wallets.errors import NotProven, UnknownRailKind

if TYPE_CHECKING:
    from wallets.rails.sending import Payer

# Some rails refuse to be given an address that contains one of these.
WORDS_RAILS_REFUSE: Final = ("mpesa", "safaricom", "sql", "query", "exe", "cmd")


@dataclass(frozen=True, slots=True)
class Received:
    """A notice as it came, and whom nobody believes yet."""

    body: bytes
    headers: Mapping[str, str]  # by their names in lower case
    at: datetime
    address: str | None = None  # where it came from
    about: str = ""  # what stood behind the token in the address that was called


@dataclass(frozen=True, slots=True)
class Notice:
    """What a proven notice says. ``external_id`` is the rail's own name for it, the same in each delivery."""

    external_id: str
    kind: str
    occurred_at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A proven notice on its way to its handler."""

    event_id: UUID
    program_id: UUID
    rail: str  # the name of the rail account, as the books have it
    notice: Notice


@dataclass(frozen=True, slots=True)
class Applied:
    """The notice was taken in, and this came of it."""

    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ignored:
    """There was nothing to do: it is known already, or has been overtaken."""

    reason: str


Handler = Callable[[Delivery, datetime], Applied | Ignored]
# For many at once: what came of each, in their order.
HandlerOfMany = Callable[[Sequence[Delivery], datetime], Sequence[Applied | Ignored]]


class RailError(Exception):
    """Raised when a rail fails: nobody here is to blame. A permanent fault stays until somebody mends what it names."""

    def __init__(self, reason: str, *, is_permanent: bool = False) -> None:
        super().__init__(reason)
        self.is_permanent = is_permanent


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret that a rail account has; ``check`` raises ``BadRailAccount``. An account has one of them at least."""

    name: str
    purpose: str
    check: Callable[[str], str]
    is_optional: bool = False


def _says_nothing(received: Received, secrets: Mapping[str, str]) -> Notice:
    raise NotProven(reason="this rail tells us nothing")


def _carries_all(number: str, chain_id: int | None) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rail:
    """A kind of rail. ``read`` gets the account's secrets, and raises ``NotProven`` for what is not its sender's.

    One without a ``hook_code`` never calls: what happens there is looked up.
    """

    name: str
    label: str
    hook_code: str = ""  # stands in the address that the rail calls
    credentials: tuple[Credential, ...] = ()
    number_is: str  # what the account's number is there: a paybill, an IBAN, an address
    check_number: Callable[[str], str]
    shown_number: Callable[[str], str] = str
    # Whether an asset of this chain, or of none, can go through the account of this number.
    carries: Callable[[str, int | None], bool] = _carries_all
    read: Callable[[Received, Mapping[str, str]], Notice] = _says_nothing
    status_of_success: int = 202  # what the rail takes for an answer that it need not send again
    answer_of_success: Mapping[str, Any] | None = None  # and what it wants to read then, if anything in particular
    # Whether each request names an address of its own to answer at: the account's, a slash, and what it was about.
    hears_what_about: bool = False
    payer: "Payer | None" = None  # what sends money through it, where it can send any


_rails: dict[str, Rail] = {}
_handlers: dict[tuple[str, str], Handler] = {}
_handlers_of_payers: dict[str, HandlerOfMany] = {}


def register_rail(rail: Rail) -> Rail:
    """Let accounts be kept at rails of this kind."""
    assert _rails.get(rail.name, rail) == rail, f"two rails are called {rail.name}"
    assert not any(word in rail.hook_code for word in WORDS_RAILS_REFUSE), f"{rail.hook_code} would be refused"
    others = {other.hook_code for other in _rails.values() if other != rail}
    assert not rail.hook_code or rail.hook_code not in others, rail.hook_code
    _rails[rail.name] = rail
    return rail


def register_handler(rail: str, kind: str, handler: Handler) -> None:
    """Have notices of ``kind`` from rails of the kind ``rail`` applied by ``handler``."""
    assert _handlers.get((rail, kind), handler) == handler, f"two listen to {kind} of {rail}"
    _handlers[rail, kind] = handler


def register_handler_of_payers(kind: str, handler: HandlerOfMany) -> None:
    """Have notices of ``kind`` from every rail that pays applied by ``handler``, whenever it comes to be known.

    It takes many at once: a batch of payouts is answered by as many notices.
    """
    assert _handlers_of_payers.get(kind, handler) == handler, f"two listen to {kind}"
    _handlers_of_payers[kind] = handler


def rail_named(name: str) -> Rail:
    """Return a kind of rail.

    :raises UnknownRailKind: if nobody has registered it.
    """
    if name not in _rails:
        raise UnknownRailKind(rail=name[:40].replace("\0", ""), known=", ".join(sorted(_rails)))
    return _rails[name]


def rails() -> tuple[Rail, ...]:
    """Return every kind of rail, by name."""
    return tuple(_rails[name] for name in sorted(_rails))


def handler_of(rail: str, kind: str) -> Handler | None:
    """Return who listens to notices of this kind, if anybody does."""
    of_many = handler_of_many(rail, kind)
    if of_many is None:
        return _handlers.get((rail, kind))
    return lambda delivery, at: of_many([delivery], at)[0]


def handler_of_many(rail: str, kind: str) -> HandlerOfMany | None:
    """Return who listens to notices of this kind and takes many at once, if anybody does."""
    pays = (rail, kind) not in _handlers and rail in _rails and _rails[rail].payer is not None
    return _handlers_of_payers.get(kind) if pays else None
