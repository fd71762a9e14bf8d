"""Two roles of the database: an owner that migrates, and a runtime role that can't rewrite what is final.

Triggers refuse changes to final tables whoever asks; that the runtime role lacks the right as well means that a mistake
in a trigger, or an attacker with the web process's connection, still changes nothing.
"""

from urllib.parse import unquote, urlsplit

from django.apps import apps
from django.db import connection
from psycopg.sql import SQL, Identifier, Literal

# Two migrations of two databases of one server may make it at the same moment.
_MAKE_ROLE = SQL(
    "DO $$ BEGIN CREATE ROLE {} LOGIN PASSWORD {}; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$"
)


def final_tables() -> list[str]:
    """Return the tables whose rows are never changed: their models say so with ``is_final = True``."""
    return sorted(model._meta.db_table for model in apps.get_models() if getattr(model, "is_final", False))


def grant_runtime_role(runtime_url: str) -> str | None:
    """Give the role of ``runtime_url`` what it needs and no more; make it when it is not there.

    Returns its name, or None when the owner and the runtime role are one and there is nothing to grant.
    """
    parts = urlsplit(runtime_url)
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if not name or cursor.fetchone()[0] == name:
            return None
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        role = Identifier(name)
        if cursor.fetchone() is None:
            cursor.execute(_MAKE_ROLE.format(role, Literal(password)))
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
            "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}",
        ):
            cursor.execute(SQL(statement).format(role))
        for table in final_tables():
            cursor.execute(SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(Identifier(table), role))
    return name


def rewritable_final_tables() -> list[str]:
    """Return the final tables that the role of this connection could rewrite, were it not for the triggers."""
    rights = ("UPDATE", "DELETE", "TRUNCATE")
    found = []
    with connection.cursor() as cursor:
        for table in final_tables():
            cursor.execute(
                "SELECT " + " OR ".join(["has_table_privilege(current_user, %s, %s)"] * len(rights)),
                [value for right in rights for value in (table, right)],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found
