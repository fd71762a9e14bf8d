"""A database for benchmarks alone, made before and dropped after, so that no figure depends on what lies around."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg.sql import SQL, Identifier


@contextmanager
def scratch_database() -> Iterator[None]:
    """Point the default connection at a fresh migrated database for the block."""
    original = connection.settings_dict["NAME"]
    scratch = f"{original}_bench"
    connection.close()
    with _server() as server:
        server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(scratch)))
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(scratch)))
    connection.settings_dict["NAME"] = scratch
    try:
        call_command("migrate", interactive=False, verbosity=0)
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = original
        with _server() as server:
            server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(scratch)))


def _server() -> psycopg.Connection[Any]:
    settings = connection.settings_dict
    return psycopg.connect(
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    )
