"""Take a verified base backup. Exit 0: taken; 2: not, and nothing is left of it."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.backup.archive import Archive
from config.backup.manifests import Backup, backups_in
from config.backup.outcomes import note_backup
from config.backup.pruning import Pruned, prune
from config.backup.refusals import BackupRefused
from config.backup.signals import ending_in_order
from config.backup.source import Source, archiver_state, this_source
from config.backup.taking import take
from config.postgres.archiving import backups_home
from config.settings import environment


class Command(BaseCommand):
    """Runs as the owner of the tables."""

    help = "Copy the database, running as it is, into a new folder, verify the copy, and describe it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, metavar="DIR", help="the folder that gets the new backup; else our own")
        parser.add_argument(
            "--keep", type=int, metavar="N", help="remove all but the newest N, and WAL no longer needed"
        )
        parser.add_argument("--list", action="store_true", help="list the backups and take none")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        own = backups_home(environment) / "base"
        into = options["to"].resolve() if options["to"] else own
        if options["list"]:
            self._list(into, as_json=options["json"])
            return
        if options["keep"] is not None and options["keep"] < 1:
            raise CommandError("--keep takes a number from 1 up: the newest backup always stays.", returncode=2)
        try:
            with ending_in_order():
                source = this_source(environment)
                backup = take(source, into=into, binaries=environment["PG_BIN"])
                archive = source.archive(backup.system_identifier)
                pruned = Pruned([], 0)
                if options["keep"]:
                    # Backups elsewhere are whole in themselves; the WAL is kept for those that lie beside it.
                    pruned = prune(into, keep=options["keep"], system_identifier=backup.system_identifier,
                                   archive=archive if into == own else None)  # fmt: skip
        except BackupRefused as refused:
            raise CommandError(str(refused), returncode=2) from refused
        except OSError as problem:
            raise CommandError(
                f"The backup stands, but old ones could not be removed: {problem}", returncode=2
            ) from problem
        self._say(source, backup, pruned, archive, as_json=options["json"])

    def _say(self, source: Source, backup: Backup, pruned: Pruned, archive: Archive | None, *, as_json: bool) -> None:
        notes = _notes(archive)
        said = {
            "backup": backup.name,
            "bytes": backup.size_bytes,
            "timeline": backup.timeline,
            "end_lsn": backup.end_lsn,
            "manifest_sha256": backup.files["data/backup_manifest"],
            "removed": pruned.backups,
            "wal_files_removed": pruned.wal_files,
        }
        missed = note_backup(said, at=timezone.now())
        notes += [missed] if missed else []
        if as_json:
            about = {
                "folder": str(backup.folder),
                "kind": backup.kind,
                "from": backup.ended_at.isoformat(),
                "notes": notes,
            }
            self.stdout.write(json.dumps({**said, **about}))
            return
        self.stdout.write(
            f"{self.style.SUCCESS('Taken and verified')}  {backup.folder}\n"
            f"{backup.size_bytes / 1e6:,.0f} MB, timeline {backup.timeline}, ended {_utc(backup)}."
        )
        if pruned.backups or pruned.wal_files:
            self.stdout.write(f"Removed {len(pruned.backups)} old backups and {pruned.wal_files} files of WAL.")
        for note in notes:
            self.stdout.write(note)

    def _list(self, folder: Path, *, as_json: bool) -> None:
        backups = backups_in(folder)
        if as_json:
            lines = [
                {
                    "backup": each.name,
                    "folder": str(each.folder),
                    "from": each.ended_at.isoformat(),
                    "timeline": each.timeline,
                    "bytes": each.size_bytes,
                    "kind": each.kind,
                }
                for each in backups
            ]
            self.stdout.write(json.dumps(lines))
            return
        for each in backups:
            self.stdout.write(
                f"{each.name}  restores from {_utc(each)} on  timeline {each.timeline}  {each.size_bytes / 1e6:,.0f} MB"
            )
        if not backups:
            self.stdout.write(f"There is no backup in {folder}.")


def _utc(backup: Backup) -> str:
    return f"{backup.ended_at:%Y-%m-%d %H:%M:%S} UTC"


def _notes(archive: Archive | None) -> list[str]:
    """Return what an operator should know about reaching a point in time from here."""
    state = archiver_state()
    if archive is None:
        if state.is_on:
            by_itself = "This server archives its WAL by settings of its own, which this command knows nothing about."
            return [f"{by_itself} The backup restores to its end; for a later moment give `restore` its --wal."]
        return ["This server archives no WAL: the backup restores to its own end and to no later moment."]
    if not state.is_on:
        return ["The server archives no WAL yet; it will from its next start on. Until then no later moment is kept."]
    if state.is_failing:
        return [f"ARCHIVING FAILS since {state.failed_at} ({state.failed_segment}): later moments are not kept safe."]
    return [f"Later moments are kept in {archive.folder}."]
