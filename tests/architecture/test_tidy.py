"""The house is tidy: every file has a name that says what it holds, and none has grown too long."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.house import CONTEXTS, ROOT, files, modules, name_of, tree_of

MODULE_LINES = 300
TEST_LINES = 600
FUNCTION_LINES = 70

# The plan of a room: what may stand in a context. A folder stands for a module that outgrew one file.
ROOM = {"__init__", "apps", "states", "errors", "rules", "models", "queries", "operations", "checks", "tasks", "api",
        "portal", "admin", "management", "proposable", "settings", "migrations"}  # fmt: skip
# What a context has beside that, because the design gives it to this context and no other.
OWN = {
    "identity": {"kinds", "callers", "doors", "proofs", "tokens", "settable", "values", "vault"},
    "audit": {
        "access",
        "context",
        "egress",
        "merkle",
        "middleware",
        "proofs",
        "reconciliation",
        "sources",
        "spreadsheets",
    },
    "ledger": {
        "kinds",
        "money",
        "postings",
        "chart",
        "movements",
        "applying",
        "rows",
        "usual",
        "sources",
        "figures",
        "interchange",
        "paper",
        "rehearsal",
    },
    "wallets": {"rails"},
    "affiliates": {"errands", "paper"},
    "notifications": {"messages"},
}
API = {"__init__", "serializers", "filters", "views", "urls"}
PORTAL = {"__init__", "views", "urls", "forms"}

TOP_FILES = {"manage.py", "pyproject.toml", "Makefile", "README.md", "CHANGELOG.md", "LICENSE", "Dockerfile",
             "docker-compose.yml", "requirements.in", "requirements.lock", "requirements-dev.in",
             "requirements-dev.lock", ".gitignore", ".dockerignore", ".env.example",
             ".pre-commit-config.yaml"}  # fmt: skip
TOP_FOLDERS = {"config", *CONTEXTS, "templates", "static", "tests", "docs", ".ci"}

HOMELESS = {"utils", "util", "helpers", "helper", "common", "core", "misc", "manager", "base", "shared", "lib"}

# Where the environment may be read: the table's reader, and processes that prepare another process's environment.
ENVIRONMENT_READERS = {
    "manage.py", "config/wsgi.py", "config/bench/server.py", "config/environment/__init__.py",
    "config/postgres/connection.py", "config/postgres/embedded.py", "config/processes/supervisor.py",
    "config/processes/guard.py",
    "config/backup/verification.py", "config/web/metrics.py", "config/operators/examination.py",
    "config/management/commands/worker.py", "identity/management/commands/createsuperuser.py",
}  # fmt: skip


def ours() -> list[Path]:
    return [path for path in modules() if "tests" not in path.relative_to(ROOT).parts]


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_room_has_the_rooms_of_the_plan(context: str) -> None:
    allowed = ROOM | OWN.get(context, set())
    found = {
        entry.stem
        for entry in (ROOT / context).iterdir()
        if entry.name != "__pycache__" and not entry.stem.startswith(".")
    }

    assert found <= allowed, f"{context}: {sorted(found - allowed)} is not in the plan of a room"
    for folder, plan in (("api", API), ("portal", PORTAL)):
        inside = {path.stem for path in (ROOT / context / folder).glob("*.py")}
        assert inside <= plan, f"{context}/{folder}: {sorted(inside - plan)} is not in the plan of a door"


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_room_has_a_card(context: str) -> None:
    card = ast.get_docstring(tree_of(ROOT / context / "__init__.py")) or ""

    assert card.startswith(f"{context}: ")
    for word in ("Purpose:", "Tables:", "Callers:"):
        assert f"\n{word} " in card
    assert 4 <= len(card.splitlines()) <= 12


def test_the_top_of_the_house_holds_what_it_should() -> None:
    top = {path.relative_to(ROOT).parts[0] for path in files("") if len(path.relative_to(ROOT).parts) == 1}
    folders = {path.relative_to(ROOT).parts[0] for path in files("") if len(path.relative_to(ROOT).parts) > 1}

    assert top <= TOP_FILES
    assert folders <= TOP_FOLDERS


def test_nothing_is_homeless() -> None:
    homeless = [name_of(path) for path in modules() if path.stem in HOMELESS or path.parent.name in HOMELESS]

    assert not homeless


# One test for all files each, that names the guilty: a test for every file and rule took a tenth of the suite's time.


def test_no_module_is_too_long() -> None:
    def limit(path: Path) -> int:
        return TEST_LINES if path.is_relative_to(ROOT / "tests") else MODULE_LINES

    assert not [name_of(path) for path in modules() if len(path.read_text().splitlines()) > limit(path)]


def test_no_function_is_too_long() -> None:
    long = [
        f"{name_of(path)}: {node.name}"
        for path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    ]

    assert not long


def test_a_module_says_what_it_is() -> None:
    assert not [
        name_of(path) for path in modules() if path.read_text().strip() and not ast.get_docstring(tree_of(path))
    ]


def test_contexts_know_no_floats() -> None:
    calls = [
        f"{name_of(path)}:{node.lineno}"
        for path in ours()
        if path.relative_to(ROOT).parts[0] in CONTEXTS
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
    ]

    assert not calls, "amounts are decimals; a float loses cents"


def test_the_environment_is_read_in_one_place() -> None:
    readers = {name_of(path) for path in ours() if re.search(r"\bos\.(environ|getenv)\b", path.read_text())}

    assert not {name for name in readers - ENVIRONMENT_READERS if not name.startswith(".ci/")}


@pytest.mark.parametrize("context", CONTEXTS)
def test_an_operation_is_a_module_with_a_function_of_its_name(context: str) -> None:
    folder = ROOT / context / "operations"
    if not folder.exists():
        return
    verbs = {path.stem for path in folder.glob("*.py")} - {"__init__"}

    for verb in verbs:
        names = [node.name for node in tree_of(folder / f"{verb}.py").body if isinstance(node, ast.FunctionDef)]
        assert verb in names, f"{context}/operations/{verb}.py has no function {verb}"
    exported = next(
        ast.literal_eval(node.value)
        for node in tree_of(folder / "__init__.py").body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    assert set(exported) == verbs


def test_pages_load_nothing_from_elsewhere() -> None:
    elsewhere = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//[^"']+|url\(["']?(?:https?:)?//|@import[^;]+//""")
    pages = [*files(".html"), *files(".css"), *files(".js")]

    assert not [name_of(path) for path in pages if elsewhere.search(path.read_text())]


def test_no_file_names_a_machine_or_a_package_index() -> None:
    pattern = re.compile(r"--(?:extra-)?index-url\s+\S|--find-links\s+\S|/root/|/home/\w+/")
    checked = [
        path
        for ending in (".py", ".md", ".toml", ".in", ".lock", ".yml", ".yaml", "Makefile")
        for path in files(ending)
    ]
    guilty = [
        name_of(path) for path in checked if path.name != Path(__file__).name and pattern.search(path.read_text())
    ]

    assert not guilty
