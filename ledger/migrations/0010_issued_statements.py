"""Statements that were issued. They stay as they are."""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models


FORWARD = """
CREATE TRIGGER ledger_issuedstatement_append_only BEFORE UPDATE OR DELETE ON ledger_issuedstatement
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_issuedstatement_never_emptied BEFORE TRUNCATE ON ledger_issuedstatement
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE ledger_issuedstatement ADD CONSTRAINT ledger_issuedstatement_account_in_its_program
    FOREIGN KEY (account_id, program_id) REFERENCES ledger_account (id, program_id);
-- A PDF is compressed already.
ALTER TABLE ledger_issuedstatement ALTER COLUMN pdf SET STORAGE EXTERNAL;
"""

REVERSE = """
ALTER TABLE ledger_issuedstatement DROP CONSTRAINT ledger_issuedstatement_account_in_its_program;
DROP TRIGGER ledger_issuedstatement_never_emptied ON ledger_issuedstatement;
DROP TRIGGER ledger_issuedstatement_append_only ON ledger_issuedstatement;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0004_posting'),
    ]

    operations = [
        migrations.CreateModel(
            name='IssuedStatement',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('program_id', models.UUIDField()),
                ('number', models.PositiveIntegerField()),
                ('after', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('horizon_at', models.DateTimeField()),
                ('opening', models.DecimalField(decimal_places=18, max_digits=38)),
                ('closing', models.DecimalField(decimal_places=18, max_digits=38)),
                ('lines', models.PositiveIntegerField()),
                ('pdf_sha256', models.CharField(max_length=64)),
                ('csv_sha256', models.CharField(max_length=64)),
                ('pdf', models.BinaryField()),
                ('csv', models.BinaryField()),
                ('actor_type', models.CharField(max_length=40)),
                ('actor_id', models.CharField(max_length=200)),
                ('issued_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='ledger.account')),
            ],
            options={
                'ordering': ('-id',),
                'constraints': [models.UniqueConstraint(fields=('program_id', 'number'), name='ledger_issuedstatement_number_once'), models.UniqueConstraint(fields=('account', 'after', 'until'), name='ledger_issuedstatement_period_once'), models.CheckConstraint(condition=models.Q(('after__lt', models.F('until')), ('until__lt', models.F('horizon_at'))), name='ledger_issuedstatement_period_is_over')],
            },
        ),
        migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE),
    ]
