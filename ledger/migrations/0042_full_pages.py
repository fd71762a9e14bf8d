"""Indexes that only ever grow at their end leave no room on their pages: nothing will come between what is there."""

from django.db import migrations

GROWING_AT_THEIR_END = (
    "ledger_transaction_pkey",
    "ledger_transaction_tail",
    "ledger_entry_pkey",
    "ledger_entry_transaction_id_c459e7a1",
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0041_posting_in_fewer_looks")]

    operations = [
        migrations.RunSQL(
            sql=f"ALTER INDEX {index} SET (fillfactor = 100)", reverse_sql=f"ALTER INDEX {index} RESET (fillfactor)"
        )
        for index in GROWING_AT_THEIR_END
    ]
