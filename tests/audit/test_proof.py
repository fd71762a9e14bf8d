"""A proof convinces somebody who has neither our database nor our settings, and nothing can be changed in it."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import proofs
from audit.queries.keys import public_half, signing_key
from tests.architecture.house import ROOT
from tests.audit.sealing import seal_all, tamper, write
from tests.factories import EntryFactory

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def entry_id(transactional_db: None) -> str:
    entries = write(5)
    seal_all()
    return str(entries[3].pk)


@pytest.fixture
def proof_file(entry_id: str, tmp_path: Path) -> Path:
    path = tmp_path / "proof.json"
    call_command("audit_proof", entry_id, "--out", str(path))
    return path


def check(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_is_checked_without_database_and_settings(proof_file: Path, entry_id: str) -> None:
    key = public_half(signing_key())
    commands = (
        check("manage.py", "audit_proof", "--check", str(proof_file), DATABASE_URL=NOWHERE),
        # Settings of production would want secrets, and nobody asks for them.
        check("manage.py", "audit_proof", "--check", str(proof_file), ENVIRONMENT="production"),
        check("-m", "audit.proofs", str(proof_file)),
    )

    for done in commands:
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("Proven: this row of the journal stood under seal 1, made ")
        assert entry_id in done.stdout
        assert "That key is the file's own" in done.stdout
    pinned = check("manage.py", "audit_proof", "--check", str(proof_file), "--public-key", key)
    assert (pinned.returncode, "That is the key you gave." in pinned.stdout) == (0, True)
    other = check("manage.py", "audit_proof", "--check", str(proof_file), "--public-key", "0" * 64)
    assert (other.returncode, other.stdout) == (1, "")
    assert "another key" in other.stderr


def test_says_when_it_can_not_read(tmp_path: Path) -> None:
    for name, content in (("a", b"{"), ("b", b"[]"), ("c", b"\xff"), ("d", b" " * 1_000_001)):
        (tmp_path / name).write_bytes(content)
        assert check("-m", "audit.proofs", str(tmp_path / name)).returncode == 2
    assert check("-m", "audit.proofs", str(tmp_path / "nothing")).returncode == 2
    (tmp_path / "e").write_text("{}")
    assert check("-m", "audit.proofs", str(tmp_path / "e")).returncode == 1


@pytest.mark.django_db(transaction=True)
def test_the_command_checks_too(proof_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call_command("audit_proof", "--check", str(proof_file))

    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("Proven")


def strings_in(proof: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the path to every text in a proof."""
    found: list[tuple[str, ...]] = [(name,) for name, value in proof.items() if isinstance(value, str)]
    found += [("seal", name) for name, value in proof["seal"].items() if isinstance(value, str)]
    return found + [("path", str(place)) for place in range(len(proof["path"]))]


@pytest.mark.django_db(transaction=True)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_byte_of_it_can_be_changed(data: Any, proof_file: Path) -> None:
    proof = json.loads(proof_file.read_text())
    proofs.check_proof(proof)
    changed = copy.deepcopy(proof)
    place = data.draw(st.sampled_from(strings_in(proof)))
    holder: Any = changed if len(place) == 1 else changed[place[0]]
    key: Any = int(place[-1]) if place[0] == "path" else place[-1]
    text = holder[key]
    at = data.draw(st.integers(0, len(text) - 1))
    byte = data.draw(st.characters(min_codepoint=32, max_codepoint=126).filter(lambda letter: letter != text[at]))
    holder[key] = text[:at] + byte + text[at + 1 :]

    with pytest.raises(proofs.BadProof):
        proofs.check_proof(changed)


@pytest.mark.parametrize(
    "change",
    [
        {"index": 2},
        {"index": 3.0},
        {"index": True},
        {"index": None},
        {"path": []},
        {"path": None},
        {"row": None},
        {"row": "[]"},
        {"row": "\ud800"},
        {"seal": {}},
        {"seal": None},
        {"signature": None},
        {"format": None},
    ],
)
def test_nonsense_is_refused(change: dict[str, Any], proof_file: Path) -> None:
    proof = {**json.loads(proof_file.read_text()), **change}

    with pytest.raises(proofs.BadProof):
        proofs.check_proof(proof)


def test_a_hash_has_one_form(proof_file: Path) -> None:
    proof = json.loads(proof_file.read_text())
    for field in ("leaf", "signature", "seal_hash", "key_id"):
        for other in (proof[field].upper(), f" {proof[field]}"):
            with pytest.raises(proofs.BadProof):
                proofs.check_proof({**proof, field: other})
    with pytest.raises(proofs.BadProof):
        proofs.check_proof({**proof, "path": [proof["path"][0].upper(), *proof["path"][1:]]})


@pytest.mark.parametrize("field", ["number", "epoch", "count", "timeline", "version"])
def test_no_number_of_the_seal_can_be_changed(field: str, proof_file: Path) -> None:
    proof = json.loads(proof_file.read_text())
    for value in (proof["seal"][field] + 1, float(proof["seal"][field]), str(proof["seal"][field])):
        with pytest.raises(proofs.BadProof):
            proofs.check_proof({**proof, "seal": {**proof["seal"], field: value}})


def test_a_row_that_is_not_as_sealed_gets_no_proof(entry_id: str) -> None:
    tamper("audit_entry", "UPDATE audit_entry SET actor_id = 'mallory' WHERE id = %s", [entry_id])

    with pytest.raises(CommandError, match="not what was sealed") as refused:
        call_command("audit_proof", entry_id)

    assert refused.value.returncode == 1


def test_a_row_that_is_not_sealed_yet_gets_no_proof(entry_id: str) -> None:
    for row_id in (str(EntryFactory().pk), "01a1f997-f6c3-73d6-9f18-a039aadcb6c4"):
        with pytest.raises(CommandError, match="not sealed yet") as refused:
            call_command("audit_proof", row_id)
        assert refused.value.returncode == 2


def test_the_public_key_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    key = public_half(signing_key())

    call_command("audit_key")
    call_command("audit_key", "--json")

    words, document = capsys.readouterr().out.splitlines()
    assert words == f"signs     {proofs.key_id(key)}  {key}"
    assert json.loads(document) == {"signs": key, "believed": []}
