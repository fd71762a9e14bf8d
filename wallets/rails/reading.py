"""What adapters read notices with. Whoever wrote them may have been proven, and still have written anything."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from wallets.errors import BadRailAccount, NotProven

NAME: Final = re.compile(r"[A-Za-z0-9._:-]{1,120}")
# What every decimal of the house can hold, many times over; no signs, exponents, infinities or blanks.
AMOUNT: Final = re.compile(r"[0-9]{1,40}(\.[0-9]{1,40})?")


def said_in(body: bytes) -> dict[str, Any]:
    """Return the JSON object that ``body`` is; numbers with a fraction or an exponent stay the text that they are.

    :raises NotProven: if it is none, or holds what the database can't.
    """
    try:
        said: Any = json.loads(body, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise NotProven(reason="the body is no JSON") from None
    if not isinstance(said, dict):
        raise NotProven(reason="the body is no JSON object")
    if not _is_storable(said):
        raise NotProven(reason="the body holds characters that are none")
    return said


def part_of(said: Mapping[str, Any], field: str, *, may_be_missing: bool = False) -> dict[str, Any]:
    """Return the object that stands under ``field``; an empty one where none may, and does.

    :raises NotProven: if there is none, or something else.
    """
    part = said.get(field)
    if part is None and may_be_missing:
        return {}
    if not isinstance(part, dict):
        raise NotProven(reason=f"its {field} is no JSON object")
    return part


def parts_of(said: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    """Return the objects that stand in a list under ``field``; none where there is no list.

    :raises NotProven: if something else stands there.
    """
    parts = said.get(field)
    if parts is None:
        return []
    if not (isinstance(parts, list) and all(isinstance(part, dict) for part in parts)):
        raise NotProven(reason=f"its {field} is no list of JSON objects")
    return parts


def name_in(said: Mapping[str, Any], field: str) -> str:
    """Return the name that stands under ``field``.

    :raises NotProven: if there is none.
    """
    value = said.get(field)
    if not (isinstance(value, str) and NAME.fullmatch(value)):
        raise NotProven(reason=f"its {field} is no name of at most 120 letters, digits and . _ : -")
    return value


def optional_name_in(said: Mapping[str, Any], field: str) -> str | None:
    """Return the name that stands under ``field``, or None where nothing does.

    :raises NotProven: if something else does.
    """
    return None if said.get(field) is None else name_in(said, field)


def amount_in(said: Mapping[str, Any], field: str) -> str:
    """Return the amount that stands under ``field``, digit by digit as it was sent.

    :raises NotProven: if it is no plain decimal number.
    """
    value = said.get(field)
    text = str(value) if isinstance(value, int) else value
    if not (isinstance(text, str) and AMOUNT.fullmatch(text)):
        raise NotProven(reason=f"its {field} is no amount: digits, with a point or without")
    return text


def sum_in(said: Mapping[str, Any], amount: str = "amount", currency: str = "currency") -> dict[str, str]:
    """Return the amount and the currency that stand under these names.

    :raises NotProven: if they are none.
    """
    return {"amount": amount_in(said, amount), "currency": name_in(said, currency)}


def moment_in(said: Mapping[str, Any], field: str) -> datetime:
    """Return the instant that stands under ``field``.

    :raises NotProven: if it is no time with an offset.
    """
    try:
        moment = datetime.fromisoformat(said.get(field))  # type: ignore[arg-type]
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise NotProven(reason=f"its {field} is no time with an offset") from None


def check_number(number: str) -> str:
    """Return the name that a rail has for the account.

    :raises BadRailAccount: if it is none.
    """
    if not NAME.fullmatch(number):
        raise BadRailAccount(reason="the number needs 1 to 120 letters, digits and . _ : -")
    return number


def _is_storable(said: Any) -> bool:
    """Whether the database takes it: no null characters, and no halves of characters."""
    try:
        return "\\u0000" not in json.dumps(said) and bool(json.dumps(said, ensure_ascii=False).encode())
    except (UnicodeEncodeError, RecursionError):
        return False


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
