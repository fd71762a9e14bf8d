"""Prove that a journal entry was sealed, or check a proof. Exit 0: proven; 1: not as sealed; 2: could not look."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from audit import proofs
from audit.queries.proving import NotAsSealed, NotSealed, proof_of
from audit.sources import JOURNAL


class Command(BaseCommand):
    """For whoever must show somebody else that a line of the journal stood there."""

    help = "Write an inclusion proof for a journal entry, or check one offline (--check)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("entry_id", nargs="?", type=UUID, help="the journal entry's id")
        parser.add_argument("--out", type=Path, metavar="FILE", help="where to write the proof; else it is printed")
        proofs.add_check_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            code, lines = proofs.check_file(options["check"], public_key=options["public_key"])
            (self.stdout if code == proofs.PROVES else self.stderr).write("\n".join(lines))
            raise SystemExit(code)
        if not options["entry_id"]:
            raise CommandError("Name a journal entry, or a file to --check.", returncode=2)
        try:
            proof = json.dumps(proof_of(JOURNAL, options["entry_id"]), indent=1)
            if options["out"]:
                options["out"].write_text(f"{proof}\n")
        except NotAsSealed as changed:
            raise CommandError(str(changed), returncode=1) from changed
        except (NotSealed, DatabaseError, OSError) as fault:
            raise CommandError(str(fault).strip(), returncode=2) from fault
        self.stdout.write(f"The proof is in {options['out']}." if options["out"] else proof)
