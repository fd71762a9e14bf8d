"""What the documentation says is what the code does."""

import ast
import re
from pathlib import Path

import pytest
from django.utils.module_loading import import_string

from config.background.schedules import timetables
from config.operators.documentation import pages, refusals
from tests.architecture.house import ROOT, files, modules, name_of, tree_of


@pytest.mark.parametrize("path", list(pages()), ids=name_of)
def test_a_page_made_from_the_code_is_up_to_date(path: Path) -> None:
    assert path.read_text() == pages()[path], "run `manage.py document` and look at the difference"


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = [refusal.code for refusal in refusals()]

    assert len(codes) == len(set(codes))
    assert len(codes) > 15
    for code in codes:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)


def test_a_refusal_says_when_it_is_raised() -> None:
    assert not [refusal for refusal in refusals() if not (refusal.__doc__ or "").startswith("Raised ")]
    assert not [refusal for refusal in refusals() if not 400 <= refusal.status < 600]


def requirements(name: str) -> set[str]:
    lines = (ROOT / name).read_text().splitlines()
    return {re.split(r"[\[~=<>;! ]", line)[0].lower() for line in lines if line and line[0] not in "#-"}


def test_every_dependency_is_explained() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text().partition("## Looked at and left")[0]
    explained = {name.lower() for name in re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE)}

    assert explained == requirements("requirements.in") | requirements("requirements-dev.in")


def test_a_link_in_the_documentation_leads_somewhere() -> None:
    links = [
        (path, target)
        for path in files(".md")
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text())
        if not re.match(r"[a-z]+:", target)
    ]

    assert not [f"{name_of(path)}: {target}" for path, target in links if not (path.parent / target).exists()]


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text()

    for path in folder.glob("[0-9]*.md"):
        assert f"({path.name})" in index
        text = path.read_text()
        for heading in ("## Why", "## What follows"):
            assert heading in text, f"{path.name} has no {heading!r}"


@pytest.mark.parametrize("target", [timetable.task for timetable in timetables()])
def test_what_runs_by_the_clock_exists(target: str) -> None:
    assert callable(import_string(target))


def test_every_task_that_is_sent_exists() -> None:
    sent = [
        node.args[0].value
        for path in modules()
        if not path.is_relative_to(ROOT / "tests")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "async_task"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]

    for target in sent:
        assert callable(import_string(str(target)))


def test_make_lists_what_the_readme_promises() -> None:
    makefile = (ROOT / "Makefile").read_text()
    readme = (ROOT / "README.md").read_text()

    for target in set(re.findall(r"`make ([a-z-]+)", readme)):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), f"make {target} does not exist"
