"""What Django's constraints can't say: what was agreed on stays as it was, and without that nothing is sent.

There is no switch around these triggers.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION payouts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: what was paid, or was to be, stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

-- A batch is approved by its proposal, in this program, about this batch and with this digest; and by nothing else.
CREATE FUNCTION payouts_guard_batch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    agreed identity_proposal%ROWTYPE;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'DRAFT' THEN
            RAISE EXCEPTION 'a batch begins as a draft' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.program_id, OLD.number, OLD.key, OLD.asset_id, OLD.created_at)
       IS DISTINCT FROM (NEW.id, NEW.program_id, NEW.number, NEW.key, NEW.asset_id, NEW.created_at)
       OR OLD.state <> 'DRAFT'
          AND (OLD.revision, OLD.digest, OLD.count, OLD.total, OLD.proposal_id, OLD.accounts, OLD.until)
          IS DISTINCT FROM (NEW.revision, NEW.digest, NEW.count, NEW.total, NEW.proposal_id, NEW.accounts, NEW.until)
       OR OLD.state IN ('CANCELLED', 'EXPIRED', 'EXECUTED') AND NEW.state <> OLD.state
       OR NEW.revision < OLD.revision THEN
        RAISE EXCEPTION 'a batch stays what was submitted' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state IN ('PENDING_APPROVAL', 'APPROVED', 'PROCESSING') AND NEW.state <> OLD.state THEN
        SELECT * INTO agreed FROM identity_proposal WHERE id = NEW.proposal_id;
        IF agreed.id IS NULL
           OR agreed.program_id <> NEW.program_id OR agreed.kind <> 'payouts.pay_batch'
           OR agreed.subject_id <> NEW.id::text OR agreed.payload->>'digest' IS DISTINCT FROM NEW.digest
           OR agreed.payload->>'revision' IS DISTINCT FROM NEW.revision::text
           OR NEW.state <> 'PENDING_APPROVAL' AND agreed.state NOT IN ('APPROVED', 'EXECUTED') THEN
            RAISE EXCEPTION 'nobody has agreed to this batch' USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN NEW;
END
$$;

-- To whom how much goes where is decided in a draft.
CREATE FUNCTION payouts_guard_payout() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION payouts_guard_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.payout_id, OLD.commission_id)
       IS DISTINCT FROM (NEW.id, NEW.program_id, NEW.payout_id, NEW.commission_id)
       OR NOT OLD.is_live AND NEW.is_live THEN
        RAISE EXCEPTION 'what a payout pays stays' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION payouts_guard_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.payout_id, OLD.number, OLD.amount)
       IS DISTINCT FROM (NEW.id, NEW.program_id, NEW.payout_id, NEW.number, NEW.amount)
       OR OLD.paid_at IS NOT NULL AND OLD.paid_at IS DISTINCT FROM NEW.paid_at THEN
        RAISE EXCEPTION 'a part stays what it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Nothing is sent of what two people have not agreed to, nor to anybody else or another amount than they did.
CREATE FUNCTION payouts_guard_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'STORED' OR NEW.called_at IS NOT NULL OR NOT EXISTS (
            SELECT FROM payouts_part part
            JOIN payouts_payout payout ON payout.id = part.payout_id
            JOIN payouts_payoutbatch batch ON batch.id = payout.batch_id
            JOIN identity_proposal agreed ON agreed.id = batch.proposal_id
            WHERE part.id = NEW.part_id AND part.payout_id = NEW.payout_id AND part.amount = NEW.amount
              AND part.paid_at IS NULL
              AND payout.rail_account_id = NEW.rail_account_id AND payout.state IN ('SENDING', 'ACCEPTED')
              AND batch.state IN ('PROCESSING', 'EXECUTED_WITH_ERRORS') AND agreed.state = 'EXECUTED'
        ) THEN
            RAISE EXCEPTION 'nobody has agreed to send this' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.program_id, OLD.payout_id, OLD.part_id, OLD.number, OLD.rail_account_id, OLD.reference, OLD.amount,
        OLD.stored_at)
       IS DISTINCT FROM
       (NEW.id, NEW.program_id, NEW.payout_id, NEW.part_id, NEW.number, NEW.rail_account_id, NEW.reference, NEW.amount,
        NEW.stored_at)
       OR OLD.called_at IS NOT NULL AND NEW.called_at IS NULL
       OR OLD.state NOT IN ('STORED', 'SENT', 'UNKNOWN') AND OLD.wire IS DISTINCT FROM NEW.wire
       OR OLD.state = 'CONFIRMED' AND (NEW.state, NEW.receipt) IS DISTINCT FROM (OLD.state, OLD.receipt)
       OR OLD.state = 'REFUSED' AND NEW.state NOT IN ('REFUSED', 'CONFIRMED')
       OR NEW.state = 'STORED' AND OLD.state <> 'STORED' THEN
        RAISE EXCEPTION 'an attempt stays what was tried' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER payouts_batch_guard BEFORE INSERT OR UPDATE ON payouts_payoutbatch
    FOR EACH ROW EXECUTE FUNCTION payouts_guard_batch();
CREATE TRIGGER payouts_payout_guard BEFORE INSERT OR UPDATE ON payouts_payout
    FOR EACH ROW EXECUTE FUNCTION payouts_guard_payout();
CREATE TRIGGER payouts_line_guard BEFORE UPDATE ON payouts_payoutline
    FOR EACH ROW EXECUTE FUNCTION payouts_guard_line();
CREATE TRIGGER payouts_part_guard BEFORE UPDATE ON payouts_part
    FOR EACH ROW EXECUTE FUNCTION payouts_guard_part();
CREATE TRIGGER payouts_attempt_guard BEFORE INSERT OR UPDATE ON payouts_attempt
    FOR EACH ROW EXECUTE FUNCTION payouts_guard_attempt();
"""

STAYS = """
CREATE TRIGGER payouts_{0}_stays BEFORE {1} ON payouts_{0}
    FOR EACH ROW EXECUTE FUNCTION payouts_refuse_change();
CREATE TRIGGER payouts_{0}_never_emptied BEFORE TRUNCATE ON payouts_{0}
    FOR EACH STATEMENT EXECUTE FUNCTION payouts_refuse_change();
"""
FINAL = ("batchmaker",)
KEPT = ("payoutbatch", "payout", "payoutline", "part", "attempt", "desk", "brake")

REVERSE = "".join(
    f"DROP FUNCTION payouts_{name}() CASCADE;\n"
    for name in (
        "guard_attempt", "guard_part", "guard_line", "guard_payout", "guard_batch", "refuse_change",
    )
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("payouts", "0002_references")]

    operations = [
        migrations.RunSQL(
            sql=FORWARD
            + "".join(STAYS.format(table, "UPDATE OR DELETE") for table in FINAL)
            + "".join(STAYS.format(table, "DELETE") for table in KEPT),
            reverse_sql=REVERSE,
        )
    ]
