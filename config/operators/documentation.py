"""Pages that are made from the code, so that they can't say anything else: settings, errors, states, `.env.example`."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import config.api.errors
from audit.errors import DomainError
from audit.states import registered_transitions
from config.environment import BASE_DIR
from config.environment.variables import VARIABLES, Variable

CONTEXTS = ("audit", "identity", "ledger", "wallets", "invoicing", "commerce", "affiliates", "payouts", "notifications")

_NOTE = "<!-- Made by `manage.py document` from the code; change it there. -->"


def pages() -> dict[Path, str]:
    """Return every made page with its text."""
    return {
        BASE_DIR / "docs" / "settings.md": _settings(),
        BASE_DIR / "docs" / "errors.md": _errors(),
        BASE_DIR / "docs" / "states.md": _states(),
        BASE_DIR / ".env.example": _env_example(),
    }


def refusals() -> list[type[DomainError]]:
    """Return every refusal of the house, by code."""
    for context in CONTEXTS:
        if any(module.name == "errors" for module in pkgutil.iter_modules([str(BASE_DIR / context)])):
            importlib.import_module(f"{context}.errors")
    importlib.import_module(config.api.errors.__name__)
    ours = (*CONTEXTS, "config")
    found = [refusal for refusal in _subclasses(DomainError) if refusal.__module__.partition(".")[0] in ours]
    return sorted(found, key=lambda refusal: refusal.code)


def _subclasses(parent: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)


def _settings() -> str:
    rows = [
        f"| `{variable.name}` | {_default(variable)} | {variable.meaning} |"
        for variable in sorted(VARIABLES, key=lambda variable: variable.name)
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            _NOTE,
            "",
            "Everything that differs between machines comes from environment variables, or from a file `.env`",
            "beside `manage.py` (the real environment wins). A missing or nonsensical value stops the start with a",
            "sentence that names it. Nothing has to be set to try the house on one machine.",
            "",
            "| Name | Default | Meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _default(variable: Variable) -> str:
    default = f"`{variable.default}`" if variable.default else "empty"
    return f"{default}; required in production" if variable.required else default


def _errors() -> str:
    rows = [f"| `{refusal.code}` | {refusal.status} | {refusal.message} | {_when(refusal)} |" for refusal in refusals()]
    return "\n".join(
        [
            "# Errors",
            "",
            _NOTE,
            "",
            "Every error of the API has one body. `code` is for programs and never changes its meaning, `message`",
            "is for people, `params` is what the message was made of, and `correlation_id` finds the request in the",
            "journal and the logs. Under `/wallets` and `/api/customer` the body stands as `error` in",
            "`{success, data, error}`.",
            "",
            "```json",
            '{"code": "slug_taken", "message": "A program with the slug acme exists already.",',
            ' "params": {"slug": "acme"}, "correlation_id": "01a1f98c-3626-757e-9c67-d04826924fec"}',
            "```",
            "",
            "| Code | Status | Message | When |",
            "|---|---:|---|---|",
            *rows,
            "",
        ]
    )


def _when(refusal: type[DomainError]) -> str:
    sentence = " ".join((refusal.__doc__ or "").split())
    text = sentence.removeprefix("Raised ")
    return text[:1].upper() + text[1:]


def _states() -> str:
    lines = [
        "# States",
        "",
        _NOTE,
        "",
        "Every state machine of the house. An arrow carries the line it writes into the journal; there are no other",
        "steps, and nothing but `audit.operations.follow` and `follow_many` takes one.",
    ]
    for table in registered_transitions():
        lines += ["", f"## {table.model} ({table.field})", "", "```mermaid", "stateDiagram-v2"]
        lines.append(f"    [*] --> {table.initial}")
        lines += [
            f"    {edge.source} --> {edge.target}: {edge.action}{'' if edge.is_journalled else ' (not journalled)'}"
            for edge in table.edges
        ]
        lines += [f"    {state} --> [*]" for state in table.states if not table.targets(state)]
        lines += ["```", "", "| State | People read |", "|---|---|"]
        lines += [f"| `{state}` | {words} |" for state, words in table.states.items()]
    return "\n".join([*lines, ""])


def _env_example() -> str:
    lines = [
        "# Made by `manage.py document` from config/environment/variables.py. Copy to .env and set what you need.",
        "# Nothing has to be set to try the house on one machine.",
    ]
    for variable in VARIABLES:
        shown = variable.default or variable.example
        needed = " Required in production." if variable.required else ""
        lines += ["", f"# {variable.meaning}{needed}", f"#{variable.name}={shown}"]
    return "\n".join([*lines, ""])
