"""Nothing in the books points to a row of another program."""

from django.db import migrations

FORWARD = """
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
CREATE FUNCTION ledger_transaction_guard_program() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_closed_until")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
