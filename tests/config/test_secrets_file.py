"""A local installation's secrets are made once, whoever asks first, and never half."""

import threading
from pathlib import Path

import pytest

from config.environment.secrets_file import local_secret


def test_a_secret_stays_the_same(tmp_path: Path) -> None:
    first = local_secret("SECRET_KEY", folder=tmp_path)

    assert local_secret("SECRET_KEY", folder=tmp_path) == first
    assert local_secret("ADMIN_KEY", folder=tmp_path) != first
    assert len(first) >= 50


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    local_secret("SECRET_KEY", folder=tmp_path)

    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_all_who_ask_at_once_get_the_same(tmp_path: Path) -> None:
    got: list[str] = []
    threads = [
        threading.Thread(target=lambda: got.append(local_secret("SECRET_KEY", folder=tmp_path))) for _ in range(16)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(got) == 16
    assert len(set(got)) == 1


def test_a_kill_while_writing_leaves_the_old_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = local_secret("SECRET_KEY", folder=tmp_path)

    def killed(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("config.environment.secrets_file.os.fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        local_secret("ADMIN_KEY", folder=tmp_path)
    monkeypatch.undo()

    assert local_secret("SECRET_KEY", folder=tmp_path) == first
