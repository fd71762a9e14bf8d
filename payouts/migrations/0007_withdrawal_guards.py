"""What Django's constraints can't say of payouts of withdrawals. There is no switch around these triggers."""

from django.db import migrations

GUARD = """
CREATE OR REPLACE FUNCTION payouts_guard_payout() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    batch_state text;
BEGIN
    SELECT state INTO batch_state FROM payouts_payoutbatch WHERE id = NEW.batch_id;
    IF TG_OP = 'INSERT' THEN
        IF batch_state <> 'DRAFT' OR NEW.state NOT IN ('READY', 'EXCLUDED') THEN
            RAISE EXCEPTION 'payouts are put into drafts' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.program_id, OLD.batch_id, OLD.payee_type, OLD.affiliate_id, OLD.outgoing_id,
        OLD.withdrawal_id, OLD.asset_id, OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.program_id, NEW.batch_id, NEW.payee_type, NEW.affiliate_id, NEW.outgoing_id,
        NEW.withdrawal_id, NEW.asset_id, NEW.created_at)
       OR batch_state <> 'DRAFT'
          AND (OLD.amount, OLD.carried, OLD.rail_account_id, OLD.method_id, OLD.destination_kind, OLD.destination,
               OLD.holder, OLD.destination_digest)
          IS DISTINCT FROM
              (NEW.amount, NEW.carried, NEW.rail_account_id, NEW.method_id, NEW.destination_kind, NEW.destination,
               NEW.holder, NEW.destination_digest)
       OR OLD.state = 'EXCLUDED' AND NEW.state <> 'EXCLUDED' AND batch_state <> 'DRAFT'
       OR OLD.state <> 'SENDING' AND NEW.state = 'SENDING'
          AND batch_state NOT IN ('PROCESSING', 'EXECUTED_WITH_ERRORS')
       OR OLD.state = 'PAID' AND NEW.state NOT IN ('PAID', 'RETURNED')
       OR OLD.state = 'RETURNED' AND NEW.state <> 'RETURNED' THEN
        RAISE EXCEPTION 'a payout stays what was agreed on' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
"""
GUARD_BEFORE = """
CREATE OR REPLACE FUNCTION payouts_guard_payout() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    batch_state text;
BEGIN
    SELECT state INTO batch_state FROM payouts_payoutbatch WHERE id = NEW.batch_id;
    IF TG_OP = 'INSERT' THEN
        IF batch_state <> 'DRAFT' OR NEW.state NOT IN ('READY', 'EXCLUDED') THEN
            RAISE EXCEPTION 'payouts are put into drafts' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.program_id, OLD.batch_id, OLD.payee_type, OLD.affiliate_id, OLD.outgoing_id, OLD.asset_id,
        OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.program_id, NEW.batch_id, NEW.payee_type, NEW.affiliate_id, NEW.outgoing_id, NEW.asset_id,
        NEW.created_at)
       OR batch_state <> 'DRAFT'
          AND (OLD.amount, OLD.carried, OLD.rail_account_id, OLD.method_id, OLD.destination_kind, OLD.destination,
               OLD.holder, OLD.destination_digest)
          IS DISTINCT FROM
              (NEW.amount, NEW.carried, NEW.rail_account_id, NEW.method_id, NEW.destination_kind, NEW.destination,
               NEW.holder, NEW.destination_digest)
       OR OLD.state = 'EXCLUDED' AND NEW.state <> 'EXCLUDED' AND batch_state <> 'DRAFT'
       OR OLD.state <> 'SENDING' AND NEW.state = 'SENDING'
          AND batch_state NOT IN ('PROCESSING', 'EXECUTED_WITH_ERRORS')
       OR OLD.state = 'PAID' AND NEW.state NOT IN ('PAID', 'RETURNED')
       OR OLD.state = 'RETURNED' AND NEW.state <> 'RETURNED' THEN
        RAISE EXCEPTION 'a payout stays what was agreed on' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
"""
FORWARD = """
-- What an owner takes out goes whole to where they have said; and only while somebody has approved it, and it goes on.
CREATE FUNCTION payouts_guard_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM wallets_withdrawal taken
        WHERE taken.id = NEW.withdrawal_id AND taken.amount = NEW.amount AND NEW.carried = 0
          AND taken.destination_kind = NEW.destination_kind AND taken.destination = NEW.destination
          AND taken.holder = NEW.holder
          AND (taken.state = 'APPROVED' OR NEW.state = 'SENDING' AND taken.state IN ('SENT', 'UNKNOWN'))
    ) THEN
        RAISE EXCEPTION 'this is not what its owner takes out' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER payouts_payout_withdrawal_put_in BEFORE INSERT ON payouts_payout
    FOR EACH ROW WHEN (NEW.withdrawal_id IS NOT NULL AND NEW.state <> 'EXCLUDED')
    EXECUTE FUNCTION payouts_guard_withdrawal();
CREATE TRIGGER payouts_payout_withdrawal_goes_on BEFORE UPDATE ON payouts_payout
    FOR EACH ROW WHEN (NEW.withdrawal_id IS NOT NULL AND NEW.state IN ('READY', 'SENDING') AND OLD.state <> NEW.state)
    EXECUTE FUNCTION payouts_guard_withdrawal();
ALTER TABLE payouts_payout ADD CONSTRAINT payouts_payout_withdrawal_in_its_program
    FOREIGN KEY (withdrawal_id, program_id) REFERENCES wallets_withdrawal (id, program_id);
"""
REVERSE = """
ALTER TABLE payouts_payout DROP CONSTRAINT payouts_payout_withdrawal_in_its_program;
DROP FUNCTION payouts_guard_withdrawal() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("payouts", "0006_withdrawals")]

    operations = [
        migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE),
        migrations.RunSQL(sql=GUARD, reverse_sql=GUARD_BEFORE),
    ]
