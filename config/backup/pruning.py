"""Let go of old backups, and of the WAL that no kept one needs."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from config.backup.archive import Archive, place_of
from config.backup.manifests import backups_in
from config.backup.taking import REMOVED, alone_in


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went."""

    backups: list[str]
    wal_files: int


def prune(folder: Path, *, keep: int, system_identifier: str, archive: Archive | None) -> Pruned:
    """Keep the newest ``keep`` backups of one cluster in ``folder``; with ``archive`` also only the WAL they need.

    What belongs to another cluster is left alone: it may be another house's, or all that is left of this one.
    """
    assert keep >= 1
    with alone_in(folder):
        backups = [each for each in backups_in(folder) if each.system_identifier == system_identifier]
        old, kept = backups[:-keep], backups[-keep:]
        for backup in old:
            # Under another name first: a kill half-way must not leave half a backup under the name of a whole one.
            going = folder / f"{REMOVED}{backup.name}"
            backup.folder.rename(going)
            shutil.rmtree(going)
        gone = 0
        if archive and kept:
            # On all timelines alike: a newer one begins at an older place, and the oldest place decides.
            gone = archive.prune(min(place_of(each.start_lsn, each.segment_bytes) for each in kept))
    return Pruned([backup.name for backup in old], gone)
