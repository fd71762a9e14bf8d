"""What the guards of booked rows look up, they look up once.

Nearly every entry counts when it was booked, and nearly no transaction takes another one back. One look at all that was
written says so; only what is out of the ordinary is looked at again.
"""

from django.db import migrations

BY_KEY = """SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off"""

FORWARD = """
DROP TRIGGER ledger_entry_guard_program ON ledger_entry;
DROP FUNCTION ledger_entry_guard_program();
DROP TRIGGER ledger_entry_keep_value_date ON ledger_entry;
DROP FUNCTION ledger_entry_keep_value_date();

-- OFFSET 0: from what was written to its transactions by their key, and never the other way around.
CREATE FUNCTION ledger_entry_guard() RETURNS trigger LANGUAGE plpgsql {by_key} AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM written e
                   CROSS JOIN LATERAL (SELECT * FROM ledger_transaction t WHERE t.id = e.transaction_id OFFSET 0) t
                   WHERE t.program_id <> e.program_id OR t.booked_at <> e.booked_at OR t.effective_at <> e.booked_at) THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM written e
               CROSS JOIN LATERAL (SELECT * FROM ledger_transaction t WHERE t.id = e.transaction_id OFFSET 0) t
               WHERE t.program_id <> e.program_id OR t.booked_at <> e.booked_at) THEN
        RAISE EXCEPTION 'an entry belongs to the program and the moment of its transaction'
            USING ERRCODE = 'restrict_violation';
    END IF;
    -- What counts at another time than it was booked is kept a second time, where reading finds it.
    INSERT INTO ledger_valuedated (entry_id, program_id, debit_account_id, credit_account_id, amount, is_backdated,
                                   reach, begins_at, ends_at)
    SELECT e.id, e.program_id, e.debit_account_id, e.credit_account_id, e.amount, t.effective_at < e.booked_at,
           ledger_reach(greatest(t.effective_at, e.booked_at) - least(t.effective_at, e.booked_at)),
           least(t.effective_at, e.booked_at), greatest(t.effective_at, e.booked_at)
    FROM written e
    CROSS JOIN LATERAL (SELECT * FROM ledger_transaction t WHERE t.id = e.transaction_id OFFSET 0) t
    WHERE t.effective_at <> e.booked_at;
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_entry_guard AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_guard();

DROP TRIGGER ledger_transaction_guard_program ON ledger_transaction;
DROP FUNCTION ledger_transaction_guard_program();

CREATE FUNCTION ledger_transaction_guard_program() RETURNS trigger LANGUAGE plpgsql {by_key} AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger_transaction meant WHERE meant.id IN (NEW.reverses_id, NEW.corrects_id)
                                                      AND meant.program_id <> NEW.program_id) THEN
        RAISE EXCEPTION 'a transaction takes back or corrects one of its own program'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_transaction_guard_program AFTER INSERT ON ledger_transaction FOR EACH ROW
    WHEN (NEW.reverses_id IS NOT NULL OR NEW.corrects_id IS NOT NULL)
    EXECUTE FUNCTION ledger_transaction_guard_program();
""".replace("{by_key}", BY_KEY)

REVERSE = """
DROP TRIGGER ledger_transaction_guard_program ON ledger_transaction;
DROP FUNCTION ledger_transaction_guard_program();
CREATE FUNCTION ledger_transaction_guard_program() RETURNS trigger LANGUAGE plpgsql {by_key} AS $$
BEGIN
    IF EXISTS (SELECT FROM written JOIN ledger_transaction meant ON meant.id IN (written.reverses_id, written.corrects_id)
               WHERE (written.reverses_id IS NOT NULL OR written.corrects_id IS NOT NULL)
                 AND meant.program_id <> written.program_id) THEN
        RAISE EXCEPTION 'a transaction takes back or corrects one of its own program'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_transaction_guard_program AFTER INSERT ON ledger_transaction
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION ledger_transaction_guard_program();

DROP TRIGGER ledger_entry_guard ON ledger_entry;
DROP FUNCTION ledger_entry_guard();
CREATE FUNCTION ledger_entry_guard_program() RETURNS trigger LANGUAGE plpgsql {by_key} AS $$
BEGIN
    IF EXISTS (SELECT FROM written JOIN ledger_transaction booked ON booked.id = written.transaction_id
               WHERE booked.program_id <> written.program_id OR booked.booked_at <> written.booked_at) THEN
        RAISE EXCEPTION 'an entry belongs to the program and the moment of its transaction'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_entry_guard_program AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_guard_program();
CREATE FUNCTION ledger_entry_keep_value_date() RETURNS trigger LANGUAGE plpgsql {by_key} AS $$
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
""".replace("{by_key}", BY_KEY)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0030_intents")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
