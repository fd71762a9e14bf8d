"""What Django's constraints can't say: books only grow, and nothing in them points to another program or asset.

The functions that look things up carry the planner's settings of posting, for the same reason (0004_posting).

There is no switch around these triggers. Tests that commit get a fresh database instead of emptied tables.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: what was booked is corrected by booking', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER ledger_transaction_append_only BEFORE UPDATE OR DELETE ON ledger_transaction
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_transaction_never_emptied BEFORE TRUNCATE ON ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_entry_never_emptied BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_asset_never_changes BEFORE UPDATE OR DELETE ON ledger_asset
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();

-- Program, asset and account together: an entry across programs or assets finds no row to point to.
ALTER TABLE ledger_entry
    ADD CONSTRAINT ledger_entry_debit_in_its_books FOREIGN KEY (program_id, asset_id, debit_account_id)
        REFERENCES ledger_account (program_id, asset_id, id),
    ADD CONSTRAINT ledger_entry_credit_in_its_books FOREIGN KEY (program_id, asset_id, credit_account_id)
        REFERENCES ledger_account (program_id, asset_id, id);

-- One check for all rows of a statement: a second unique index over program and id would cost every transaction more.
CREATE FUNCTION ledger_entry_guard_program() RETURNS trigger LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
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

-- What an account is never changes, because every entry on it would mean something else.
CREATE FUNCTION ledger_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.asset_id, OLD.code, OLD.role, OLD.account_class)
       IS DISTINCT FROM (NEW.id, NEW.program_id, NEW.asset_id, NEW.code, NEW.role, NEW.account_class)
       OR OLD.owed_id IS NOT NULL AND OLD.owed_id IS DISTINCT FROM NEW.owed_id OR OLD.status = 'CLOSED' AND NEW.status <> 'CLOSED' THEN
        RAISE EXCEPTION 'an account stays what it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER ledger_account_guard BEFORE UPDATE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_account_guard();
CREATE TRIGGER ledger_account_never_removed BEFORE DELETE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();

-- Balances are updated all the time and no index is over what changes: with room on the page no index is touched.
ALTER TABLE ledger_balance SET (fillfactor = 70);

-- What a wallet's owner owes is of the same program and asset; a hold's accounts are of its program.
ALTER TABLE ledger_account ADD CONSTRAINT ledger_account_owed_in_its_books
    FOREIGN KEY (program_id, asset_id, owed_id) REFERENCES ledger_account (program_id, asset_id, id);
CREATE UNIQUE INDEX ledger_account_in_its_program ON ledger_account (id, program_id);
ALTER TABLE ledger_hold
    ADD CONSTRAINT ledger_hold_wallet_in_its_program
        FOREIGN KEY (wallet_id, program_id) REFERENCES ledger_account (id, program_id),
    ADD CONSTRAINT ledger_hold_reserved_in_its_program
        FOREIGN KEY (reserved_id, program_id) REFERENCES ledger_account (id, program_id);

-- A trigger and no wider key: that would need another unique index over the largest table of the house.
CREATE FUNCTION ledger_transaction_guard_program() RETURNS trigger LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
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
"""

REVERSE = """
DROP TRIGGER ledger_transaction_guard_program ON ledger_transaction;
DROP FUNCTION ledger_transaction_guard_program();
ALTER TABLE ledger_hold
    DROP CONSTRAINT ledger_hold_wallet_in_its_program,
    DROP CONSTRAINT ledger_hold_reserved_in_its_program;
DROP INDEX ledger_account_in_its_program;
ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_owed_in_its_books;
ALTER TABLE ledger_balance RESET (fillfactor);
DROP TRIGGER ledger_account_never_removed ON ledger_account;
DROP TRIGGER ledger_account_guard ON ledger_account;
DROP FUNCTION ledger_account_guard();
DROP TRIGGER ledger_entry_guard_program ON ledger_entry;
DROP FUNCTION ledger_entry_guard_program();
ALTER TABLE ledger_entry
    DROP CONSTRAINT ledger_entry_debit_in_its_books,
    DROP CONSTRAINT ledger_entry_credit_in_its_books;
DROP TRIGGER ledger_asset_never_changes ON ledger_asset;
DROP TRIGGER ledger_entry_never_emptied ON ledger_entry;
DROP TRIGGER ledger_entry_append_only ON ledger_entry;
DROP TRIGGER ledger_transaction_never_emptied ON ledger_transaction;
DROP TRIGGER ledger_transaction_append_only ON ledger_transaction;
DROP FUNCTION ledger_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_books")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
