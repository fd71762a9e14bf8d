"""What a variable of the environment is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from config.environment.parsing import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable: what it means to an operator and how its text becomes a value."""

    name: str
    meaning: str
    parse: Callable[[str], Any] = text
    default: str = ""
    required: bool = False  # in production; elsewhere the default, or a generated value, stands in
    example: str = ""  # what .env.example shows where the default is empty
