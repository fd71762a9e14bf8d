"""Entries that count at another time than they were booked are kept a second time, where reading finds them.

Whoever writes an entry, this trigger writes its row. The limits are those of ``ledger.models.reading.REACHES``.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION ledger_reach(apart interval) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT width_bucket(apart, ARRAY['1 minute', '5 minutes', '30 minutes', '2 hours', '8 hours', '32 hours',
                                     '128 hours', '512 hours', '2048 hours', '8192 hours']::interval[])::smallint
$$;

-- Every table is entered by its key, however small it was when the plan was made.
CREATE FUNCTION ledger_entry_keep_value_date() RETURNS trigger LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    INSERT INTO ledger_valuedated (entry_id, program_id, debit_account_id, credit_account_id, amount, is_backdated,
                                   reach, begins_at, ends_at)
    SELECT e.id, e.program_id, e.debit_account_id, e.credit_account_id, e.amount, t.effective_at < e.booked_at,
           ledger_reach(greatest(t.effective_at, e.booked_at) - least(t.effective_at, e.booked_at)),
           least(t.effective_at, e.booked_at), greatest(t.effective_at, e.booked_at)
    FROM written e JOIN ledger_transaction t ON t.id = e.transaction_id
    WHERE t.effective_at <> e.booked_at;
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_entry_keep_value_date AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_keep_value_date();

INSERT INTO ledger_valuedated (entry_id, program_id, debit_account_id, credit_account_id, amount, is_backdated,
                               reach, begins_at, ends_at)
SELECT e.id, e.program_id, e.debit_account_id, e.credit_account_id, e.amount, t.effective_at < e.booked_at,
       ledger_reach(greatest(t.effective_at, e.booked_at) - least(t.effective_at, e.booked_at)),
       least(t.effective_at, e.booked_at), greatest(t.effective_at, e.booked_at)
FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id
WHERE t.effective_at <> e.booked_at;

CREATE TRIGGER ledger_valuedated_append_only BEFORE UPDATE OR DELETE ON ledger_valuedated
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_valuedated_never_emptied BEFORE TRUNCATE ON ledger_valuedated
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""

REVERSE = """
DROP TRIGGER ledger_valuedated_never_emptied ON ledger_valuedated;
DROP TRIGGER ledger_valuedated_append_only ON ledger_valuedated;
DROP TRIGGER ledger_entry_keep_value_date ON ledger_entry;
DROP FUNCTION ledger_entry_keep_value_date();
DROP FUNCTION ledger_reach(interval);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0020_reading_and_verification")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
