"""The two calls of posting: lock and read, then write.

They are functions so that a posting costs two journeys whatever it contains, and so that the server plans their
statements once for each connection, behind a pooler too. (That plan may be made while the tables are empty and is kept
when they are not: without ``enable_seqscan = off`` it would read them whole.) What may be booked is decided between
them, in Python.
"""

from django.db import migrations

FORWARD = """
-- Lock the balances of these accounts, of a striped one the stripe that chance chose, in the one order of the house.
-- Then read them, in a statement of its own: whoever waited for a lock still sees the past in the one that waited.
-- Behind them come the keys that are booked already.
CREATE FUNCTION ledger_lock_and_read(accounts bigint[], chance integer, programs uuid[], keys text[])
RETURNS TABLE (
    balance_id bigint, account_id bigint, program_id uuid, program_status varchar, asset_id integer, asset varchar,
    scale smallint, code varchar, role varchar, status varchar, is_striped boolean, floor numeric, amount numeric,
    version bigint, booked_at timestamptz, now_ timestamptz, owed_id bigint, owed_account_id bigint, owed_code varchar,
    owed_amount numeric, owed_version bigint, owed_booked_at timestamptz, key varchar, transaction_id uuid,
    fingerprint bytea
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    PERFORM 1 FROM ledger_balance b
    WHERE b.account_id = ANY(accounts) AND b.stripe = chance % b.stripes
    ORDER BY b.account_id, b.stripe
    FOR NO KEY UPDATE;

    RETURN QUERY
    SELECT b.id, b.account_id, a.program_id, p.status, a.asset_id, x.code, x.scale, a.code, a.role, a.status,
           b.stripes > 1, b.floor, b.amount, b.version, b.booked_at, clock_timestamp(),
           o.id, o.account_id, w.code, o.amount, o.version, o.booked_at, NULL::varchar, NULL::uuid, NULL::bytea
    FROM ledger_balance b
    JOIN ledger_account a ON a.id = b.account_id
    JOIN ledger_asset x ON x.id = a.asset_id
    JOIN identity_program p ON p.id = a.program_id
    LEFT JOIN ledger_account w ON w.id = a.owed_id
    LEFT JOIN ledger_balance o ON o.account_id = a.owed_id
    WHERE b.account_id = ANY(accounts) AND b.stripe = chance % b.stripes;

    RETURN QUERY
    SELECT NULL::bigint, NULL::bigint, t.program_id, NULL::varchar, NULL::integer, NULL::varchar, NULL::smallint,
           NULL::varchar, NULL::varchar, NULL::varchar, NULL::boolean, NULL::numeric, NULL::numeric, NULL::bigint,
           NULL::timestamptz, NULL::timestamptz, NULL::bigint, NULL::bigint, NULL::varchar, NULL::numeric,
           NULL::bigint, NULL::timestamptz, t.key, t.id, t.fingerprint
    FROM unnest(programs, keys) AS asked (program_id, key)
    JOIN ledger_transaction t ON t.program_id = asked.program_id AND t.key = asked.key;
END
$$;

-- Write transactions, their entries and the balances they leave; returns how many transactions were new. The caller
-- rolls back when one was missing: somebody took its key in between.
CREATE FUNCTION ledger_write(
    transactions json, entries json, balances json, at timestamptz, actor_type text, actor_id text, correlation_id text
) RETURNS bigint LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    written bigint;
BEGIN
    INSERT INTO ledger_transaction (id, program_id, key, fingerprint, entries_digest, kind, memo, metadata, actor_type,
                                    actor_id, correlation_id, booked_at, effective_at, reverses_id, corrects_id)
    SELECT t.i, t.p, t.k, decode(t.f, 'hex'), decode(t.h, 'hex'), t.n, t.m, t.d, actor_type, actor_id, correlation_id,
           at, coalesce(t.e, at), t.r, t.c
    FROM json_to_recordset(transactions)
         AS t (i uuid, p uuid, k text, f text, h text, n text, m text, d jsonb, e timestamptz, r uuid, c uuid)
    ORDER BY t.p, t.k
    ON CONFLICT (program_id, key) DO NOTHING;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < json_array_length(transactions) THEN
        RETURN written;
    END IF;

    INSERT INTO ledger_entry (transaction_id, program_id, asset_id, debit_account_id, credit_account_id, amount,
                              debit_balance, debit_version, credit_balance, credit_version, booked_at)
    SELECT e.t, e.p, e.x, e.d, e.c, e.a, e.b, e.v, e.y, e.w, at
    FROM json_to_recordset(entries)
         AS e (t uuid, p uuid, x integer, d bigint, c bigint, a numeric, b numeric, v bigint, y numeric, w bigint);

    UPDATE ledger_balance b SET amount = c.a, version = c.v, booked_at = at
    FROM json_to_recordset(balances) AS c (i bigint, a numeric, v bigint)
    WHERE b.id = c.i;
    RETURN written;
END
$$;
"""

REVERSE = """
DROP FUNCTION ledger_write(json, json, json, timestamptz, text, text, text);
DROP FUNCTION ledger_lock_and_read(bigint[], integer, uuid[], text[]);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_append_only"), ("identity", "0007_tokens")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
