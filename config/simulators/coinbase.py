"""Coinbase as it speaks to the house: charges that go well, and all that goes wrong with them."""

import re
import secrets as chance
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from config.simulators.coinbase_events import (
    CHECKOUTS,
    COMMERCE,
    Charge,
    Event,
    delivery_of,
    of_checkouts,
    of_commerce,
)
from config.simulators.frame import CannotSimulate, Delivery, Simulator
from wallets.rails.coinbase import COINBASE as RAIL
from wallets.rails.reading import AMOUNT

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_CURRENCY: Final = re.compile(r"[A-Z0-9]{1,12}")
_NOBODYS_SECRET: Final = "nobody-has-this-secret"  # noqa: S105
_SCENARIOS: Final = {
    "confirmed": "asked for, seen on the chain, confirmed",
    "ten-times": "one event sent ten times, in an envelope of its own each time",
    "out-of-order": "what came first is told last",
    "changed-amount": "the same event with another amount, then another event of the charge with that amount",
    "underpaid": "less was paid than asked",
    "overpaid": "more was paid than asked",
    "confirmed-short": "Commerce: a confirmation that has less paid than asked",
    "confirmed-over": "Commerce: a confirmation that has more paid than asked",
    "delayed": "paid after it had expired",
    "resolved": "Commerce: underpaid, and accepted by hand",
    "failed": "nobody paid",
    "refund-partial": "Checkouts: 40 % given back, then the rest",
    "refund-failed": "Checkouts: a refund that didn't go through",
    "unknown": "an event of a kind that nobody knows",
    "bad-signature": "signed with another secret: refused",
    "old-signature": "Checkouts: signed ten minutes ago, and in ten minutes: refused",
}


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--api", choices=(COMMERCE, CHECKOUTS), default=COMMERCE, help="who speaks (commerce)")
    parser.add_argument("--charge", default="", help="its code, or the checkout's id; one by chance otherwise")
    parser.add_argument("--amount", default="25.00", help="what is asked (25.00)")
    parser.add_argument("--currency", default="USD", help="in which currency (USD)")
    parser.add_argument("--metadata", action="append", default=[], metavar="K=V", help="what the charge knows; repeat")


def _known(options: Mapping[str, Any]) -> Sequence[str]:
    told = _told_by(_charge(options), options)
    return [scenario for scenario in _SCENARIOS if scenario in told]


def _told_by(charge: Charge, options: Mapping[str, Any]) -> dict[str, Callable[[], list[Event]]]:
    return _told_by_commerce(charge) if options["api"] == COMMERCE else _told_by_checkouts(charge)


def _deliveries(scenario: str, secret: str, options: Mapping[str, Any]) -> Sequence[Delivery]:
    api = options["api"]
    told = _told_by(_charge(options), options)
    if scenario not in told:
        raise CannotSimulate(f"{api.capitalize()} knows nothing like {scenario}. It knows: {', '.join(told)}.")
    events = told[scenario]()
    if scenario == "ten-times":
        return [delivery_of(events[0], api=api, secret=secret, attempt=attempt) for attempt in range(1, 11)]
    if scenario == "old-signature":
        return [
            delivery_of(events[0], api=api, secret=secret, off=timedelta(minutes=off), is_proven=False)
            for off in (-10, 10)
        ]
    if scenario == "bad-signature":
        return [delivery_of(event, api=api, secret=_NOBODYS_SECRET, is_proven=False) for event in events]
    return [delivery_of(event, api=api, secret=secret) for event in events]


def _charge(options: Mapping[str, Any]) -> Charge:
    """Return the charge that was asked for.

    :raises CannotSimulate: if it can't be one.
    """
    code = options["charge"] or (chance.token_hex(12) if options["api"] == CHECKOUTS else chance.token_hex(4).upper())
    if not _NAME.fullmatch(code):
        raise CannotSimulate("--charge takes 1 to 40 letters, digits, _ and -.")
    if not AMOUNT.fullmatch(options["amount"]) or not Decimal(options["amount"]):
        raise CannotSimulate("--amount takes an amount such as 25.00.")
    if not _CURRENCY.fullmatch(options["currency"]):
        raise CannotSimulate("--currency takes a code such as USD.")
    pairs = [each.partition("=") for each in options["metadata"]]
    if not all(name and sign for name, sign, _ in pairs):
        raise CannotSimulate("--metadata takes a name and a value: order=fs_123.")
    metadata = {name: value for name, _, value in pairs}
    return Charge(code, Decimal(options["amount"]), options["currency"], metadata)


