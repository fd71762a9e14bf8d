"""Reading bodies: what the JSON parser of the framework would let through or crash on is refused."""

import json
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser

MAX_DEPTH = 64


class StrictJSONParser(JSONParser):
    """JSON as everybody reads it: no key twice, no NaN, no text the database can't store, no bottomless nesting."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            text = stream.read().decode("utf-8")
            value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_key_twice)
        except UnicodeDecodeError:
            raise ParseError("it is not UTF-8.") from None
        except RecursionError:
            raise ParseError(f"it is nested more than {MAX_DEPTH} deep.") from None
        except ValueError as problem:
            raise ParseError(f"it is not JSON ({problem}).") from None
        _check(value, MAX_DEPTH)
        return value


class StrictFormParser(FormParser):
    """Forms, as browsers send them, held to the same."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        sent = super().parse(stream, media_type, parser_context)
        _check(dict(sent.lists()), MAX_DEPTH)
        return sent


class StrictMultiPartParser(MultiPartParser):
    """Forms with files, held to the same."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        sent = super().parse(stream, media_type, parser_context)
        _check(dict(sent.data.lists()), MAX_DEPTH)
        return sent


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        # Two readers would take different ones of the two, and one of the readers is an auditor.
        raise ValueError("a key stands twice in one object")
    return read


def _check(value: Any, depth_left: int) -> None:
    if depth_left == 0:
        raise ParseError(f"it is nested more than {MAX_DEPTH} deep.")
    if isinstance(value, str):
        if "\x00" in value:
            raise ParseError("it holds a NUL character.")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise ParseError("it holds half a character (a lone surrogate).")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check(key, depth_left - 1)
            _check(inner, depth_left - 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth_left - 1)
