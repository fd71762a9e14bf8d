"""Seals and the hashes under them only grow, as the journal does. There is no switch around these triggers."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_seal
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_seal_never_emptied BEFORE TRUNCATE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

CREATE TRIGGER audit_sealedrow_append_only BEFORE UPDATE OR DELETE ON audit_sealedrow
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_sealedrow_never_emptied BEFORE TRUNCATE ON audit_sealedrow
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
"""

REVERSE = """
DROP TRIGGER audit_sealedrow_never_emptied ON audit_sealedrow;
DROP TRIGGER audit_sealedrow_append_only ON audit_sealedrow;
DROP TRIGGER audit_seal_never_emptied ON audit_seal;
DROP TRIGGER audit_seal_append_only ON audit_seal;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_seals")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
