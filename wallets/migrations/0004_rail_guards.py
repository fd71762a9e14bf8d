"""What Django's constraints can't say of rails: what came stays as it came, and nothing points into another program."""

from django.db import migrations

FORWARD = """
-- What a rail account is for the books never changes; versions only grow; closed is for good.
CREATE FUNCTION wallets_guard_rail_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.name, OLD.rail, OLD.created_at)
       IS DISTINCT FROM (NEW.id, NEW.program_id, NEW.name, NEW.rail, NEW.created_at)
       OR NEW.version < OLD.version OR NEW.hook_version < OLD.hook_version
       OR (NEW.number, NEW.assets, NEW.ciphertext) IS DISTINCT FROM (OLD.number, OLD.assets, OLD.ciphertext)
          AND NEW.version = OLD.version
       OR OLD.state = 'CLOSED' AND NEW.state <> 'CLOSED' THEN
        RAISE EXCEPTION 'a rail account stays what it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- What came stays as it came; what was proven stays what it said; applied or ignored, nothing of it changes.
CREATE FUNCTION wallets_guard_rail_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.account_id, OLD.received_at, OLD.address, OLD.headers, OLD.body)
       IS DISTINCT FROM
       (NEW.id, NEW.program_id, NEW.account_id, NEW.received_at, NEW.address, NEW.headers, NEW.body)
       OR OLD.state IN ('APPLIED', 'IGNORED')
       OR OLD.state NOT IN ('RECEIVED', 'REJECTED')
          AND (OLD.external_id, OLD.kind, OLD.occurred_at, OLD.data, OLD.duplicate_of_id, OLD.is_changed)
              IS DISTINCT FROM
              (NEW.external_id, NEW.kind, NEW.occurred_at, NEW.data, NEW.duplicate_of_id, NEW.is_changed) THEN
        RAISE EXCEPTION 'what a rail has told us stays as it came' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER wallets_railaccount_guard BEFORE UPDATE ON wallets_railaccount
    FOR EACH ROW EXECUTE FUNCTION wallets_guard_rail_account();
CREATE TRIGGER wallets_railaccount_stays BEFORE DELETE ON wallets_railaccount
    FOR EACH ROW EXECUTE FUNCTION wallets_refuse_change();
CREATE TRIGGER wallets_railaccount_never_emptied BEFORE TRUNCATE ON wallets_railaccount
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse_change();
CREATE TRIGGER wallets_railevent_guard BEFORE UPDATE ON wallets_railevent
    FOR EACH ROW EXECUTE FUNCTION wallets_guard_rail_event();
CREATE TRIGGER wallets_railevent_stays BEFORE DELETE ON wallets_railevent
    FOR EACH ROW EXECUTE FUNCTION wallets_refuse_change();
CREATE TRIGGER wallets_railevent_never_emptied BEFORE TRUNCATE ON wallets_railevent
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse_change();

ALTER TABLE wallets_railevent
    ADD CONSTRAINT wallets_railevent_account_in_its_program
        FOREIGN KEY (account_id, program_id) REFERENCES wallets_railaccount (id, program_id),
    ADD CONSTRAINT wallets_railevent_duplicate_in_its_program
        FOREIGN KEY (duplicate_of_id, program_id) REFERENCES wallets_railevent (id, program_id);
"""

REVERSE = """
ALTER TABLE wallets_railevent
    DROP CONSTRAINT wallets_railevent_account_in_its_program,
    DROP CONSTRAINT wallets_railevent_duplicate_in_its_program;
DROP FUNCTION wallets_guard_rail_event() CASCADE;
DROP FUNCTION wallets_guard_rail_account() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("wallets", "0003_rails")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
