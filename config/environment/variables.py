"""The table of every variable the house reads from its environment.

``docs/settings.md`` and ``.env.example`` are compared with it by a test, so an undocumented variable breaks the build.
"""

from config.environment.outside import OUTSIDE
from config.environment.parsing import (
    boolean,
    choice,
    database,
    encryption_keys,
    hosts,
    networks,
    number,
    public_keys,
    rate,
    secret,
    secrets,
    signing_seed,
    url,
    words,
)
from config.environment.variable import Variable

__all__ = ["LOCAL", "PRODUCTION", "TEST", "VARIABLES", "Variable"]

LOCAL, TEST, PRODUCTION = "local", "test", "production"

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="ENVIRONMENT",
        parse=choice(LOCAL, TEST, PRODUCTION),
        default=LOCAL,
        meaning="`local` (embedded database, generated secrets), `test` (the test suite) or `production`.",
    ),
    Variable(
        name="DEBUG",
        parse=boolean,
        default="0",
        meaning="Django's own error pages. Refused in production.",
    ),
    Variable(
        name="SECRET_KEY",
        parse=secret,
        required=True,
        meaning="Signs sessions and links. Generated under `VAR_DIR` when local.",
    ),
    Variable(
        name="ALLOWED_HOSTS",
        parse=words,
        default="localhost,127.0.0.1,[::1]",
        required=True,
        example="back-office.example.com",
        meaning="Host names the site answers to, separated by commas.",
    ),
    Variable(
        name="PUBLIC_URL",
        parse=url("http", "https"),
        default="http://127.0.0.1:8000",
        required=True,
        example="https://back-office.example.com",
        meaning="Where people reach the site: links in mails, allowed origins, passkeys.",
    ),
    Variable(
        name="DATABASE_URL",
        parse=database,
        required=True,
        example="postgres://countinghouse:password@127.0.0.1:5432/countinghouse",
        meaning="PostgreSQL 15 or newer. Empty and not in production: the embedded server is found or started.",
    ),
    Variable(
        name="MIGRATE_DATABASE_URL",
        parse=database,
        example="postgres://countinghouse_owner:password@127.0.0.1:5432/countinghouse",
        meaning="The same database as the role that owns its tables; `migrate` uses it and makes the runtime role.",
    ),
    Variable(
        name="DB_POOL",
        parse=number(0, 200),
        default="8",
        meaning="Connections each web process keeps at most; 0 opens one per request. Workers always use 0.",
    ),
    Variable(
        name="REDIS_URL",
        parse=url("redis", "rediss", "unix"),
        example="redis://127.0.0.1:6379/0",
        meaning="Redis for cache, throttles and lock-outs; needed with more than one web process.",
    ),
    Variable(
        name="TASK_BROKER",
        parse=choice("database", "redis"),
        default="database",
        meaning="Where tasks wait: `database`, in the caller's transaction, or `redis`, at `REDIS_URL`.",
    ),
    Variable(
        name="TASK_TIMEOUT_SECONDS",
        parse=number(1, 86_400),
        default="300",
        meaning="A task that runs longer is stopped and tried again.",
    ),
    Variable(
        name="TASK_RETRY_SECONDS",
        parse=number(2, 172_800),
        default="960",
        meaning="A task not done by then goes to another worker. More than three times the time-out.",
    ),
    Variable(
        name="TASK_MAX_ATTEMPTS",
        parse=number(1, 100),
        default="5",
        meaning="How often a failing task is tried before it is left for a person.",
    ),
    Variable(
        name="WORKERS_PER_QUEUE",
        parse=number(0, 64),
        default="0",
        meaning="Worker processes in each cluster; 0 means each queue's own number (`make run` uses 1).",
    ),
    Variable(
        name="ADMIN_KEY",
        parse=secrets,
        required=True,
        meaning="Service keys for provisioning and reading, separated by commas: all are accepted, so they can rotate.",
    ),
    Variable(
        name="JWT_SECRET",
        parse=secrets,
        required=True,
        meaning="Keys of API tokens, separated by commas: the first signs, all verify.",
    ),
    Variable(
        name="AUDIT_SIGNING_KEY",
        parse=signing_seed,
        required=True,
        meaning="Signs the journal's seals: 32 random bytes in base64, as `openssl rand -base64 32` makes them.",
    ),
    Variable(
        name="AUDIT_OLD_PUBLIC_KEYS",
        parse=public_keys,
        meaning="Public keys that earlier seals were signed with, separated by commas: those seals stay believed.",
    ),
    Variable(
        name="AUDIT_ANCHOR_FILE",
        example="/srv/anchors/countinghouse.jsonl",
        meaning="A line for each seal, best where the database's host can't write. Empty: `VAR_DIR/anchors.jsonl`.",
    ),
    Variable(
        name="SETTINGS_KEY",
        parse=encryption_keys,
        required=True,
        meaning="Keys of secret settings, separated by commas, each 32 random bytes in base64: the first encrypts, all "
        "decrypt.",
    ),
    Variable(
        name="BACKUP_DIR",
        example="/mnt/backup/countinghouse",
        meaning="Base backups and archived WAL, best on another disk. Empty: `VAR_DIR/backups`.",
    ),
    Variable(
        name="BACKUP_KEEP",
        parse=number(1, 1_000),
        default="7",
        meaning="Base backups that `make run` keeps of those it takes every day.",
    ),
    Variable(
        name="BACKUP_MAX_AGE_HOURS",
        parse=number(0, 100_000),
        default="48",
        meaning="`doctor` calls an older last backup ill; 0 when something else than `manage.py backup` takes them.",
    ),
    Variable(
        name="EGRESS_PRIVATE_HOSTS",
        parse=hosts,
        example="127.0.0.1:8545,simulator.internal",
        meaning="Hosts, with or without a port, that calls may reach without https or on a private network.",
    ),
    *OUTSIDE,
    Variable(
        name="PORT",
        parse=number(1, 65_535),
        default="8000",
        meaning="Port of the web server.",
    ),
    Variable(
        name="BIND",
        default="127.0.0.1",
        meaning="Address the web server listens on; in a container `0.0.0.0`.",
    ),
    Variable(
        name="WEB_PROCESSES",
        parse=number(1, 64),
        default="1",
        meaning="Web server processes.",
    ),
    Variable(
        name="WEB_THREADS",
        parse=number(1, 64),
        default="8",
        meaning="Threads in each web server process.",
    ),
    Variable(
        name="TRUSTED_PROXIES",
        parse=networks,
        example="10.0.0.0/8",
        meaning="Networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, separated by commas.",
    ),
    Variable(
        name="THROTTLE_CALLER",
        parse=rate,
        default="1200/minute",
        meaning="API requests one signed-in caller may make.",
    ),
    Variable(
        name="THROTTLE_ADDRESS",
        parse=rate,
        default="2400/minute",
        meaning="API requests one network address may make, signed in or not.",
    ),
    Variable(
        name="THROTTLE_TOKENS",
        parse=rate,
        default="20/minute",
        meaning="Requests for API tokens (sign in, refresh, revoke, step up) one network address may make.",
    ),
    Variable(
        name="LOG_LEVEL",
        parse=choice("DEBUG", "INFO", "WARNING", "ERROR"),
        default="INFO",
        meaning="The least important log line that is written.",
    ),
    Variable(
        name="LOG_FORMAT",
        parse=choice("json", "console"),
        default="json",
        meaning="`json` for machines, `console` for people.",
    ),
    Variable(
        name="VAR_DIR",
        default="var",
        meaning="Embedded database, logs, generated secrets and local mail.",
    ),
    Variable(
        name="PG_BIN",
        example="/usr/lib/postgresql/16/bin",
        meaning="PostgreSQL programs for the embedded server. Empty: the packaged ones, else the newest installed.",
    ),
)
