"""A key never grows: what it may do, where and until when is fixed when it is made, and revoked stays revoked."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION identity_guard_api_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.prefix, OLD.scopes, OLD.created_by_id, OLD.created_at, OLD.expires_at)
       IS DISTINCT FROM
       (NEW.id, NEW.program_id, NEW.prefix, NEW.scopes, NEW.created_by_id, NEW.created_at, NEW.expires_at) THEN
        RAISE EXCEPTION 'a key stays what it was made as' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.secret_hash <> '' AND OLD.secret_hash <> NEW.secret_hash THEN
        RAISE EXCEPTION 'a key has one secret' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.revoked_at IS NOT NULL AND OLD.revoked_at IS DISTINCT FROM NEW.revoked_at THEN
        RAISE EXCEPTION 'a revoked key stays revoked' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER identity_apikey_guard BEFORE UPDATE ON identity_apikey
    FOR EACH ROW EXECUTE FUNCTION identity_guard_api_key();
CREATE TRIGGER identity_apikey_stays BEFORE DELETE ON identity_apikey
    FOR EACH ROW EXECUTE FUNCTION identity_refuse_change();
CREATE TRIGGER identity_apikey_never_emptied BEFORE TRUNCATE ON identity_apikey
    FOR EACH STATEMENT EXECUTE FUNCTION identity_refuse_change();
"""

REVERSE = """
DROP TRIGGER identity_apikey_never_emptied ON identity_apikey;
DROP TRIGGER identity_apikey_stays ON identity_apikey;
DROP TRIGGER identity_apikey_guard ON identity_apikey;
DROP FUNCTION identity_guard_api_key();
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0004_api_keys")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
