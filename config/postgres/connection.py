"""Where the database is, and how connections to it are kept."""

import os
from typing import Any

from config.environment import Environment
from config.environment.variables import TEST
from config.postgres.archiving import backups_home
from config.postgres.embedded import RUNTIME_ROLE, SUPERUSER, EmbeddedPostgres

DATABASE_NAME = "countinghouse"

# Set by manage.py for commands that need the owner of the tables.
ROLE_VARIABLE = "COUNTINGHOUSE_DATABASE_ROLE"
OWNER = "owner"
NOBODY = "nobody"  # for what must not start the server that it is about to replace


def embedded_server(environment: Environment) -> EmbeddedPostgres:
    """Return the project's own server; the test suite has one to itself."""
    if environment["ENVIRONMENT"] == TEST:
        # Tests write and throw away more than is worth keeping, and may be in memory with all of it.
        small = ("max_wal_size=256MB", "shared_buffers=256MB")
        return EmbeddedPostgres(environment.var_dir / "test-postgres", binaries=environment["PG_BIN"], options=small)
    return EmbeddedPostgres(
        environment.var_dir / "postgres", binaries=environment["PG_BIN"], archive=backups_home(environment) / "wal"
    )


def is_embedded(environment: Environment) -> bool:
    """Whether the database is the project's own server."""
    return not environment["DATABASE_URL"] and not environment["MIGRATE_DATABASE_URL"]


def database_url(environment: Environment) -> str:
    """Return the address of the database, starting the embedded server when none is given.

    :raises PostgresUnavailable: if the embedded server can't be started.
    """
    if os.environ.get(ROLE_VARIABLE) == NOBODY:
        return f"postgresql://{NOBODY}@127.0.0.1:1/{DATABASE_NAME}"
    if os.environ.get(ROLE_VARIABLE) == OWNER and environment["MIGRATE_DATABASE_URL"]:
        return str(environment["MIGRATE_DATABASE_URL"])
    if environment["DATABASE_URL"]:
        return str(environment["DATABASE_URL"])
    server = embedded_server(environment)
    server.acquire()
    server.ensure_database(DATABASE_NAME)
    # The test suite makes and drops databases, and proves the runtime role's limits by taking that role itself.
    as_owner = os.environ.get(ROLE_VARIABLE) == OWNER or environment["ENVIRONMENT"] == TEST
    return server.url(DATABASE_NAME, user=SUPERUSER if as_owner else RUNTIME_ROLE)


def runtime_database_url(environment: Environment) -> str:
    """Return the address with which web and workers come, whoever asks."""
    if environment["DATABASE_URL"]:
        return str(environment["DATABASE_URL"])
    is_test = environment["ENVIRONMENT"] == TEST
    return embedded_server(environment).url(DATABASE_NAME, user=SUPERUSER if is_test else RUNTIME_ROLE)


def connection_settings(environment: Environment) -> dict[str, Any]:
    """Return what Django adds to the address.

    Only web processes keep a pool: they serve many threads and never fork with one open. Workers fork, and a pool
    that crosses a fork hands one process's rows to another.
    """
    settings: dict[str, Any] = {
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 60,
        # A pooler in transaction mode gives every transaction another server connection.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "ATOMIC_REQUESTS": False,
    }
    if os.environ.get("COUNTINGHOUSE_PROCESS") == "web" and environment["DB_POOL"]:
        settings["CONN_MAX_AGE"] = 0
        settings["OPTIONS"] = {"pool": {"min_size": 1, "max_size": environment["DB_POOL"], "timeout": 10}}
    return settings
