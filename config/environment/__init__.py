"""The environment, read once and checked: a missing or nonsensical value stops the start with a sentence naming it.

This is the only reader of the environment. What may stand in it is the table in ``config.environment.variables``.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from config.environment.parsing import Refused, encryption_keys, hosts, networks, public_keys, secrets, words
from config.environment.variables import LOCAL, PRODUCTION, TEST, VARIABLES, Variable

# All of them, or none.
_TOGETHER = (
    ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"),
    ("GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"),
    ("OIDC_URL", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"),
)

BASE_DIR = Path(__file__).resolve().parent.parent.parent


class BadEnvironment(ImproperlyConfigured):
    """Raised at start with one line per variable that is missing or makes no sense."""


class Environment:
    """The checked values: ``environment["PORT"]`` is a number, ``environment["DEBUG"]`` a boolean."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    @property
    def is_production(self) -> bool:
        return bool(self["ENVIRONMENT"] == PRODUCTION)

    @property
    def var_dir(self) -> Path:
        return BASE_DIR / str(self["VAR_DIR"])


def read(source: Mapping[str, str]) -> Environment:
    """Check every variable of ``source`` and return the values.

    :raises BadEnvironment: naming each variable that is missing or makes no sense.
    """
    production = source.get("ENVIRONMENT", LOCAL).strip() == PRODUCTION
    values: dict[str, Any] = {}
    problems: list[str] = []
    for variable in VARIABLES:
        raw = source.get(variable.name, "").strip()
        if not raw and variable.required and production:
            problems.append(f"{variable.name} is missing: {variable.meaning}")
            continue
        raw = raw or variable.default
        try:
            values[variable.name] = variable.parse(raw) if raw else _empty(variable)
        except Refused as refused:
            problems.append(f"{variable.name} {refused}.")
    if not problems:
        problems += _contradictions(values)
    if problems:
        raise BadEnvironment("\n".join([*problems, "Every variable is explained in docs/settings.md."]))
    return Environment(values)


def load() -> Environment:
    """Read ``.env`` when there is one (the real environment wins), then check the environment."""
    # Tests never touch what an installation uses.
    if os.environ.get("ENVIRONMENT") != TEST:
        environ.Env.read_env(BASE_DIR / ".env")
    return read(os.environ)


def is_process(name: str) -> bool:
    """Whether this process is the one of that name: `web`, `worker:payouts` and so on, as whoever started it said."""
    return os.environ.get("COUNTINGHOUSE_PROCESS") == name


def _empty(variable: Variable) -> Any:
    return [] if variable.parse in (words, secrets, networks, public_keys, encryption_keys, hosts) else ""


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    found = []
    if values["DEBUG"] and values["ENVIRONMENT"] == PRODUCTION:
        found.append("DEBUG must be 0 in production.")
    if values["ENVIRONMENT"] == PRODUCTION and not values["PUBLIC_URL"].startswith("https://"):
        found.append("PUBLIC_URL must start with https:// in production.")
    for names in _TOGETHER:
        missing = [name for name in names if not values[name]]
        if missing and len(missing) < len(names):
            found.append(f"{missing[0]} is missing: {', '.join(names)} go together.")
    if values["ENVIRONMENT"] == PRODUCTION and values["OIDC_URL"].startswith("http://"):
        found.append("OIDC_URL must start with https:// in production.")
    if values["TASK_BROKER"] == "redis" and not values["REDIS_URL"]:
        found.append("REDIS_URL is missing: TASK_BROKER=redis keeps the tasks there.")
    # The clock of a task starts when it is fetched: one may run and one more wait in front of it.
    if values["TASK_RETRY_SECONDS"] <= 3 * values["TASK_TIMEOUT_SECONDS"]:
        found.append("TASK_RETRY_SECONDS must be more than 3 x TASK_TIMEOUT_SECONDS, or a slow task runs twice.")
    return found
