"""The process that `config.bench.hordak` speaks to. It has settings of its own, so it imports nothing of the house."""

import json
import sys
from typing import Any

import django
import psycopg
from django.conf import settings
from psycopg.sql import SQL, Identifier


def main() -> None:
    """Make a database, migrate it, transfer between two accounts as often as told, and leave none of it."""
    host, port, user, password, name = json.loads(sys.stdin.readline())
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.postgresql", "HOST": host, "PORT": port, "USER": user,
                        "PASSWORD": password, "NAME": name, "CONN_MAX_AGE": None}
        },
        DEFAULT_AUTO_FIELD="django.db.models.AutoField", USE_TZ=True, SECRET_KEY="not a secret",  # noqa: S106
        DEFAULT_CURRENCY="USD", CURRENCIES=["USD"], HORDAK_INTERNAL_CURRENCY="USD", HORDAK_DECIMAL_PLACES=2,
        HORDAK_MAX_DIGITS=20,
    )  # fmt: skip

    def on_server(statement: str) -> None:
        at: dict[str, Any] = {"host": host or None, "port": port or None, "user": user, "password": password}
        with psycopg.connect(**at, dbname="postgres", autocommit=True) as server:
            server.execute(SQL(statement).format(Identifier(name)))

    on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    on_server("CREATE DATABASE {}")
    try:
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        _transfer_when_told()
    finally:
        from django.db import connection as own

        own.close()
        on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)")


def _transfer_when_told() -> None:
    from hordak.models import Account, AccountType
    from moneyed import Money

    bank = Account.objects.create(name="Bank", type=AccountType.asset, currencies=["USD"], code="1")
    owed = Account.objects.create(name="Owed", type=AccountType.liability, currencies=["USD"], code="2")
    sys.stdout.write("done\n")
    sys.stdout.flush()
    for line in sys.stdin:
        for _ in range(int(line)):
            bank.transfer_to(owed, Money("1.50", "USD"), description="bench")
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
