"""The runtime role reads and adds, and has no right to rewrite what is final, triggers or not."""

import os
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.context import acting_as
from audit.models import Entry
from audit.operations import record
from config.postgres.roles import final_tables, grant_runtime_role, rewritable_final_tables
from identity.models import Program

pytestmark = pytest.mark.django_db

ROLE = f"countinghouse_test_app_{os.getpid()}"


@pytest.fixture
def as_runtime(program: Program) -> Iterator[None]:
    """Take the runtime role, as web and workers have it; both go with the test's transaction."""
    assert grant_runtime_role(f"postgresql://{ROLE}:secret@127.0.0.1/x") == ROLE
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def test_what_is_final_is_known() -> None:
    assert {"audit_entry", "identity_proposalvote", "identity_proposalmaker"} <= set(final_tables())


def test_the_owner_could_rewrite_and_is_told_so() -> None:
    assert rewritable_final_tables() == final_tables()


@pytest.mark.usefixtures("as_runtime")
def test_the_runtime_role_could_not() -> None:
    assert rewritable_final_tables() == []


@pytest.mark.usefixtures("as_runtime")
def test_it_does_its_daily_work(program: Program) -> None:
    with acting_as("user", "alice"):
        record("identity.program.created", subject=program, at=timezone.now())
    Program.objects.filter(pk=program.pk).update(name="Renamed")

    assert Entry.objects.count() == 1
    assert Program.objects.get().name == "Renamed"


@pytest.mark.usefixtures("as_runtime")
@pytest.mark.parametrize("table", ["audit_entry", "identity_proposalvote", "identity_approvalpolicy"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_it_has_no_right_to_rewrite(table: str, statement: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement.format(table))


@pytest.mark.usefixtures("as_runtime")
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_entry_append_only ON audit_entry",
        "ALTER TABLE audit_entry OWNER TO CURRENT_USER",
        "DROP TABLE audit_entry CASCADE",
        "CREATE TABLE mine (id int)",
        "SET session_replication_role = replica",
        "GRANT UPDATE ON audit_entry TO CURRENT_USER",
        "DELETE FROM django_migrations",
    ],
)
def test_it_can_not_give_itself_the_right(statement: str) -> None:
    before = rewritable_final_tables()

    try:
        with transaction.atomic():
            connection.cursor().execute(statement)
    except DatabaseError:
        pass

    assert rewritable_final_tables() == before == []
    with pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute("DELETE FROM django_migrations")


def test_an_owner_that_is_the_runtime_role_is_granted_nothing() -> None:
    user = connection.settings_dict["USER"]

    assert grant_runtime_role(f"postgresql://{user}:x@127.0.0.1/x") is None
    assert grant_runtime_role("postgresql://127.0.0.1/x") is None
