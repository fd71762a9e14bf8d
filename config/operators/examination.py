"""What `doctor` looks at."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.checks import WARNING, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.utils import timezone
from django_q.brokers import get_broker

from config.background.clusters import cluster_states
from config.backoffice.operations_page import in_words
from config.backup.outcomes import WAITING_BYTES, is_backup_late, is_drill_late, protection
from config.backup.source import ArchiverState
from config.environment import is_process
from config.postgres.roles import rewritable_final_tables
from config.settings import environment
from config.web.health import waiting_migrations
from identity import vault
from identity.errors import SettingUnreadable
from identity.models import Setting
from identity.queries.settings import unreadable_settings
from wallets.queries.chains import chains_in_use, finality_of
from wallets.rails import RailError
from wallets.rails.evm import newest_blocks

OLDEST_POSTGRES = 150_000
CLOCK_TOLERANCE_SECONDS = 2.0
DISK_FREE_BYTES = 1_000_000_000
NEWEST_BLOCK_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part is."""

    part: str
    is_well: bool
    says: str
    remedy: str = ""


def examine(*, now: datetime) -> list[Finding]:
    """Look at every part. One that can't be looked at is ill, and the others are looked at all the same."""
    findings = []
    for part, look in _PARTS:
        try:
            findings += look(now)
        except (DatabaseError, OSError, ImproperlyConfigured) as problem:
            reason = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
            findings.append(Finding(part, False, f"can't be looked at: {reason}"))
    return findings


