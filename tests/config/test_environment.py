"""What the environment may say, and what stops the start with a sentence."""

import pytest

from config.environment import BadEnvironment, read
from config.environment.variables import VARIABLES

PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "k3" * 30 + "-abcdef",
    "ALLOWED_HOSTS": "books.example.com",
    "PUBLIC_URL": "https://books.example.com",
    "DATABASE_URL": "postgres://user:pass@db/countinghouse",
    "ADMIN_KEY": "a" * 40,
    "JWT_SECRET": "b" * 40,
    "AUDIT_SIGNING_KEY": "c" * 43 + "=",
    "SETTINGS_KEY": "d" * 43 + "=",
    "EMAIL_URL": "smtp+tls://user:pass@mail.example.com:587",
}


def test_nothing_needs_to_be_set_locally() -> None:
    environment = read({})

    assert environment["ENVIRONMENT"] == "local"
    assert environment["PORT"] == 8000
    assert environment["DEBUG"] is False
    assert environment["ADMIN_KEY"] == []


def test_production_needs_its_secrets_and_servers() -> None:
    with pytest.raises(BadEnvironment) as refused:
        read({"ENVIRONMENT": "production"})

    said = str(refused.value)
    for name in PRODUCTION.keys() - {"ENVIRONMENT"}:
        assert f"{name} is missing" in said
    assert read(PRODUCTION)["DATABASE_URL"] == PRODUCTION["DATABASE_URL"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "prod"),
        ("DEBUG", "maybe"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("PUBLIC_URL", "books.example.com"),
        ("DATABASE_URL", "sqlite:///db.sqlite3"),
        ("DATABASE_URL", "postgres://host"),
        ("DATABASE_URL", "postgres://host:port/db"),
        ("DATABASE_URL", "mysql://user@host/db"),
        ("DB_POOL", "-1"),
        ("REDIS_URL", "http://127.0.0.1:6379"),
        ("TASK_BROKER", "rabbit"),
        ("TASK_RETRY_SECONDS", "soon"),
        ("ADMIN_KEY", "tooshort"),
        ("ADMIN_KEY", "a" * 40 + ",tooshort"),
        ("JWT_SECRET", "tooshort"),
        ("AUDIT_SIGNING_KEY", "tooshort"),
        ("AUDIT_SIGNING_KEY", "a" * 44),
        ("SETTINGS_KEY", "d" * 44),
        ("SETTINGS_KEY", "d" * 43 + "=,short"),
        ("AUDIT_OLD_PUBLIC_KEYS", "0x12"),
        ("AUDIT_OLD_PUBLIC_KEYS", "a" * 64 + "," + "g" * 64),
        ("RPC_URL", "127.0.0.1:8545"),
        ("RPC_URL", "ws://127.0.0.1:8545"),
        ("RPC_URL", "https://name:password@node.example.com"),
        ("RPC_URL", "https://one.example.com,https://two.example.com"),
        ("RPC_URL", "https://one.example.com,1=https://two.example.com"),
        ("RPC_URL", "1=https://one.example.com,1=https://two.example.com"),
        ("RPC_URL", "1=one.example.com"),
        ("RPC_URL", "01=https://one.example.com"),
        ("RPC_URL", "0=https://one.example.com"),
        ("RELAYER_PRIVATE_KEY", "0x12"),
        ("EMAIL_URL", "mail.example.com"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", "٣"),
        ("TRUSTED_PROXIES", "proxy.local"),
        ("THROTTLE_CALLER", "often"),
        ("THROTTLE_ADDRESS", "0/minute"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_nonsense_is_named(name: str, value: str) -> None:
    with pytest.raises(BadEnvironment) as refused:
        read({name: value})

    assert str(refused.value).startswith(f"{name} ")
    assert "docs/settings.md" in str(refused.value)


@pytest.mark.parametrize(
    ("value", "nodes"),
    [
        ("", ""),
        ("http://127.0.0.1:8545", {None: "http://127.0.0.1:8545"}),
        ("https://node.example.com/v3/k=1,2=3", {None: "https://node.example.com/v3/k=1,2=3"}),
        ("https://node.example.com/?key=1", {None: "https://node.example.com/?key=1"}),
        (
            "1=https://one.example.com/k=v/, 8453=https://two.example.com",
            {1: "https://one.example.com/k=v", 8453: "https://two.example.com"},
        ),
    ],
)
def test_nodes_are_known_by_their_chains(value: str, nodes: object) -> None:
    assert read({"RPC_URL": value})["RPC_URL"] == nodes


def test_a_password_is_never_repeated() -> None:
    with pytest.raises(BadEnvironment) as refused:
        read({"DATABASE_URL": "postgres://user:hunter2@host:port/db", "ADMIN_KEY": "hunter2"})

    assert "hunter2" not in str(refused.value)


def test_every_problem_is_said_at_once() -> None:
    with pytest.raises(BadEnvironment) as refused:
        read({"PORT": "x", "DEBUG": "x"})

    assert "PORT " in str(refused.value)
    assert "DEBUG " in str(refused.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"DEBUG": "1"}, "DEBUG must be 0"),
        ({"PUBLIC_URL": "http://books.example.com"}, "PUBLIC_URL must start with https"),
        ({"TASK_BROKER": "redis"}, "REDIS_URL is missing"),
        ({"TASK_TIMEOUT_SECONDS": "600"}, "TASK_RETRY_SECONDS must be more than 3 x"),
    ],
)
def test_contradictions_are_named(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadEnvironment, match=sentence):
        read({**PRODUCTION, **change})


def test_keys_rotate_by_being_a_list() -> None:
    keys = read({"JWT_SECRET": f"{'new' * 20}, {'old' * 20}"})["JWT_SECRET"]

    assert keys == ["new" * 20, "old" * 20]


def test_no_variable_is_declared_twice() -> None:
    names = [variable.name for variable in VARIABLES]

    assert len(names) == len(set(names))
