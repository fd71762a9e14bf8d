"""Restore a backup into a new folder, at a point in time; or switch the house to what was restored.

Exit 0: restored and examined; 1: restored, and not as it was sealed; 2: not restored.
"""

import json
import signal
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.backup.archive import Archive
from config.backup.manifests import EMBEDDED, Backup
from config.backup.recovery import RecoveringServer
from config.backup.refusals import BackupRefused
from config.backup.restoring import Restore, Restored, choose
from config.backup.restoring import as_json as report_of
from config.backup.signals import ending_in_order
from config.backup.source import hand_over_wal
from config.backup.switching import switch
from config.postgres.archiving import backups_home, system_identifier
from config.postgres.connection import embedded_server
from config.postgres.embedded import EmbeddedPostgres
from config.postgres.programs import PostgresUnavailable, find_backup_programs
from config.settings import environment


class Command(BaseCommand):
    """Works beside the running house and without it; it never starts the house's own server."""

    help = "Restore a backup into a new folder, at a point in time; or --switch the house to restored data."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--from", dest="source", metavar="BACKUP", help="a backup's folder or name, or `latest`")
        what.add_argument(
            "--switch", type=Path, metavar="DIR", help="with the house stopped: let it use what was restored"
        )
        parser.add_argument("--to", type=Path, metavar="DIR", help="the new data directory")
        until = parser.add_mutually_exclusive_group()
        until.add_argument("--until", metavar="TIME", help="2026-11-20T11:00:00Z: with a zone, in ISO 8601")
        until.add_argument("--until-latest", action="store_true", help="to the end of the log (the default)")
        parser.add_argument("--wal", type=Path, metavar="DIR", help="the archived WAL, when it is not our own archive")
        parser.add_argument("--timeline", type=int, metavar="N", help="follow this timeline and not the newest")
        parser.add_argument("--port", type=int, metavar="N", help="then serve what was restored there, until Ctrl-C")
        parser.add_argument("--bad", action="store_true", help="switch to data that did not pass their examination")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with ending_in_order():
                if options["switch"]:
                    self._switch(options)
                    return
                if not options["to"]:
                    raise BackupRefused("Say where to: --to DIR, a folder that is not there yet.")
                restored = self._restore(options)
                self._say(restored, as_json=options["json"])
                if options["port"]:
                    self._serve(restored, options["port"])
        except (BackupRefused, PostgresUnavailable) as refused:
            raise CommandError(str(refused), returncode=2) from refused
        except OSError as problem:
            raise CommandError(f"{problem.strerror or problem}: {problem.filename}", returncode=2) from problem
        if not restored.examination.is_good:
            raise SystemExit(1)

    def _restore(self, options: dict[str, Any]) -> Restored:
        until = moment(options["until"]) if options["until"] else None
        house = embedded_server(environment)
        home = backups_home(environment)
        there = (house.data / "global" / "pg_control").exists()
        backup = choose(
            options["source"],
            base=home / "base",
            archive_root=options["wal"].parent if options["wal"] else home / "wal",
            identifier=system_identifier(house.data) if there else None,
            until=until,
        )
        wal = options["wal"].resolve() if options["wal"] else _archive_of(backup, home)
        if not options["wal"]:
            self._fetch_latest(house, backup, wal)
        ours = house if backup.kind == EMBEDDED else None
        restore = Restore(backup, to=options["to"], wal=wal, binaries=environment["PG_BIN"], owner=house.account,
                          house=ours)  # fmt: skip
        return restore.run(until=until, timeline=options["timeline"], port=options["port"])

    def _fetch_latest(self, house: EmbeddedPostgres, backup: Backup, wal: Path) -> None:
        """Have the running house archive what it has written by now, so that every moment until now can be reached."""
        if backup.kind != EMBEDDED or not house.answers() or system_identifier(house.data) != backup.system_identifier:
            return
        try:
            with psycopg.connect(house.url(backup.database), autocommit=True) as server:
                hand_over_wal(server, Archive(wal))
        except (BackupRefused, psycopg.Error) as problem:
            # Its archive may be what is broken, and this restore what mends it.
            self.stderr.write(f"What the house has written last is not archived: {problem}")

    def _say(self, restored: Restored, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report_of(restored), default=str))
            return
        found = restored.examination
        lines = [
            f"Backup       {restored.backup.name}, every file as it was backed up",
            f"Reached      {_utc(restored.reached_at)}, its last transaction; timeline {restored.reached.timeline}",
        ]
        if not found.journal_is_there:
            lines.append("Journal      none: this database was backed up before its first migration")
        for each in found.verified:
            word = each.sentence if each.code == 0 else self.style.ERROR(each.sentence)
            lines.append(f"{each.command:<15}{word}")
        lines += [self.style.ERROR(f"Lacking      {line}") for line in found.lacking]
        if found.lost_seals:
            which = f"{min(found.lost_seals)} to {max(found.lost_seals)}"
            lines.append(f"Lost         {len(found.lost_seals)} of the anchored seals, {which}, made after that moment")
        lines.append(f"Restored     {restored.folder}")
        self.stdout.write("\n".join(lines))
        self._say_next(restored)

    def _say_next(self, restored: Restored) -> None:
        if not restored.examination.is_good:
            self.stdout.write(
                self.style.ERROR("Not as it was sealed. Nothing was switched; compare with an older backup.")
            )
            return
        if restored.backup.kind == EMBEDDED:
            self.stdout.write(f"\nNext: stop the house, then  manage.py restore --switch {restored.folder}")
        else:
            self.stdout.write("\nNext: let your server use this data directory (docs/operators.md).")

    def _serve(self, restored: Restored, port: int) -> None:
        house = embedded_server(environment)
        programs, _ = find_backup_programs(environment["PG_BIN"], major=restored.backup.postgres_major, exact=True)
        with RecoveringServer(
            restored.folder, binaries=programs, owner=house.account, superuser=restored.backup.superuser
        ) as server:
            server.start(port=port, wal_keep_size="1GB")
            self.stdout.write(f"Serving it at 127.0.0.1:{port}, with the roles and passwords of then. Ctrl-C ends it.")
            try:
                signal.pause()
            except KeyboardInterrupt:
                self.stdout.write("Stopping.")

    def _switch(self, options: dict[str, Any]) -> None:
        house = embedded_server(environment)
        aside = switch(house, options["switch"].resolve(), var=environment.var_dir, at=timezone.now(),
                       even_if_bad=options["bad"])  # fmt: skip
        if options["json"]:
            self.stdout.write(json.dumps({"switched": True, "set_aside": str(aside) if aside else None}))
            return
        self.stdout.write(self.style.SUCCESS(f"The house now has the restored data, in {house.data}."))
        if aside:
            self.stdout.write(f"The old data are in {aside}. Remove them when nobody needs them any more.")
        self.stdout.write(
            "\nNext: start the house, then\n"
            "  manage.py audit_verify                      seals lost in the restore are called anchor_contradicts\n"
            '  manage.py audit_accept_loss --reason "..."  when it names such seals, and only those\n'
            "  manage.py backup                            the first one on the new timeline"
        )


def moment(text: str) -> datetime:
    """Return the moment that somebody typed.

    :raises BackupRefused: if it is none, or has no zone: at 3 a.m. nobody should guess whose 3 a.m. is meant.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BackupRefused(f"{text!r} is no time: write 2026-11-20T11:00:00Z.") from None
    if found.tzinfo is None:
        raise BackupRefused(f"{text!r} has no zone: write {found.isoformat()}Z for UTC, or +01:00 behind it.")
    return found.astimezone(UTC)


def _archive_of(backup: Backup, home: Path) -> Path:
    """Return the WAL that lies beside the backup where both were copied elsewhere, else our own archive."""
    beside = backup.folder.parent.parent / "wal" / backup.system_identifier
    return beside if beside.is_dir() else home / "wal" / backup.system_identifier


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"