def _database(now: datetime) -> list[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
        number, version = cursor.fetchone()
        cursor.execute("SELECT current_setting('synchronous_commit'), current_setting('fsync')")
        synchronous, fsync = cursor.fetchone()
    if number < OLDEST_POSTGRES:
        return [Finding("database", False, f"PostgreSQL {version}", "PostgreSQL 15 or newer is needed.")]
    if "off" in (synchronous, fsync):
        says = f"PostgreSQL {version}, synchronous_commit={synchronous}, fsync={fsync}"
        return [Finding("database", False, says, "A crash would lose what was answered as done. Turn both on.")]
    return [Finding("database", True, f"PostgreSQL {version}, commits are on disk before they are answered")]


def _final_tables(now: datetime) -> list[Finding]:
    rewritable = rewritable_final_tables()
    if rewritable:
        remedy = "Let web and workers come as a role of their own: docs/operators.md, Two roles."
        return [
            Finding("final rows", not settings.IS_PRODUCTION, f"only triggers guard {', '.join(rewritable)}", remedy)
        ]
    return [Finding("final rows", True, "this role has no right to change them")]


def _migrations(now: datetime) -> list[Finding]:
    waiting = waiting_migrations()
    if waiting:
        return [Finding("migrations", False, f"{len(waiting)} wait, first {waiting[0]}", "Run `manage.py migrate`.")]
    return [Finding("migrations", True, "none wait")]


def _clock(now: datetime) -> list[Finding]:
    with connection.cursor() as cursor:
        before = timezone.now()
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
        after = timezone.now()
    # What the round trip took is nobody's clock being wrong.
    off = max(0.0, (before - theirs).total_seconds(), (theirs - after).total_seconds())
    says = f"{off:.3f} s from the database's"
    return [Finding("clock", off <= CLOCK_TOLERANCE_SECONDS, says, "Set this machine's clock by NTP.")]


def _broker(now: datetime) -> list[Finding]:
    broker = get_broker(next(iter(settings.Q_CLUSTER["ALT_CLUSTERS"])))
    try:
        answers = bool(broker.ping())
    except Exception as problem:  # noqa: BLE001  (each broker has exceptions of its own)
        return [Finding("broker", False, f"does not answer: {problem}", "Is Redis up, and is REDIS_URL right?")]
    name = "database" if "orm" in settings.Q_CLUSTER else "redis"
    return [Finding("broker", answers, f"{name} answers" if answers else f"{name} does not answer")]


def _workers(now: datetime) -> list[Finding]:
    findings = []
    for state in cluster_states(now=now):
        alive = state.is_alive(now=now)
        waiting = f"{state.depth} tasks wait" if state.depth is not None else "depth unknown"
        if state.heartbeat_at is None:
            says = f"{state.queue}: never heard of, {waiting}"
        else:
            age = round((now - state.heartbeat_at).total_seconds())
            says = f"{state.queue}: heartbeat {age} s ago, {waiting}"
        findings.append(Finding("workers", alive, says, f"Start it: manage.py worker {state.queue}"))
    return findings


def _settings(now: datetime) -> list[Finding]:
    problems = [
        message
        for message in run_checks(include_deployment_checks=settings.IS_PRODUCTION)
        if message.level >= WARNING and not message.is_silenced()
    ]
    findings = [Finding("settings", False, f"{problem.id}: {problem.msg}") for problem in problems]
    if os.environ.get("RELAYER_PRIVATE_KEY") and not is_process("worker:payouts"):
        remedy = "Give it to the payouts workers only; whoever holds it can empty the relayer's account."
        findings.append(Finding("settings", False, "RELAYER_PRIVATE_KEY is visible to this process", remedy))
    if environment["WEB_PROCESSES"] > 1 and not environment["REDIS_URL"]:
        remedy = "Set REDIS_URL: each web process counts requests by itself."
        findings.append(Finding("settings", False, "several web processes and no Redis", remedy))
    return findings or [Finding("settings", True, f"{environment['ENVIRONMENT']}, nothing amiss")]


def _chains(now: datetime) -> list[Finding]:
    findings = []
    for chain_id in chains_in_use():
        try:
            finality = finality_of(chain_id)
            newest, final = newest_blocks(chain_id, finality=finality)
        except (RailError, SettingUnreadable) as problem:
            findings.append(Finding("chains", False, f"{chain_id}: {problem}", "docs/operators.md, Chains."))
            continue
        age = max(0, round((now - newest.mined_at).total_seconds()))
        proven = f"final up to {final.number}" if final else f"believed {finality} deep"
        says = f"{chain_id}: block {newest.number}, {in_words(age)} old, {proven}"
        remedy = "The node is loading or stands still: what is newer is not found."
        findings.append(Finding("chains", age <= NEWEST_BLOCK_SECONDS, says, remedy))
    return findings


def _secrets(now: datetime) -> list[Finding]:
    unreadable = unreadable_settings()
    if unreadable:
        row, problem = unreadable[0]
        says = f"can't be read: {row.key} of {row.program.slug}{_more(len(unreadable) - 1)}: {problem}"
        remedy = "Put the key back into SETTINGS_KEY, or set them anew: docs/operators.md, Settings."
        return [Finding("secrets", False, says, remedy)]
    elsewhere = [kept for keeper in vault.keepers() for kept in keeper.rows()]
    for kept in elsewhere:
        if kept.problem:
            remedy = "Put the key back into SETTINGS_KEY: docs/operators.md, Settings."
            return [Finding("secrets", False, f"can't be read: {kept.label} of {kept.program}: {kept.problem}", remedy)]
    told = list(Setting.objects.exclude(ciphertext="").values_list("ciphertext", flat=True))
    told += [ciphertext for kept in elsewhere for ciphertext in kept.ciphertexts]
    old = sum(not vault.has_current_key(ciphertext) for ciphertext in told)
    says = f"encrypted secrets: {len(told)}, and they open"
    return [Finding("secrets", True, f"{says}; {old} with an older key: reencrypt_settings" if old else says)]


def _more(count: int) -> str:
    return f" and {count} more" if count else ""


def _disk(now: datetime) -> list[Finding]:
    folder = settings.VAR_DIR if settings.VAR_DIR.exists() else settings.BASE_DIR
    free = shutil.disk_usage(folder).free
    return [Finding("disk", free > DISK_FREE_BYTES, f"{free / 1e9:.1f} GB free at {folder}", "Make room.")]


def _backups(now: datetime) -> list[Finding]:
    state = protection()
    backup = f"last one {in_words((now - state.backup.at).total_seconds())} ago" if state.backup else "none yet"
    drill = "no restore drill yet"
    if state.drill:
        drill = f"last drill {'passed' if state.drill_passed else 'FAILED'} "
        drill += f"{in_words((now - state.drill.at).total_seconds())} ago"
    findings = [
        Finding(
            "backups", not is_backup_late(state, now=now), backup, "Run `manage.py backup`, and let a clock run it."
        ),
        Finding(
            "backups",
            state.drill is None or state.drill_passed,
            drill,
            "The journal says why. Run `manage.py restore_drill --fresh` when it is mended.",
        ),
    ]
    if is_drill_late(state, now=now):
        findings[1] = Finding("backups", False, f"{drill}, one is due every week", "Run `manage.py restore_drill`.")
    return [*findings, *_archive(state.archiver)]


def _archive(archiver: ArchiverState) -> list[Finding]:
    waiting = f"{archiver.waiting_bytes / 1e6:,.0f} MB wait"
    if not archiver.is_on:
        return [Finding("archive", True, "this server archives no WAL: a backup restores to its own moment only")]
    if archiver.is_failing:
        says = f"failing since {archiver.failed_at:%Y-%m-%d %H:%M:%S} UTC at {archiver.failed_segment}, {waiting}"
        return [Finding("archive", False, says, "The database server's log says why. Until then its disk fills.")]
    is_behind = archiver.waiting_bytes > WAITING_BYTES
    last = f"{archiver.archived_at:%Y-%m-%d %H:%M:%S} UTC" if archiver.archived_at else "none yet"
    remedy = "The archive is slower than the house writes, or hangs."
    return [Finding("archive", not is_behind, f"WAL archived, last {last}, {waiting}", remedy)]


_PARTS: tuple[tuple[str, Callable[[datetime], list[Finding]]], ...] = (
    ("database", _database),
    ("migrations", _migrations),
    ("final rows", _final_tables),
    ("clock", _clock),
    ("broker", _broker),
    ("workers", _workers),
    ("backups", _backups),
    ("settings", _settings),
    ("secrets", _secrets),
    ("chains", _chains),
    ("disk", _disk),
)
