"""The two calls of posting: lock and read, then write.

They are functions so that a posting costs two journeys whatever it contains, and so that the server plans their
statements once for each connection, behind a pooler too. What may be booked is decided between them, in Python.

Their settings make that one plan the right one for good: every table is entered by its key. Left to itself the planner
finds that a small table is read fastest as a whole, keeps the plan while the table grows, or makes a new one every time.
"""

from django.db import migrations

BY_KEY = """SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET enable_material = off"""

FORWARD = """
-- Lock the balances of these accounts, of a striped one the stripe that chance chose, in the one order of the house.
-- Then read them, in a statement of its own: whoever waited for a lock still sees the past in the one that waited.
-- With them come the keys that are booked already, and a time that no balance here has seen yet.
CREATE FUNCTION ledger_lock_and_read(accounts bigint[], chance integer, keys json)
RETURNS text LANGUAGE plpgsql {by_key} AS $$
DECLARE
    places json;
    known json;
    last timestamptz;
BEGIN
    PERFORM 1 FROM ledger_balance b
    WHERE b.account_id = ANY(accounts) AND b.stripe = chance % b.stripes
    ORDER BY b.account_id, b.stripe
    FOR NO KEY UPDATE;

    SELECT json_agg(json_build_array(
               b.id, b.account_id, a.program_id, p.status, a.asset_id, x.code, x.scale, a.code, a.role, a.status,
               b.stripes > 1, b.floor::text, b.amount::text, b.version,
               (SELECT max(d.ends_at) FROM ledger_period d
                WHERE d.program_id = a.program_id AND d.state IN ('CLOSING', 'CLOSED')),
               o.id, o.account_id, w.code, o.amount::text, o.version)),
           max(greatest(b.booked_at, o.booked_at))
    INTO places, last
    FROM ledger_balance b
    JOIN ledger_account a ON a.id = b.account_id
    JOIN ledger_asset x ON x.id = a.asset_id
    JOIN identity_program p ON p.id = a.program_id
    LEFT JOIN ledger_account w ON w.id = a.owed_id
    LEFT JOIN ledger_balance o ON o.account_id = a.owed_id
    WHERE b.account_id = ANY(accounts) AND b.stripe = chance % b.stripes;

    -- OFFSET 0: key by key, and never the other way around.
    SELECT json_agg(json_build_array(t.program_id, t.key, t.id, encode(t.fingerprint, 'hex'))) INTO known
    FROM json_to_recordset(keys) AS asked (p uuid, k text)
    CROSS JOIN LATERAL (
        SELECT * FROM ledger_transaction t
        WHERE ledger_key_hash(t.program_id, t.key) = ledger_key_hash(asked.p, asked.k)
          AND t.program_id = asked.p AND t.key = asked.k OFFSET 0
    ) t;

    RETURN json_build_object('now', greatest(clock_timestamp(), last), 'places', places, 'known', known);
END
$$;

-- Write transactions, their entries and the balances they leave. Who finds that a key was taken meanwhile starts over.
-- A transaction of a batch may stand on somebody else than the others: whoever asked for that one.
CREATE FUNCTION ledger_write(
    transactions json, entries json, balances json, at timestamptz, actor_type text, actor_id bytea, correlation_id bytea
) RETURNS void LANGUAGE plpgsql {by_key} AS $$
BEGIN
    INSERT INTO ledger_transaction (id, program_id, key, fingerprint, entries_digest, kind, memo, metadata, actor_type,
                                    actor_id, correlation_id, booked_at, effective_at, reverses_id, corrects_id)
    SELECT t.i, t.p, t.k, decode(t.f, 'hex'), decode(t.h, 'hex'), t.n, t.m, t.d, coalesce(t.u, actor_type),
           coalesce(decode(t.o, 'hex'), actor_id), coalesce(decode(t.q, 'hex'), correlation_id), at, coalesce(t.e, at),
           t.r, t.c
    FROM json_to_recordset(transactions)
         AS t (i uuid, p uuid, k text, f text, h text, n text, m text, d jsonb, e timestamptz, r uuid, c uuid,
               u text, o text, q text)
    ORDER BY t.p, t.k;  -- two that want the same keys wait for each other in one order

    INSERT INTO ledger_entry (transaction_id, program_id, asset_id, debit_account_id, credit_account_id, amount,
                              debit_balance, debit_version, credit_balance, credit_version, booked_at)
    SELECT e.t, e.p, e.x, e.d, e.c, e.a, e.b, e.v, e.y, e.w, at
    FROM json_to_recordset(entries)
         AS e (t uuid, p uuid, x integer, d bigint, c bigint, a numeric, b numeric, v bigint, y numeric, w bigint);

    UPDATE ledger_balance b SET amount = c.a, version = c.v, booked_at = at
    FROM json_to_recordset(balances) AS c (i bigint, a numeric, v bigint)
    WHERE b.id = c.i;
END
$$;
""".replace("{by_key}", BY_KEY)

REVERSE = """
DROP FUNCTION ledger_write(json, json, json, timestamptz, text, bytea, bytea);
DROP FUNCTION ledger_lock_and_read(bigint[], integer, json);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_append_only"), ("identity", "0007_tokens")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
