"""Keys between tenants' tables, with the program in each: what points into another program finds no row."""

from django.db import migrations

# table, column, table and columns that it points to
REFERENCES = (
    ("affiliate", "party_id", "identity_party"),
    ("affiliate", "parent_id", "affiliates_affiliate"),
    ("affiliate", "tier_id", "affiliates_tier"),
    ("standing", "affiliate_id", "affiliates_affiliate"),
    ("standing", "parent_id", "affiliates_affiliate"),
    ("standing", "tier_id", "affiliates_tier"),
    ("member", "party_id", "identity_party"),
    ("member", "affiliate_id", "affiliates_affiliate"),
    ("click", "affiliate_id", "affiliates_affiliate"),
    ("rate", "tier_id", "affiliates_tier"),
    ("rate", "affiliate_id", "affiliates_affiliate"),
    ("payoutmethod", "affiliate_id", "affiliates_affiliate"),
    ("settlement", "member_id", "affiliates_member"),
    ("settlement", "affiliate_id", "affiliates_affiliate"),
    ("settlement", "parent_id", "affiliates_affiliate"),
    ("reversal", "settlement_id", "affiliates_settlement"),
    ("claim", "member_id", "affiliates_member"),
    ("claim", "settlement_id", "affiliates_settlement"),
    ("purse", "affiliate_id", "affiliates_affiliate"),
    ("commission", "settlement_id", "affiliates_settlement"),
    ("commission", "corrects_id", "affiliates_commission"),
    ("commission", "reversal_id", "affiliates_reversal"),
    ("commissionreport", "affiliate_id", "affiliates_affiliate"),
    ("reportline", "report_id", "affiliates_commissionreport"),
    ("reportline", "commission_id", "affiliates_commission"),
    ("adjustment", "affiliate_id", "affiliates_affiliate"),
    ("adjustment", "report_id", "affiliates_commissionreport"),
    ("adjustment", "commission_id", "affiliates_commission"),
)
# A row of what is earned points to its affiliate by the accounts that it is booked in.
PURSES = (
    "ALTER TABLE affiliates_commission ADD CONSTRAINT affiliates_commission_has_its_purse "
    "FOREIGN KEY (affiliate_id, asset_id, program_id) REFERENCES affiliates_purse (affiliate_id, asset_id, program_id)"
)
IN_THE_BOOKS = (("purse", "liability_id"), ("purse", "reserved_id"))


def named(table: str, column: str) -> str:
    return f"affiliates_{table}_{column.removesuffix('_id')}_in_its_program"


FORWARD = [
    *(
        f"ALTER TABLE affiliates_{table} ADD CONSTRAINT {named(table, column)} "
        f"FOREIGN KEY ({column}, program_id) REFERENCES {target} (id, program_id)"
        for table, column, target in REFERENCES
    ),
    *(
        f"ALTER TABLE affiliates_{table} ADD CONSTRAINT {named(table, column)} "
        f"FOREIGN KEY (program_id, asset_id, {column}) REFERENCES ledger_account (program_id, asset_id, id)"
        for table, column in IN_THE_BOOKS
    ),
    PURSES,
]
REVERSE = ["ALTER TABLE affiliates_commission DROP CONSTRAINT affiliates_commission_has_its_purse"] + [
    f"ALTER TABLE affiliates_{table} DROP CONSTRAINT {named(table, column)}"
    for table, column, *_ in (*REFERENCES, *IN_THE_BOOKS)
]


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0001_start")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
