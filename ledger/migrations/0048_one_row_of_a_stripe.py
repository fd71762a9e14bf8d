"""Find the stripe that chance chose by its number: all sixty-four were read to lock one of them.

How many there are stands on the first of them. The index over accounts alone goes: the one over accounts and stripes begins with
them, and the planner took the shorter one.
"""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

before = import_module("ledger.migrations.0046_posting_in_one_call")

AMONG_ALL = """
        SELECT * FROM ledger_balance b
        WHERE b.account_id = ANY(ARRAY[debit, credit]) AND b.stripe = chance % b.stripes
        ORDER BY b.account_id, b.stripe
        FOR NO KEY UPDATE
"""
BY_ITS_NUMBER = """
        SELECT b.* FROM ledger_balance f
        JOIN ledger_balance b ON b.account_id = f.account_id AND b.stripe = chance % f.stripes
        WHERE f.account_id = ANY(ARRAY[debit, credit]) AND f.stripe = 0
        ORDER BY b.account_id, b.stripe
        FOR NO KEY UPDATE OF b
"""
assert AMONG_ALL in before.FORWARD

REPLACE = before.FORWARD.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0047_keys_by_program")]

    operations = [
        migrations.AlterField(
            model_name="balance",
            name="account",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="balances", to="ledger.account"
            ),
        ),
        migrations.RunSQL(sql=REPLACE.replace(AMONG_ALL, BY_ITS_NUMBER), reverse_sql=REPLACE),
    ]
