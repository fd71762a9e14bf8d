"""What whoever types a command is told when there is no database to work on, or not yet one of the house."""

from django.db import DatabaseError, OperationalError, connection
from psycopg.errors import UndefinedColumn, UndefinedFunction, UndefinedTable

_NOT_MIGRATED = "The database has not the tables of this version: `manage.py migrate` makes them. ({said})"
_OUT_OF_REACH = (
    "The database does not let this command in: {said}\n"
    "Is it there, and is its address right? If it is new, `manage.py migrate` makes what is missing, its role too."
)


def in_a_sentence(problem: DatabaseError) -> str | None:
    """Return what to do about ``problem``, or None when it is none of the database being away or not migrated."""
    said = " ".join(str(problem).split())
    if isinstance(problem, OperationalError) and connection.connection is None:
        return _OUT_OF_REACH.format(said=said)
    if isinstance(problem.__cause__, (UndefinedTable, UndefinedColumn, UndefinedFunction)):
        return _NOT_MIGRATED.format(said=said.partition(" LINE ")[0])
    return None
