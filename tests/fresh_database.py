"""A committed test leaves rows that can't be removed, so its database is thrown away and copied anew (some 50 ms)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection, connections
from psycopg.sql import SQL, Identifier


@contextmanager
def _server() -> Iterator[psycopg.Connection[Any]]:
    """Connect beside the database: one that is in use can't be copied or dropped."""
    connections.close_all()
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"], port=settings["PORT"], user=settings["USER"], password=settings["PASSWORD"],
        dbname="postgres", autocommit=True,
    ) as server:  # fmt: skip
        yield server


def _names() -> tuple[Identifier, Identifier]:
    name = connection.settings_dict["NAME"]
    return Identifier(name), Identifier(f"{name}_template")


def make_template() -> None:
    """Copy the database as it is now."""
    database, template = _names()
    with _server() as server:
        server.execute(SQL("DROP DATABASE IF EXISTS {}").format(template))
        server.execute(SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(template, database))


def restore_from_template() -> None:
    """Bring back the copy; whoever is still connected is cut off."""
    database, template = _names()
    with _server() as server:
        server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(database))
        server.execute(SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(database, template))


def copy_template() -> None:
    """Fill the database that the connection points at, new and empty, as migrations would: `x_bench` beside `x`."""
    scratch = connection.settings_dict["NAME"]
    names = Identifier(scratch), Identifier(f"{scratch.removesuffix('_bench')}_template")
    with _server() as server:
        server.execute(SQL("DROP DATABASE {}").format(names[0]))
        server.execute(SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(*names))


def drop_template() -> None:
    """Remove the copy."""
    with _server() as server:
        server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(_names()[1]))
