"""Steps of commissions cost less: what guards them is asked as a condition, and what was freed has an index of its own.

A condition of a trigger is worked out without calling its function, which is called for what it refuses alone.
"""

from django.db import migrations, models

KEPT = (
    "id", "program_id", "affiliate_id", "asset_id", "type", "amount", "settlement_id", "corrects_id", "reversal_id",
    "base", "rate", "exact", "rate_from", "accrued_at", "payable_at", "ledger_transaction_id",
)  # fmt: skip

FORWARD = f"""
CREATE FUNCTION affiliates_refuse_commission() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a commission stays what it is' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE OR REPLACE TRIGGER affiliates_commission_guard BEFORE UPDATE ON affiliates_commission
    FOR EACH ROW WHEN (
        OLD.state IN ('PAID', 'VOIDED')
        OR ({", ".join(f"OLD.{column}" for column in KEPT)})
        IS DISTINCT FROM ({", ".join(f"NEW.{column}" for column in KEPT)})
    ) EXECUTE FUNCTION affiliates_refuse_commission();
"""
REVERSE = """
CREATE OR REPLACE TRIGGER affiliates_commission_guard BEFORE UPDATE ON affiliates_commission
    FOR EACH ROW EXECUTE FUNCTION affiliates_guard_commission();
DROP FUNCTION affiliates_refuse_commission();
"""


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0006_freed")]

    operations = [
        migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE),
        migrations.AddIndex(
            model_name="commission",
            index=models.Index(
                condition=models.Q(("state", "BATCHED"), models.Q(("freed_by", ""), _negated=True)),
                fields=["program"],
                name="affiliates_commission_freed",
            ),
        ),
    ]
