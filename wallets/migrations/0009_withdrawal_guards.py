"""What Django's constraints can't say of withdrawals. There is no switch around these triggers."""

from django.db import migrations

FORWARD = """
-- Of whom how much goes where never changes; who approved it is said once; what has ended stays ended. Proof that it was
-- paid, or came back, is a fact.
CREATE FUNCTION wallets_guard_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.key, OLD.wallet_id, OLD.amount, OLD.destination_kind, OLD.destination, OLD.holder,
        OLD.hold_id, OLD.requested_by, OLD.requested_at)
       IS DISTINCT FROM
       (NEW.id, NEW.program_id, NEW.key, NEW.wallet_id, NEW.amount, NEW.destination_kind, NEW.destination, NEW.holder,
        NEW.hold_id, NEW.requested_by, NEW.requested_at)
       OR OLD.approved_at IS NOT NULL
          AND (OLD.approved_by, OLD.approved_at) IS DISTINCT FROM (NEW.approved_by, NEW.approved_at)
       OR OLD.receipt <> '' AND OLD.receipt <> NEW.receipt
       OR OLD.wallet_transaction_id <> NEW.wallet_transaction_id AND OLD.state <> 'FAILED'
       OR OLD.state IN ('REJECTED', 'CANCELLED', 'RETURNED') AND NEW.state <> OLD.state
       OR OLD.state = 'FAILED' AND NEW.state NOT IN ('FAILED', 'PAID')
       OR OLD.state = 'PAID' AND NEW.state NOT IN ('PAID', 'RETURNED')
       OR OLD.state IN ('SENT', 'UNKNOWN') AND NEW.state IN ('REQUESTED', 'APPROVED', 'REJECTED', 'CANCELLED') THEN
        RAISE EXCEPTION 'a withdrawal stays what it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Its hold and its line are of its own wallet and amount.
CREATE FUNCTION wallets_guard_new_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM wallets_wallet wallet
        JOIN ledger_hold held ON held.id = NEW.hold_id AND held.wallet_id = wallet.account_id
                              AND held.amount = NEW.amount
        JOIN wallets_wallettransaction line ON line.id = NEW.wallet_transaction_id AND line.wallet_id = wallet.id
                                            AND line.type = 'WITHDRAWAL' AND NOT line.is_credit
        WHERE wallet.id = NEW.wallet_id
    ) THEN
        RAISE EXCEPTION 'a withdrawal is held in its wallet' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER wallets_withdrawal_guard BEFORE UPDATE ON wallets_withdrawal
    FOR EACH ROW EXECUTE FUNCTION wallets_guard_withdrawal();
CREATE TRIGGER wallets_withdrawal_is_held BEFORE INSERT OR UPDATE OF wallet_transaction_id ON wallets_withdrawal
    FOR EACH ROW EXECUTE FUNCTION wallets_guard_new_withdrawal();
CREATE TRIGGER wallets_withdrawal_stays BEFORE DELETE ON wallets_withdrawal
    FOR EACH ROW EXECUTE FUNCTION wallets_refuse_change();
CREATE TRIGGER wallets_withdrawal_never_emptied BEFORE TRUNCATE ON wallets_withdrawal
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse_change();

ALTER TABLE wallets_withdrawal
    ADD CONSTRAINT wallets_withdrawal_wallet_in_its_program
        FOREIGN KEY (wallet_id, program_id) REFERENCES wallets_wallet (id, program_id),
    ADD CONSTRAINT wallets_withdrawal_hold_in_its_program
        FOREIGN KEY (hold_id, program_id) REFERENCES ledger_hold (id, program_id),
    ADD CONSTRAINT wallets_withdrawal_line_in_its_program
        FOREIGN KEY (wallet_transaction_id, program_id) REFERENCES wallets_wallettransaction (id, program_id);
"""

REVERSE = """
ALTER TABLE wallets_withdrawal
    DROP CONSTRAINT wallets_withdrawal_wallet_in_its_program,
    DROP CONSTRAINT wallets_withdrawal_hold_in_its_program,
    DROP CONSTRAINT wallets_withdrawal_line_in_its_program;
DROP TRIGGER wallets_withdrawal_stays ON wallets_withdrawal;
DROP TRIGGER wallets_withdrawal_never_emptied ON wallets_withdrawal;
DROP FUNCTION wallets_guard_new_withdrawal() CASCADE;
DROP FUNCTION wallets_guard_withdrawal() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("wallets", "0008_withdrawals")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
