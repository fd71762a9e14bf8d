"""What Django's constraints can't say of statements: they are final, add up, and never speak of the same moment twice."""

from django.db import migrations

FORWARD = """
-- Two statements of one account and asset don't overlap, and where one begins as another ends its balance goes on. Who
-- takes them in holds the account's lock, so nobody slips in between.
CREATE FUNCTION wallets_check_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM wallets_railstatement other
        WHERE other.account_id = NEW.account_id AND other.asset_id = NEW.asset_id AND other.id <> NEW.id
          AND (other.begins_at < NEW.ends_at AND other.ends_at > NEW.begins_at
               OR other.ends_at = NEW.begins_at AND other.closing <> NEW.opening
               OR other.begins_at = NEW.ends_at AND other.opening <> NEW.closing)
    ) THEN
        RAISE EXCEPTION 'another statement says otherwise' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- At the end of the transaction that writes a statement its lines are there, and lead from its opening to its closing.
CREATE FUNCTION wallets_add_statement_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
    total numeric;
BEGIN
    SELECT count(*), coalesce(sum(amount), 0) INTO found, total
    FROM wallets_statementline WHERE statement_id = NEW.id;
    IF found <> NEW.count OR NEW.opening + total <> NEW.closing THEN
        RAISE EXCEPTION 'a statement adds up' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;

-- And nothing is added to them afterwards: lines are as many as the statement says, from the first moment on.
CREATE FUNCTION wallets_count_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT statement_id FROM added) of_these
        JOIN wallets_railstatement statement ON statement.id = of_these.statement_id
        WHERE statement.count < (SELECT count(*) FROM wallets_statementline line
                                 WHERE line.statement_id = statement.id)
    ) THEN
        RAISE EXCEPTION 'a statement has all its lines' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER wallets_railstatement_agrees BEFORE INSERT ON wallets_railstatement
    FOR EACH ROW EXECUTE FUNCTION wallets_check_statement();
CREATE CONSTRAINT TRIGGER wallets_railstatement_adds_up AFTER INSERT ON wallets_railstatement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wallets_add_statement_up();
CREATE TRIGGER wallets_railstatement_stays BEFORE UPDATE OR DELETE ON wallets_railstatement
    FOR EACH ROW EXECUTE FUNCTION wallets_refuse_change();
CREATE TRIGGER wallets_railstatement_never_emptied BEFORE TRUNCATE ON wallets_railstatement
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse_change();
CREATE TRIGGER wallets_statementline_counted AFTER INSERT ON wallets_statementline
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION wallets_count_lines();
CREATE TRIGGER wallets_statementline_stays BEFORE UPDATE OR DELETE ON wallets_statementline
    FOR EACH ROW EXECUTE FUNCTION wallets_refuse_change();
CREATE TRIGGER wallets_statementline_never_emptied BEFORE TRUNCATE ON wallets_statementline
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse_change();

ALTER TABLE wallets_railstatement
    ADD CONSTRAINT wallets_railstatement_account_in_its_program
        FOREIGN KEY (account_id, program_id) REFERENCES wallets_railaccount (id, program_id);
ALTER TABLE wallets_statementline
    ADD CONSTRAINT wallets_statementline_statement_in_its_program
        FOREIGN KEY (statement_id, program_id) REFERENCES wallets_railstatement (id, program_id);
"""

REVERSE = """
ALTER TABLE wallets_statementline DROP CONSTRAINT wallets_statementline_statement_in_its_program;
ALTER TABLE wallets_railstatement DROP CONSTRAINT wallets_railstatement_account_in_its_program;
DROP TRIGGER wallets_statementline_stays ON wallets_statementline;
DROP TRIGGER wallets_statementline_never_emptied ON wallets_statementline;
DROP TRIGGER wallets_railstatement_stays ON wallets_railstatement;
DROP TRIGGER wallets_railstatement_never_emptied ON wallets_railstatement;
DROP FUNCTION wallets_count_lines() CASCADE;
DROP FUNCTION wallets_add_statement_up() CASCADE;
DROP FUNCTION wallets_check_statement() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("wallets", "0006_statements")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
