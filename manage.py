#!/usr/bin/env python3
"""Countinghouse's command line: `python manage.py help`."""

import os
import sys

# What needs the role that owns the tables; everything else runs with the runtime role's smaller rights.
OWNER_COMMANDS = ("migrate", "bench")


def main() -> None:
    """Run one command; a bad environment or an unreachable database is a sentence, not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ["COUNTINGHOUSE_DATABASE_ROLE"] = "owner"
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed here. Run `make run`, or use .venv/bin/python.")
    from config.environment import BadEnvironment
    from config.postgres.programs import PostgresUnavailable

    try:
        execute_from_command_line(sys.argv)
    except (BadEnvironment, PostgresUnavailable) as problem:
        sys.exit(f"{problem}")


if __name__ == "__main__":
    main()
