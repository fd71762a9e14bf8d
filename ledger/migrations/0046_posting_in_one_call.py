"""What most postings are, booked by one call: a single movement, while nothing speaks against it.

It decides nothing. What has to be so for a posting to be as usual is said here, or by the tables' own constraints, and the
pairs of roles come from whoever asks: ``ledger.postings`` stays the one table of them. At the first thing that is not as
usual all is undone, its locks too, and the two calls (0041_posting_in_fewer_looks) find out what it was.
"""

from importlib import import_module

from django.db import migrations

before = import_module("ledger.migrations.0004_posting")

FORWARD = """
-- Returns for how many seconds its locks were waited for, or null if nothing was booked. Locks come first, in the one order of the
-- house, and everything else is read in the next statement: whoever waited for a lock still sees the past in the one that waited.
CREATE FUNCTION ledger_post_as_usual(
    new_id uuid, of_program uuid, under_key text, fingerprint bytea, kind ledger_kind, legal text[], memo text, metadata jsonb,
    actor_type text, actor_id bytea, correlation_id bytea, debit bigint, credit bigint, moved numeric, chance integer
) RETURNS double precision LANGUAGE plpgsql {by_key} AS $$
DECLARE
    began timestamptz := clock_timestamp();
    now_ timestamptz;
    waited double precision;
    debited ledger_balance;
    credited ledger_balance;
    balance ledger_balance;
    grows record;
    told text;
BEGIN
    FOR balance IN
        SELECT * FROM ledger_balance b
        WHERE b.account_id = ANY(ARRAY[debit, credit]) AND b.stripe = chance % b.stripes
        ORDER BY b.account_id, b.stripe
        FOR NO KEY UPDATE
    LOOP
        IF balance.account_id = debit THEN debited := balance; ELSE credited := balance; END IF;
    END LOOP;
    now_ := clock_timestamp();
    waited := extract(epoch FROM now_ - began);
    now_ := greatest(now_, debited.booked_at, credited.booked_at);

    SELECT d.account_class IN ('ASSET', 'EXPENSE') AS by_debit, c.account_class IN ('ASSET', 'EXPENSE') AS by_credit
    INTO STRICT grows
    FROM ledger_account d
    JOIN ledger_account c ON c.id = credit
    JOIN ledger_asset x ON x.id = d.asset_id
    JOIN identity_program p ON p.id = of_program
    LEFT JOIN ledger_balance o ON o.account_id = c.owed_id
    WHERE d.id = debit AND p.status = 'ACTIVE' AND d.status = 'OPEN' AND c.status = 'OPEN'
      AND (legal IS NULL OR d.role || '>' || c.role = ANY(legal))
      AND moved = trunc(moved, x.scale)
      AND coalesce(o.amount, 0) = 0  -- what is owed is repaid first
      AND NOT EXISTS (SELECT FROM ledger_transaction t
                      WHERE ledger_key_hash(t.program_id, t.key) = ledger_key_hash(of_program, under_key));

    -- Below its floor no balance goes, and no entry is of two programs or assets: the tables refuse both.
    UPDATE ledger_balance b
    SET amount = b.amount + CASE WHEN grows.by_debit THEN moved ELSE -moved END, version = b.version + 1, booked_at = now_
    WHERE b.account_id = debit AND b.stripe = debited.stripe RETURNING * INTO STRICT debited;
    UPDATE ledger_balance b
    SET amount = b.amount - CASE WHEN grows.by_credit THEN moved ELSE -moved END, version = b.version + 1, booked_at = now_
    WHERE b.account_id = credit AND b.stripe = credited.stripe RETURNING * INTO STRICT credited;
    IF debited.stripes > 1 THEN debited.amount := NULL; debited.version := NULL; END IF;
    IF credited.stripes > 1 THEN credited.amount := NULL; credited.version := NULL; END IF;

    -- As ``ledger.rows.entries_digests`` writes it.
    told := concat_ws(':', debit, credit, moved::numeric(38, 18), coalesce(debited.amount::text, ''), coalesce(debited.version::text, ''),
                      coalesce(credited.amount::text, ''), coalesce(credited.version::text, ''));
    INSERT INTO ledger_transaction (id, program_id, key, fingerprint, entries_digest, kind, memo, metadata, actor_type,
                                    actor_id, correlation_id, booked_at)
    VALUES (new_id, of_program, under_key, fingerprint, substr(sha256(convert_to(told, 'UTF8')), 1, 16), kind, memo,
            metadata, actor_type, actor_id, correlation_id, now_);
    INSERT INTO ledger_entry (transaction_id, debit_account_id, credit_account_id, amount, debit_balance, debit_version,
                              credit_balance, credit_version, booked_at)
    VALUES (new_id, debit, credit, moved, debited.amount, debited.version, credited.amount, credited.version, now_);
    RETURN waited;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END
$$;
""".replace("{by_key}", before.BY_KEY)

REVERSE = """
DROP FUNCTION ledger_post_as_usual(uuid, uuid, text, bytea, ledger_kind, text[], text, jsonb, text, bytea, bytea, bigint, bigint, numeric,
                                   integer);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0045_what_accounts_say")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
