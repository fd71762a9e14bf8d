"""Runs, results and findings are never dropped: the database refuses to remove or empty them."""

from django.db import migrations

TABLES = ("audit_reconciliationrun", "audit_checkresult", "audit_finding")

FORWARD = "\n".join(
    f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();\n"
    f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();"
    for table in TABLES
)
REVERSE = "\n".join(
    f"DROP TRIGGER {table}_never_emptied ON {table};\nDROP TRIGGER {table}_stays ON {table};" for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_reconciliation")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
