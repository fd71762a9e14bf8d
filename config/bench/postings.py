"""What the guarantees of the books cost: our posting against a hand-written SQL function, and against another ledger.

The function locks two balances in order, updates both, writes one transaction and one entry, with the same columns and
indexes as ours and foreign keys where ours has one look at all it wrote, and is driven by pgbench with prepared
statements. It does not look whether a key was used for something else, what may be booked, who is frozen, or whether
the amounts make sense. The other ledger is django-hordak, which keeps no balances, takes no locks and knows no keys.
"""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.db import connection

from audit.context import acting_as
from config.bench.books import ACCOUNTS, open_books
from config.bench.frame import Benchmark, Contender, Figure
from config.bench.hordak import hordak
from config.environment import load
from config.postgres.programs import find_programs

CLIENTS: Final = 8
BATCHED: Final = 10_000
SINGLE: Final = 500

_REFERENCE: Final = """
CREATE TABLE bench_account (id bigint PRIMARY KEY, program_id uuid NOT NULL, asset_id integer NOT NULL);
CREATE TABLE bench_balance (LIKE ledger_balance INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES
                            INCLUDING IDENTITY) WITH (fillfactor = 70);
CREATE TABLE bench_transaction (LIKE ledger_transaction INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);
CREATE TABLE bench_entry (LIKE ledger_entry INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES
                          INCLUDING IDENTITY);
ALTER TABLE bench_balance ADD FOREIGN KEY (account_id) REFERENCES bench_account;
ALTER TABLE bench_entry
    ADD FOREIGN KEY (transaction_id) REFERENCES bench_transaction,
    ADD FOREIGN KEY (debit_account_id) REFERENCES bench_account,
    ADD FOREIGN KEY (credit_account_id) REFERENCES bench_account;
INSERT INTO bench_account SELECT n, '00000000-0000-0000-0000-000000000001', 1 FROM generate_series(1, {accounts}) n;
INSERT INTO bench_balance (account_id, stripe, stripes, amount, version)
    SELECT n, 0, 1, 0, 0 FROM generate_series(1, {accounts}) n;

CREATE FUNCTION bench_post(key text, debit bigint, credit bigint, moved numeric) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    program uuid := '00000000-0000-0000-0000-000000000001';
    booked uuid := gen_random_uuid();
    now_ timestamptz;
    debit_left numeric; debit_number bigint; credit_left numeric; credit_number bigint;
BEGIN
    PERFORM 1 FROM bench_balance WHERE account_id IN (debit, credit) ORDER BY account_id FOR NO KEY UPDATE;
    now_ := clock_timestamp();
    UPDATE bench_balance SET amount = amount - moved, version = version + 1, booked_at = now_
        WHERE account_id = debit RETURNING amount, version INTO debit_left, debit_number;
    UPDATE bench_balance SET amount = amount + moved, version = version + 1, booked_at = now_
        WHERE account_id = credit RETURNING amount, version INTO credit_left, credit_number;
    INSERT INTO bench_transaction (id, program_id, key, fingerprint, entries_digest, kind, memo, actor_type, actor_id,
                                   correlation_id, booked_at)
        VALUES (booked, program, key, substr(sha256(key::bytea), 1, 16), '', 'TRANSFER', '', 'command', '=bench',
                '\\x01a1fa3547037301a439a109536f91a9', now_);
    INSERT INTO bench_entry (transaction_id, debit_account_id, credit_account_id, amount, debit_balance, debit_version,
                             credit_balance, credit_version, booked_at)
        VALUES (booked, debit, credit, moved, debit_left, debit_number, credit_left, credit_number, now_);
    RETURN booked;
END
$$;
"""
_DRIVEN: Final = r"""
\set one random(1, {accounts})
\set other random(1, {accounts} - 1)
\set other :other + case when :other >= :one then 1 else 0 end
\set number random(1, 9000000000000000)
SELECT bench_post('bench:' || :number || ':' || :client_id, :one, :other, 1.5);
"""


@contextmanager
def _contenders() -> Iterator[Sequence[Contender]]:
    with acting_as("command", "bench"), tempfile.TemporaryDirectory() as folder, connection.cursor() as cursor:
        cursor.execute(_REFERENCE.replace("{accounts}", str(ACCOUNTS)))
        script = Path(folder) / "reference.sql"
        script.write_text(_DRIVEN.replace("{accounts}", str(ACCOUNTS)))
        books = open_books()
        cursor.execute("ANALYZE")
        with hordak() as other:
            yield (
                Contender("SQL function, 8 clients", BATCHED, _Function(script, clients=CLIENTS, total=BATCHED)),
                Contender("SQL function, 1 client", SINGLE * 4, _Function(script, clients=1, total=SINGLE * 4)),
                Contender("post_many, batches of 1,000", BATCHED, lambda: books.in_batches(BATCHED)),
                Contender("post_many, one system account", BATCHED, lambda: books.in_batches(BATCHED, hot=True)),
                Contender("post, one after the other", SINGLE, lambda: books.one_by_one(SINGLE)),
                Contender("django-hordak, transfer_to", SINGLE, lambda: other.transfer(SINGLE)),
            )  # fmt: skip


class _Function:
    """The reference: ``total`` transactions, shared among ``clients``."""

    def __init__(self, script: Path, *, clients: int, total: int) -> None:
        database, environment = connection.settings_dict, load()
        program = find_programs(environment["PG_BIN"], data=environment.var_dir / "postgres" / "data") / "pgbench"
        self.command = [
            str(program), "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2",
            f"--transactions={total // clients}", f"--file={script}", f"--host={database['HOST']}",
            f"--port={database['PORT']}", f"--username={database['USER']}", str(database["NAME"]),
        ]  # fmt: skip
        self.secret = {"PGPASSWORD": str(database["PASSWORD"])}

    def __call__(self) -> None:
        subprocess.run(self.command, check=True, capture_output=True, env=self.secret)


POSTINGS = Benchmark(
    name="postings",
    question="What do the guarantees of the books cost beside a bare SQL function?",
    contenders=_contenders,
    figures=(
        Figure("in batches, against the function", "post_many, batches of 1,000", "SQL function, 8 clients", 2),
        Figure("one account in all, against any", "post_many, one system account", "post_many, batches of 1,000", 0.95),
        Figure("one by one, against the function", "post, one after the other", "SQL function, 1 client", 0.4),
        Figure("one by one, against django-hordak", "post, one after the other", "django-hordak, transfer_to", 1.2),
    ),
)
