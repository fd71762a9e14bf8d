"""Keys between tenants' tables, with the program in each: what points into another program finds no row."""

from django.db import migrations

# table, column, table that it points to
REFERENCES = (
    ("batchmaker", "batch_id", "payouts_payoutbatch"),
    ("payout", "affiliate_id", "affiliates_affiliate"),
    ("payout", "outgoing_id", "wallets_outgoing"),
    ("payout", "rail_account_id", "wallets_railaccount"),
    ("payout", "method_id", "affiliates_payoutmethod"),
    ("payoutline", "payout_id", "payouts_payout"),
    ("payoutline", "commission_id", "affiliates_commission"),
    ("part", "payout_id", "payouts_payout"),
    ("attempt", "payout_id", "payouts_payout"),
    ("attempt", "part_id", "payouts_part"),
    ("attempt", "rail_account_id", "wallets_railaccount"),
)
# A batch is of one asset, and so is what it pays.
OF_ONE_ASSET = (
    "ALTER TABLE payouts_payout ADD CONSTRAINT payouts_payout_of_its_batch "
    "FOREIGN KEY (batch_id, program_id, asset_id) REFERENCES payouts_payoutbatch (id, program_id, asset_id)"
)
NUMBERS = "CREATE SEQUENCE payouts_batch_number"
NAMES = "CREATE SEQUENCE payouts_reference"


def named(table: str, column: str) -> str:
    return f"payouts_{table}_{column.removesuffix('_id')}_in_its_program"


FORWARD = [
    *(
        f"ALTER TABLE payouts_{table} ADD CONSTRAINT {named(table, column)} "
        f"FOREIGN KEY ({column}, program_id) REFERENCES {target} (id, program_id)"
        for table, column, target in REFERENCES
    ),
    OF_ONE_ASSET,
    NUMBERS,
    NAMES,
]
REVERSE = [
    "DROP SEQUENCE payouts_reference",
    "DROP SEQUENCE payouts_batch_number",
    "ALTER TABLE payouts_payout DROP CONSTRAINT payouts_payout_of_its_batch",
    *(f"ALTER TABLE payouts_{table} DROP CONSTRAINT {named(table, column)}" for table, column, _ in REFERENCES),
]


class Migration(migrations.Migration):
    dependencies = [
        ("payouts", "0001_start"),
        ("affiliates", "0006_freed"),
        ("wallets", "0005_addressed"),
    ]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
