"""What an entry or a transaction points to is looked for when it is written, and not when the database transaction ends.

What is looked for at the end is planned with the session's own settings. On tables that were analysed while they were
empty that is to read them from end to end for every row, until they are analysed again; posting's own calls enter every
table by its key (0004_posting).
"""

from django.db import migrations

POINTING = {
    "ledger_entry_transaction_id_c459e7a1_fk_ledger_transaction_id": "ledger_entry",
    "ledger_transaction_corrects_id_c21f44d3_fk_ledger_tr": "ledger_transaction",
    "ledger_transaction_reverses_id_f312c56d_fk_ledger_tr": "ledger_transaction",
}


class Migration(migrations.Migration):
    dependencies = [("ledger", "0043_holds_in_program")]

    operations = [
        migrations.RunSQL(
            sql=f"ALTER TABLE {table} ALTER CONSTRAINT {name} NOT DEFERRABLE",
            reverse_sql=f"ALTER TABLE {table} ALTER CONSTRAINT {name} DEFERRABLE INITIALLY DEFERRED",
        )
        for name, table in POINTING.items()
    ]