def _told_by_commerce(charge: Charge) -> dict[str, Callable[[], list[Event]]]:
    asked, less, more = charge.amount, charge.amount * Decimal("0.8"), charge.amount * Decimal("1.2")

    def told(what: str, *timeline: str, **how: Any) -> Event:
        return of_commerce(charge, what, *timeline, **how)

    def created() -> Event:
        return told("created")

    def pending(paid: Decimal = asked) -> Event:
        return told("pending", "SIGNED", "PENDING", paid=paid, is_final=False)

    def confirmed(**how: Any) -> Event:
        return told("confirmed", "SIGNED", "PENDING", "COMPLETED", **{"paid": asked, **how})

    def unresolved(paid: Decimal, context: str) -> Event:
        says = f"charge:failed, UNRESOLVED {context}"
        return told("failed", "PENDING", f"UNRESOLVED:{context}", paid=paid, says=says)

    def changed() -> list[Event]:
        first = confirmed()
        other = {"asked": more, "paid": more}
        return [
            first, confirmed(**other, key=first.key, says="the same event with another amount"),
            confirmed(**other, says="another event of the charge with another amount"),
        ]  # fmt: skip

    return {
        "confirmed": lambda: [created(), pending(), confirmed()],
        "ten-times": lambda: [confirmed()],
        "out-of-order": lambda: [confirmed(), pending(), created()],
        "changed-amount": changed,
        "underpaid": lambda: [created(), pending(less), unresolved(less, "UNDERPAID")],
        "overpaid": lambda: [created(), pending(more), unresolved(more, "OVERPAID")],
        "confirmed-short": lambda: [confirmed(paid=less, says="charge:confirmed, less paid than asked")],
        "confirmed-over": lambda: [confirmed(paid=more, says="charge:confirmed, more paid than asked")],
        "delayed": lambda: [created(), told("failed", "EXPIRED"),
                            told("delayed", "EXPIRED", "UNRESOLVED:DELAYED", paid=asked)],
        "resolved": lambda: [created(), unresolved(less, "UNDERPAID"),
                             told("resolved", "UNRESOLVED:UNDERPAID", "RESOLVED", paid=less)],
        "failed": lambda: [created(), told("failed", "EXPIRED")],
        "unknown": lambda: [told("sung_about")],
        "bad-signature": lambda: [confirmed()],
    }  # fmt: skip


def _told_by_checkouts(charge: Charge) -> dict[str, Callable[[], list[Event]]]:
    asked, less, more = charge.amount, charge.amount * Decimal("0.8"), charge.amount * Decimal("1.2")
    part, rest = charge.amount * Decimal("0.4"), charge.amount * Decimal("0.6")

    def told(what: str, status: str, **how: Any) -> Event:
        return of_checkouts(charge, what, status, **how)

    def success(**how: Any) -> Event:
        return told("payment.success", "COMPLETED", **{"paid": asked, "minutes": 2, **how})

    def refunded(*refunds: tuple[Decimal, str]) -> Event:
        done = sum(amount for amount, state in refunds if state == "COMPLETED")
        status = "COMPLETED" if not done else "PARTIALLY_REFUNDED" if done < asked else "REFUNDED"
        what = "refund.failed" if refunds[-1][1] == "FAILED" else "refund.success"
        return told(what, status, paid=asked, minutes=10 + len(refunds), refunds=refunds)

    def expired() -> Event:
        return told("payment.expired", "EXPIRED")

    def changed() -> list[Event]:
        first = success()
        other = {"asked": more, "paid": more}
        return [
            first, success(**other, key=first.key, says="the same event with another amount"),
            success(**other, says="another event of the checkout with another amount"),
        ]  # fmt: skip

    return {
        "confirmed": lambda: [success()],
        "ten-times": lambda: [success()],
        "out-of-order": lambda: [refunded((part, "COMPLETED")), success(), expired()],
        "changed-amount": changed,
        "underpaid": lambda: [success(paid=less)],
        "overpaid": lambda: [success(paid=more)],
        "delayed": lambda: [expired(), success()],
        "failed": lambda: [told("payment.failed", "FAILED")],
        "refund-partial": lambda: [success(), refunded((part, "COMPLETED")),
                                   refunded((part, "COMPLETED"), (rest, "COMPLETED"))],
        "refund-failed": lambda: [success(), refunded((part, "FAILED"))],
        "unknown": lambda: [told("payment.sung_about", "COMPLETED")],
        "bad-signature": lambda: [success()],
        "old-signature": lambda: [success()],
    }  # fmt: skip


COINBASE: Final = Simulator(
    rail=RAIL.name,
    label=RAIL.label,
    scenarios=_SCENARIOS,
    known=_known,
    add_arguments=_add_arguments,
    secret_named=lambda options: str(options["api"]),
    deliveries=_deliveries,
)
