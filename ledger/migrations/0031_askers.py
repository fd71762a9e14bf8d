"""A transaction of a batch may stand on somebody else than the others: whoever asked for that one."""

from django.db import migrations

BY_KEY = """SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET enable_material = off"""

WRITE = """
CREATE OR REPLACE FUNCTION ledger_write(
    transactions json, entries json, balances json, at timestamptz, actor_type text, actor_id bytea, correlation_id bytea
) RETURNS void LANGUAGE plpgsql {by_key} AS $$
BEGIN
    INSERT INTO ledger_transaction (id, program_id, key, fingerprint, entries_digest, kind, memo, metadata, actor_type,
                                    actor_id, correlation_id, booked_at, effective_at, reverses_id, corrects_id)
    SELECT t.i, t.p, t.k, decode(t.f, 'hex'), decode(t.h, 'hex'), t.n, t.m, t.d, {stands_on},
           at, coalesce(t.e, at), t.r, t.c
    FROM json_to_recordset(transactions)
         AS t (i uuid, p uuid, k text, f text, h text, n text, m text, d jsonb, e timestamptz, r uuid, c uuid{asker})
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

FORWARD = WRITE.replace("{asker}", ", u text, o text, q text").replace(
    "{stands_on}",
    "coalesce(t.u, actor_type), coalesce(decode(t.o, 'hex'), actor_id), coalesce(decode(t.q, 'hex'), correlation_id)",
)
REVERSE = WRITE.replace("{asker}", "").replace("{stands_on}", "actor_type, actor_id, correlation_id")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0030_intents")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
