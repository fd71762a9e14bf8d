"""Where things are, for the tests of the house's order."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

CONTEXTS = ("audit", "identity", "ledger", "wallets", "invoicing", "commerce", "affiliates", "payouts", "notifications")


@cache
def files(suffix: str) -> tuple[Path, ...]:
    """Return the project's own files with this ending: those git knows, and new ones it does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", f"*{suffix}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    return tuple(sorted(ROOT / name for name in listed if name and (ROOT / name).exists()))


def modules() -> list[Path]:
    """Return every module we wrote; migrations are mostly written by Django."""
    return [path for path in files(".py") if "migrations" not in path.parts]


def name_of(path: Path) -> str:
    """Return the path from the top of the house."""
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the module's syntax tree."""
    return ast.parse(path.read_text(), filename=str(path))
