"""What is withheld adds up, and stays as it was agreed on. Before, what was due was what is sent and what stays due."""

from django.db import migrations, models
from django.db.models import F, Q

GROSS = "UPDATE payouts_payout SET gross = amount + carried"

FORWARD = """
CREATE FUNCTION payouts_guard_withheld() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'payouts_payout' THEN
        IF EXISTS (SELECT FROM payouts_payoutbatch WHERE id = NEW.batch_id AND state = 'DRAFT') THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'what is withheld stays what was agreed on' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER payouts_payout_withheld BEFORE UPDATE ON payouts_payout
    FOR EACH ROW WHEN (
        (OLD.gross, OLD.withheld, OLD.withheld_base, OLD.withheld_rate, OLD.withheld_exact)
        IS DISTINCT FROM (NEW.gross, NEW.withheld, NEW.withheld_base, NEW.withheld_rate, NEW.withheld_exact)
    ) EXECUTE FUNCTION payouts_guard_withheld();
CREATE TRIGGER payouts_part_withheld BEFORE UPDATE ON payouts_part
    FOR EACH ROW WHEN (OLD.withheld IS DISTINCT FROM NEW.withheld) EXECUTE FUNCTION payouts_guard_withheld();
"""
REVERSE = "DROP FUNCTION payouts_guard_withheld() CASCADE"


class Migration(migrations.Migration):
    dependencies = [("payouts", "0010_withheld")]

    operations = [
        migrations.RunSQL(sql=GROSS, reverse_sql=migrations.RunSQL.noop),
        migrations.AddConstraint(
            "payout",
            models.CheckConstraint(
                name="payouts_payout_adds_up", condition=Q(gross=F("amount") + F("withheld") + F("carried"))
            ),
        ),
        migrations.AddConstraint(
            "payout",
            models.CheckConstraint(
                name="payouts_payout_withheld_by_a_rate",
                condition=Q(withheld=0, withheld_base=0, withheld_rate=0, withheld_exact=0)
                | Q(
                    payee_type="AFFILIATE", withheld__gte=0, withheld_rate__gt=0, withheld_rate__lte=1,
                    withheld_base=F("amount") + F("withheld"), withheld_exact=F("withheld_base") * F("withheld_rate"),
                ),
            ),
        ),
        migrations.AddConstraint(
            "part", models.CheckConstraint(name="payouts_part_withheld_is_none_back", condition=Q(withheld__gte=0))
        ),
        migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE),
    ]  # fmt: skip
