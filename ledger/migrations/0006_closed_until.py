"""Posting reads up to when the books are closed, in the same call and behind the same locks."""

from django.db import migrations

FORWARD = """
DROP FUNCTION ledger_lock_and_read(bigint[], integer, uuid[], text[]);

-- Lock and read as before (see 0003_posting); new is up to when the program's books are closed.
CREATE FUNCTION ledger_lock_and_read(accounts bigint[], chance integer, programs uuid[], keys text[])
RETURNS TABLE (
    balance_id bigint, account_id bigint, program_id uuid, program_status varchar, asset_id integer, asset varchar,
    scale smallint, code varchar, role varchar, status varchar, is_striped boolean, floor numeric, amount numeric,
    version bigint, booked_at timestamptz, now_ timestamptz, owed_id bigint, owed_account_id bigint, owed_code varchar,
    owed_amount numeric, owed_version bigint, owed_booked_at timestamptz, key varchar, transaction_id uuid,
    fingerprint bytea, closed_until timestamptz
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
           o.id, o.account_id, w.code, o.amount, o.version, o.booked_at, NULL::varchar, NULL::uuid, NULL::bytea,
           c.until
    FROM ledger_balance b
    JOIN ledger_account a ON a.id = b.account_id
    JOIN ledger_asset x ON x.id = a.asset_id
    JOIN identity_program p ON p.id = a.program_id
    LEFT JOIN ledger_account w ON w.id = a.owed_id
    LEFT JOIN ledger_balance o ON o.account_id = a.owed_id
    LEFT JOIN (
        SELECT d.program_id, max(d.ends_at) AS until FROM ledger_period d
        WHERE d.program_id = ANY(programs) AND d.state IN ('CLOSING', 'CLOSED') GROUP BY d.program_id
    ) c ON c.program_id = a.program_id
    WHERE b.account_id = ANY(accounts) AND b.stripe = chance % b.stripes;

    RETURN QUERY
    SELECT NULL::bigint, NULL::bigint, t.program_id, NULL::varchar, NULL::integer, NULL::varchar, NULL::smallint,
           NULL::varchar, NULL::varchar, NULL::varchar, NULL::boolean, NULL::numeric, NULL::numeric, NULL::bigint,
           NULL::timestamptz, NULL::timestamptz, NULL::bigint, NULL::bigint, NULL::varchar, NULL::numeric,
           NULL::bigint, NULL::timestamptz, t.key, t.id, t.fingerprint, NULL::timestamptz
    FROM unnest(programs, keys) AS asked (program_id, key)
    JOIN ledger_transaction t ON t.program_id = asked.program_id AND t.key = asked.key;
END
$$;
"""

REVERSE = """
DROP FUNCTION ledger_lock_and_read(bigint[], integer, uuid[], text[]);

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
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_periods")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
