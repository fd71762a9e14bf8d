"""A command without a database, or with one that is not the house's yet, ends in a sentence that says what to do."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, connection
from psycopg.sql import SQL, Identifier

from config.postgres.problems import in_a_sentence
from tests.crash.servers import run_python


@pytest.fixture
def empty_database(db: None) -> Iterator[str]:
    at = connection.settings_dict
    server = f"postgresql://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}"
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield f"{server}/{name}"
        admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def test_of_a_database_without_tables_it_says_what_makes_them(empty_database: str, tmp_path: Path) -> None:
    ran = run_python("manage.py", "seed", DATABASE_URL=empty_database, VAR_DIR=str(tmp_path))

    assert ran.returncode == 2
    assert "manage.py migrate" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_of_a_database_that_is_not_there_it_says_where_it_looked(tmp_path: Path) -> None:
    ran = run_python("manage.py", "seed", DATABASE_URL="postgresql://nobody@127.0.0.1:1/x", VAR_DIR=str(tmp_path))

    assert ran.returncode == 2
    assert "port 1" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_of_anything_else_nothing_is_made_up() -> None:
    assert in_a_sentence(DatabaseError("deadlock detected")) is None
