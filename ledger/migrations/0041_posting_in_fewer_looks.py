"""The two calls of posting again (0004_posting), with fewer looks at the same rows.

A balance is read where it is locked. Keys come as their hashes, which whoever asks computes. Balances are changed through the index
through which they were locked: on large books every other index is a page from far away.
"""

from importlib import import_module

from django.db import migrations

before = import_module("ledger.migrations.0004_posting")

DROP = """
DROP FUNCTION ledger_write(json, json, json, timestamptz, text, bytea, bytea);
DROP FUNCTION ledger_lock_and_read(bigint[], integer, uuid[]);
"""

FORWARD = """
-- Lock the balances of these accounts, of a striped one the stripe that chance chose, in the one order of the house. A row
-- that was waited for is returned as it was left; everything that is not locked is read in the next statement, because
-- whoever waited for a lock still sees the past in the one that waited.
-- With them come the transactions that are booked under these hashes of keys, and a time that no balance here has seen yet.
CREATE FUNCTION ledger_lock_and_read(accounts bigint[], chance integer, hashes uuid[])
RETURNS text LANGUAGE plpgsql {by_key} AS $$
DECLARE
    balances json;
    places json;
    known json;
    last timestamptz;
    owed_last timestamptz;
BEGIN
    SELECT json_agg(json_build_array(b.account_id, b.stripe, b.stripes > 1, b.floor::text, b.amount::text, b.version)),
           max(b.booked_at)
    INTO balances, last
    FROM (
        SELECT * FROM ledger_balance b
        WHERE b.account_id = ANY(accounts) AND b.stripe = chance % b.stripes
        ORDER BY b.account_id, b.stripe
        FOR NO KEY UPDATE
    ) b;

    SELECT json_agg(json_build_array(
               a.id, a.program_id, p.status, a.asset_id, x.code, x.scale, a.code, a.role, a.status,
               (SELECT max(d.ends_at) FROM ledger_period d
                WHERE d.program_id = a.program_id AND d.state IN ('CLOSING', 'CLOSED')),
               a.owed_id, o.amount::text, o.version)),
           max(o.booked_at),
           (SELECT json_agg(json_build_array(t.program_id, t.key, t.id, encode(t.fingerprint, 'hex')))
            FROM ledger_transaction t WHERE ledger_key_hash(t.program_id, t.key) = ANY(hashes))
    INTO places, owed_last, known
    FROM ledger_account a
    JOIN ledger_asset x ON x.id = a.asset_id
    JOIN identity_program p ON p.id = a.program_id
    LEFT JOIN ledger_balance o ON o.account_id = a.owed_id
    WHERE a.id = ANY(accounts);

    RETURN json_build_object('now', greatest(clock_timestamp(), last, owed_last), 'balances', balances,
                             'accounts', places, 'known', known);
END
$$;

-- Write transactions, their entries and the balances they leave. Who finds that a key was taken meanwhile starts over.
-- A transaction of a batch may stand on somebody else than the others: whoever asked for that one.
CREATE FUNCTION ledger_write(
    transactions json, entries json, balances json, at timestamptz, actor_type text, actor_id bytea, correlation_id bytea
) RETURNS void LANGUAGE plpgsql {by_key} AS $$
BEGIN
    WITH booked AS (
        INSERT INTO ledger_transaction (id, program_id, key, fingerprint, entries_digest, kind, memo, metadata,
                                        actor_type, actor_id, correlation_id, booked_at, effective_at, reverses_id,
                                        corrects_id)
        SELECT t.i, t.p, t.k, decode(t.f, 'hex'), decode(t.h, 'hex'), t.n, t.m, t.d, coalesce(t.u, actor_type),
               coalesce(decode(t.o, 'hex'), actor_id), coalesce(decode(t.q, 'hex'), correlation_id), at,
               coalesce(t.e, at), t.r, t.c
        FROM json_to_recordset(transactions)
             AS t (i uuid, p uuid, k text, f text, h text, n text, m text, d jsonb, e timestamptz, r uuid, c uuid,
                   u text, o text, q text)
        ORDER BY t.p, t.k  -- two that want the same keys wait for each other in one order
    ), moved AS (
        INSERT INTO ledger_entry (transaction_id, program_id, asset_id, debit_account_id, credit_account_id, amount,
                                  debit_balance, debit_version, credit_balance, credit_version, booked_at)
        SELECT e.t, e.p, e.x, e.d, e.c, e.a, e.b, e.v, e.y, e.w, at
        FROM json_to_recordset(entries)
             AS e (t uuid, p uuid, x integer, d bigint, c bigint, a numeric, b numeric, v bigint, y numeric, w bigint)
    )
    UPDATE ledger_balance b SET amount = c.a, version = c.v, booked_at = at
    FROM json_to_recordset(balances) AS c (i bigint, s smallint, a numeric, v bigint)
    WHERE b.account_id = c.i AND b.stripe = c.s;
END
$$;
""".replace("{by_key}", before.BY_KEY)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0040_one_look")]

    operations = [
        migrations.RunSQL(sql=before.REVERSE, reverse_sql=before.FORWARD),
        migrations.RunSQL(sql=FORWARD, reverse_sql=DROP),
    ]
