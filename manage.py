#!/usr/bin/env python3
"""Countinghouse's command line: `python manage.py help`."""

import gc
import os
import sys

# What needs the role that owns the tables; everything else runs with the runtime role's smaller rights.
OWNER_COMMANDS = ("migrate", "bench", "backup", "restore_drill")


def main() -> None:
    """Run one command; a bad environment or an unreachable database is a sentence, not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # What is loaded stays: looking through it for rubbish again and again is a seventh of every start.
    gc.set_threshold(50_000, 20, 20)
    # A seed as SQL is made in a database of its own.
    if sys.argv[1:2] and (sys.argv[1] in OWNER_COMMANDS or (sys.argv[1] == "seed" and "--sql" in sys.argv)):
        os.environ["COUNTINGHOUSE_DATABASE_ROLE"] = "owner"
    if sys.argv[1:2] == ["restore"]:
        # It works without the house's server, and must not start what it is about to replace.
        os.environ["COUNTINGHOUSE_DATABASE_ROLE"] = "nobody"
    if sys.argv[1:2] == ["audit_proof"] and any(word.partition("=")[0] == "--check" for word in sys.argv):
        # Whoever checks a proof may have neither the settings of the house nor its database.
        from audit.proofs import main as check_proof

        sys.exit(check_proof(sys.argv[2:]))
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed here. Run `make run`, or use .venv/bin/python.")
    from django.db import DatabaseError

    from config.environment import BadEnvironment
    from config.postgres.programs import PostgresUnavailable

    try:
        execute_from_command_line(sys.argv)
    except (BadEnvironment, PostgresUnavailable) as problem:
        _stop(str(problem))
    except DatabaseError as problem:
        from config.postgres.problems import in_a_sentence

        sentence = in_a_sentence(problem)
        if sentence is None or "--traceback" in sys.argv:
            raise
        _stop(sentence)


def _stop(sentence: str) -> None:
    # Not 1: of a command that checks something this would say that it has found something.
    sys.stderr.write(f"{sentence}\n")
    sys.exit(2)


if __name__ == "__main__":
    main()
