"""Ask a restored database whether it is whole: what it must hold at least, and every command that verifies.

The commands run as an operator would run them, in a process of their own. A room that learns to verify itself adds its
command here: it takes ``--json`` and ends with 0 (as it should be), 1 (not) or 2 (could not look).
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from audit.queries.anchors import ANCHOR_FORMAT, anchor_path, read_line
from config.backup.manifests import ANCHORS, Backup
from config.backup.recovery import RecoveringServer
from config.backup.witness import Witness, differences
from config.environment import BASE_DIR
from config.postgres.connection import ROLE_VARIABLE
from config.processes.child import dying_with_us

# The command, and how it says that all is well.
VERIFICATIONS: Final = {
    "audit_verify": "as it was sealed: {rows:,} rows under {seals:,} seals",
    "ledger_verify": "the books agree: {accounts:,} accounts, {entries:,} entries",
}
# A copy is believed in nothing, its checkpoints least of all, and is not changed.
_ARGUMENTS: Final = {"ledger_verify": ("--full", "--read-only")}
AS_IT_SHOULD_BE, NOT_SO, COULD_NOT_LOOK = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was asked and answered."""

    command: str
    code: int
    said: dict[str, Any]

    @property
    def sentence(self) -> str:
        """The answer in words."""
        if self.code == AS_IT_SHOULD_BE:
            return VERIFICATIONS[self.command].format_map(defaultdict(int, self.said))
        if self.code == NOT_SO:
            first: dict[str, Any] = next(iter(self.said.get("found", [])), {})
            what = " ".join(
                str(first[name]) for name in ("what", "source", "row_id", "seal", "where") if first.get(name)
            )
            return f"{self.said.get('differences', 'some')} found, first {what}"
        return f"could not look: {self.said.get('problem')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """How a restored database is."""

    verified: list[Verified]
    lacking: list[str]  # of what was witnessed
    lost_seals: list[int]  # anchored after the moment that was restored to
    last_seal: int | None
    anchors_from: str = ""
    journal_is_there: bool = True
    notes: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.lacking and all(each.code == AS_IT_SHOULD_BE for each in self.verified)


def examine(
    server: RecoveringServer, backup: Backup, *, witness: Witness | None, scratch: Path, anchors: Path | None = None
) -> Examination:
    """Examine the recovered database of ``server``, which is not changed by it.

    The anchor file is believed, not the copy in the backup: who can change one can change the other. The copy serves
    where the file is gone.
    """
    chosen = anchors or anchor_path()
    if not chosen.exists():
        chosen = backup.folder / ANCHORS
    with server.connect(backup.database) as connection:
        row = connection.execute("SELECT to_regclass('public.audit_seal') IS NOT NULL").fetchone()
        if row is None or not row[0]:
            return Examination(verified=[], lacking=[], lost_seals=[], last_seal=None, journal_is_there=False)
        head = connection.execute("SELECT max(number) FROM audit_seal").fetchone()
        last_seal = int(head[0]) if head and head[0] is not None else None
        lacking = differences(connection, witness) if witness else []

    cut = scratch / "anchors-of-then.jsonl"
    lost = cut_anchors(chosen, last_seal or 0, cut) if chosen.exists() else []
    with server.examiner(backup.database) as address:
        verified = [_run(command, address=address, anchors=cut) for command in VERIFICATIONS]
    return Examination(
        verified=verified, lacking=lacking, lost_seals=lost, last_seal=last_seal, anchors_from=str(chosen)
    )


def cut_anchors(path: Path, last: int, to: Path) -> list[int]:
    """Write into ``to`` what the anchor file said when ``last`` was the newest seal; return the numbers left out."""
    later = []
    to.touch(mode=0o600)
    with path.open("rb") as file, to.open("wb") as kept:
        for line in file:
            said = read_line(line)
            if said and said["format"] == ANCHOR_FORMAT and int(said["seal"]["number"]) > last:
                later.append(int(said["seal"]["number"]))
            else:
                kept.write(line)
    return later


def _run(command: str, *, address: str, anchors: Path) -> Verified:
    ours = {name: value for name, value in os.environ.items() if name not in (ROLE_VARIABLE, "MIGRATE_DATABASE_URL")}
    done = subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), command, "--json", *_ARGUMENTS.get(command, ())],
        env={**ours, "DATABASE_URL": address, "AUDIT_ANCHOR_FILE": str(anchors), "DB_POOL": "0"},
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        preexec_fn=dying_with_us(),
        check=False,
    )
    try:
        return Verified(command=command, code=done.returncode, said=json.loads(done.stdout))
    except ValueError:
        # It ended before it could answer: whatever the code, nothing was found out.
        problem = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        return Verified(command=command, code=COULD_NOT_LOOK, said={"problem": problem})
