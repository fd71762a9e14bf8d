"""Files to banks and from them stay as they are, in their program; and none is written of what nobody has agreed to."""

from django.db import migrations

REFERENCES = (
    ("bankfile", "batch_id", "payouts_payoutbatch"),
    ("bankfile", "rail_account_id", "wallets_railaccount"),
    ("resultfile", "bank_file_id", "payouts_bankfile"),
)
FINAL = ("bankfile", "resultfile")

REFERENCE = (
    "ALTER TABLE payouts_{0} ADD CONSTRAINT payouts_{0}_{1}_in_its_program "
    "FOREIGN KEY ({1}_id, program_id) REFERENCES {2} (id, program_id);\n"
)
GUARD = """
CREATE FUNCTION payouts_guard_bank_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM payouts_payoutbatch batch JOIN identity_proposal agreed ON agreed.id = batch.proposal_id
        WHERE batch.id = NEW.batch_id AND batch.state IN ('PROCESSING', 'EXECUTED_WITH_ERRORS')
          AND agreed.state = 'EXECUTED'
    ) THEN
        RAISE EXCEPTION 'nobody has agreed to send this' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER payouts_bank_file_guard BEFORE INSERT ON payouts_bankfile
    FOR EACH ROW EXECUTE FUNCTION payouts_guard_bank_file();
"""
STAYS = """
CREATE TRIGGER payouts_{0}_stays BEFORE UPDATE OR DELETE ON payouts_{0}
    FOR EACH ROW EXECUTE FUNCTION payouts_refuse_change();
CREATE TRIGGER payouts_{0}_never_emptied BEFORE TRUNCATE ON payouts_{0}
    FOR EACH STATEMENT EXECUTE FUNCTION payouts_refuse_change();
"""
FORGET = "DROP TRIGGER payouts_{0}_stays ON payouts_{0};\nDROP TRIGGER payouts_{0}_never_emptied ON payouts_{0};\n"


class Migration(migrations.Migration):
    dependencies = [("payouts", "0004_bank_files"), ("wallets", "0005_addressed")]

    operations = [
        migrations.RunSQL(
            sql="".join(REFERENCE.format(table, column.removesuffix("_id"), to) for table, column, to in REFERENCES)
            + GUARD
            + "".join(map(STAYS.format, FINAL)),
            reverse_sql="".join(map(FORGET.format, FINAL))
            + "DROP FUNCTION payouts_guard_bank_file() CASCADE;\n"
            + "".join(
                f"ALTER TABLE payouts_{table} DROP CONSTRAINT payouts_{table}_{column.removesuffix('_id')}_in_its_program;\n"
                for table, column, _ in reversed(REFERENCES)
            ),
        )
    ]
