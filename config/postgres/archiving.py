"""The embedded server keeps its write-ahead log: every finished piece is copied beside the backups.

What an ``archive_command`` must do, says PostgreSQL's manual: answer 0 only when the copy is safe, never replace a file
by another one, and answer 0 for a file that it has archived before. The script beside this module does. It is plain sh,
because the account that runs the server need not be able to enter our virtual environment.
"""

import os
import pwd
import shlex
import struct
from contextlib import suppress
from pathlib import Path

from config.environment import Environment
from config.environment.variables import TEST
from config.postgres.programs import account, reachable_home

# A quiet house hands over its log that often; what is younger is lost when both the data and their disk are.
ARCHIVE_TIMEOUT_SECONDS = 300

_HERE = Path(__file__).resolve().parent


def backups_home(environment: Environment) -> Path:
    """Return the folder of base backups and archived WAL, one that PostgreSQL's account can enter."""
    default = "test-backups" if environment["ENVIRONMENT"] == TEST else "backups"
    wanted = environment.var_dir / (environment["BACKUP_DIR"] or default)
    # The account is that of the data, which an installation keeps for good.
    return reachable_home(wanted.resolve(), account(environment.var_dir / "postgres"))


def system_identifier(data: Path) -> str:
    """Return which cluster ``data`` belongs to; it is the first thing in its control file."""
    with (data / "global" / "pg_control").open("rb") as control:
        return str(struct.unpack("=Q", control.read(8))[0])


def archive_settings(home: Path, archive: Path, *, data: Path, owner: pwd.struct_passwd | None) -> tuple[str, ...]:
    """Return the settings that make the server of ``data`` archive below ``archive``, and lay out what they need.

    Each cluster has a folder of its own: file names begin anew with every cluster, and the archive refuses to replace.
    """
    folder = archive / system_identifier(data)
    # With its disk away the house opens all the same; PostgreSQL keeps the log and tries again, and `doctor` tells.
    with suppress(OSError):
        private_folder(folder, owner)
    script = install_script("archive_wal.sh", home, owner)
    command = f"/bin/sh {_quoted(script)} %p %f {_quoted(folder)}"
    return ("archive_mode=on", f"archive_timeout={ARCHIVE_TIMEOUT_SECONDS}", f"archive_command={command}")


def fetch_command(workshop: Path, folder: Path, owner: pwd.struct_passwd | None) -> str:
    """Return the ``restore_command`` that reads from ``folder``."""
    script = install_script("fetch_wal.sh", workshop, owner)
    return f"/bin/sh {_quoted(script)} %f %p {_quoted(folder)}"


def install_script(name: str, folder: Path, owner: pwd.struct_passwd | None) -> Path:
    """Copy one of our scripts to where the server's account can read it."""
    script = (_HERE / name).read_bytes()
    if (folder / name).exists() and (folder / name).read_bytes() == script:
        return folder / name
    draft = folder / f"{name}-{os.getpid()}"
    draft.write_bytes(script)
    draft.chmod(0o600)
    hand_over(draft, owner)
    return draft.replace(folder / name)


def private_folder(path: Path, owner: pwd.struct_passwd | None) -> Path:
    """Make ``path``, and what is missing above it, open to nobody but the owner."""
    for step in reversed([step for step in (path, *path.parents) if not step.exists()]):
        with suppress(FileExistsError):
            step.mkdir(mode=0o700)
            hand_over(step, owner)
    return path


def hand_over(path: Path, owner: pwd.struct_passwd | None) -> None:
    """Let the server's account own ``path``, when it is another than ours."""
    if owner:
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _quoted(path: Path) -> str:
    return shlex.quote(str(path)).replace("%", "%%")
