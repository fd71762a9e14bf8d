"""What Django's constraints can't say: what is completed stays, and nothing points into another program.

There is no switch around these triggers.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION wallets_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: what was booked is corrected by booking', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

-- A wallet stays what it is; its numbers only grow; closed is for good.
CREATE FUNCTION wallets_guard_wallet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.party_id, OLD.asset_id, OLD.account_id, OLD.reserved_id, OLD.owed_id, OLD.opened_at)
       IS DISTINCT FROM
       (NEW.id, NEW.program_id, NEW.party_id, NEW.asset_id, NEW.account_id, NEW.reserved_id, NEW.owed_id, NEW.opened_at)
       OR NEW.version < OLD.version OR NEW.last_number < OLD.last_number
       OR OLD.state = 'CLOSED' AND NEW.state <> 'CLOSED' THEN
        RAISE EXCEPTION 'a wallet stays what it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- What a transaction is about never changes; completed or failed, nothing of it does.
CREATE FUNCTION wallets_guard_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'PENDING'
       OR (OLD.id, OLD.program_id, OLD.wallet_id, OLD.type, OLD.amount, OLD.is_credit, OLD.payment_id, OLD.description,
           OLD.metadata, OLD.created_at)
       IS DISTINCT FROM
          (NEW.id, NEW.program_id, NEW.wallet_id, NEW.type, NEW.amount, NEW.is_credit, NEW.payment_id, NEW.description,
           NEW.metadata, NEW.created_at) THEN
        RAISE EXCEPTION 'a wallet transaction stays what it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- What a payment is about never changes; what books and proves it is said once; refunds only grow.
CREATE FUNCTION wallets_guard_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.key, OLD.method, OLD.party_id, OLD.wallet_id, OLD.asset_id, OLD.amount, OLD.payee_id,
        OLD.rail, OLD.description, OLD.metadata, OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.program_id, NEW.key, NEW.method, NEW.party_id, NEW.wallet_id, NEW.asset_id, NEW.amount, NEW.payee_id,
        NEW.rail, NEW.description, NEW.metadata, NEW.created_at)
       OR OLD.wallet_transaction_id IS NOT NULL AND OLD.wallet_transaction_id IS DISTINCT FROM NEW.wallet_transaction_id
       OR OLD.ledger_transaction_id IS NOT NULL AND OLD.ledger_transaction_id IS DISTINCT FROM NEW.ledger_transaction_id
       OR OLD.paid_at IS NOT NULL AND OLD.paid_at IS DISTINCT FROM NEW.paid_at
       OR OLD.receipt <> '' AND OLD.receipt <> NEW.receipt OR NEW.refunded < OLD.refunded THEN
        RAISE EXCEPTION 'a payment stays what it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION wallets_guard_outgoing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(OLD) - 'state' IS DISTINCT FROM to_jsonb(NEW) - 'state' OR OLD.state IN ('PAID', 'CANCELLED') THEN
        RAISE EXCEPTION 'what goes out stays what it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- A trigger and no wider key: that would need another unique index over the largest table of the house.
CREATE FUNCTION wallets_guard_books() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ledger_transaction_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM ledger_transaction WHERE id = NEW.ledger_transaction_id AND program_id = NEW.program_id
    ) THEN
        RAISE EXCEPTION 'what was booked belongs to the same program' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER wallets_wallet_guard BEFORE UPDATE ON wallets_wallet
    FOR EACH ROW EXECUTE FUNCTION wallets_guard_wallet();
CREATE TRIGGER wallets_wallet_stays BEFORE DELETE ON wallets_wallet
    FOR EACH ROW EXECUTE FUNCTION wallets_refuse_change();
CREATE TRIGGER wallets_wallet_never_emptied BEFORE TRUNCATE ON wallets_wallet
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse_change();

CREATE TRIGGER wallets_transaction_books BEFORE INSERT OR UPDATE OF ledger_transaction_id ON wallets_wallettransaction
    FOR EACH ROW EXECUTE FUNCTION wallets_guard_books();
CREATE TRIGGER wallets_transaction_guard BEFORE UPDATE ON wallets_wallettransaction
    FOR EACH ROW EXECUTE FUNCTION wallets_guard_transaction();
CREATE TRIGGER wallets_transaction_stays BEFORE DELETE ON wallets_wallettransaction
    FOR EACH ROW EXECUTE FUNCTION wallets_refuse_change();
CREATE TRIGGER wallets_transaction_never_emptied BEFORE TRUNCATE ON wallets_wallettransaction
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse_change();

CREATE TRIGGER wallets_payment_books BEFORE INSERT OR UPDATE OF ledger_transaction_id ON wallets_paymentrecord
    FOR EACH ROW EXECUTE FUNCTION wallets_guard_books();
CREATE TRIGGER wallets_payment_guard BEFORE UPDATE ON wallets_paymentrecord
    FOR EACH ROW EXECUTE FUNCTION wallets_guard_payment();
CREATE TRIGGER wallets_payment_stays BEFORE DELETE ON wallets_paymentrecord
    FOR EACH ROW EXECUTE FUNCTION wallets_refuse_change();
CREATE TRIGGER wallets_payment_never_emptied BEFORE TRUNCATE ON wallets_paymentrecord
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse_change();

CREATE TRIGGER wallets_outgoing_books BEFORE INSERT OR UPDATE OF ledger_transaction_id ON wallets_outgoing
    FOR EACH ROW EXECUTE FUNCTION wallets_guard_books();
CREATE TRIGGER wallets_outgoing_guard BEFORE UPDATE ON wallets_outgoing
    FOR EACH ROW EXECUTE FUNCTION wallets_guard_outgoing();
CREATE TRIGGER wallets_outgoing_stays BEFORE DELETE ON wallets_outgoing
    FOR EACH ROW EXECUTE FUNCTION wallets_refuse_change();
CREATE TRIGGER wallets_outgoing_never_emptied BEFORE TRUNCATE ON wallets_outgoing
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse_change();

-- Program and asset with every reference: what points into another finds no row.
ALTER TABLE wallets_wallet
    ADD CONSTRAINT wallets_wallet_party_in_its_program
        FOREIGN KEY (party_id, program_id) REFERENCES identity_party (id, program_id),
    ADD CONSTRAINT wallets_wallet_account_in_its_books
        FOREIGN KEY (program_id, asset_id, account_id) REFERENCES ledger_account (program_id, asset_id, id),
    ADD CONSTRAINT wallets_wallet_reserved_in_its_books
        FOREIGN KEY (program_id, asset_id, reserved_id) REFERENCES ledger_account (program_id, asset_id, id),
    ADD CONSTRAINT wallets_wallet_owed_in_its_books
        FOREIGN KEY (program_id, asset_id, owed_id) REFERENCES ledger_account (program_id, asset_id, id);
ALTER TABLE wallets_wallettransaction
    ADD CONSTRAINT wallets_transaction_wallet_in_its_program
        FOREIGN KEY (wallet_id, program_id) REFERENCES wallets_wallet (id, program_id),
    ADD CONSTRAINT wallets_transaction_payment_in_its_program
        FOREIGN KEY (payment_id, program_id) REFERENCES wallets_paymentrecord (id, program_id);
ALTER TABLE wallets_paymentrecord
    ADD CONSTRAINT wallets_payment_party_in_its_program
        FOREIGN KEY (party_id, program_id) REFERENCES identity_party (id, program_id),
    ADD CONSTRAINT wallets_payment_wallet_in_its_program
        FOREIGN KEY (wallet_id, program_id) REFERENCES wallets_wallet (id, program_id),
    ADD CONSTRAINT wallets_payment_payee_in_its_books
        FOREIGN KEY (program_id, asset_id, payee_id) REFERENCES ledger_account (program_id, asset_id, id),
    ADD CONSTRAINT wallets_payment_transaction_in_its_program
        FOREIGN KEY (wallet_transaction_id, program_id) REFERENCES wallets_wallettransaction (id, program_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE wallets_outgoing
    ADD CONSTRAINT wallets_outgoing_payment_in_its_program
        FOREIGN KEY (payment_id, program_id) REFERENCES wallets_paymentrecord (id, program_id),
    ADD CONSTRAINT wallets_outgoing_account_in_its_books
        FOREIGN KEY (program_id, asset_id, account_id) REFERENCES ledger_account (program_id, asset_id, id);
"""

REVERSE = """
ALTER TABLE wallets_outgoing
    DROP CONSTRAINT wallets_outgoing_payment_in_its_program,
    DROP CONSTRAINT wallets_outgoing_account_in_its_books;
ALTER TABLE wallets_paymentrecord
    DROP CONSTRAINT wallets_payment_party_in_its_program,
    DROP CONSTRAINT wallets_payment_wallet_in_its_program,
    DROP CONSTRAINT wallets_payment_payee_in_its_books,
    DROP CONSTRAINT wallets_payment_transaction_in_its_program;
ALTER TABLE wallets_wallettransaction
    DROP CONSTRAINT wallets_transaction_wallet_in_its_program,
    DROP CONSTRAINT wallets_transaction_payment_in_its_program;
ALTER TABLE wallets_wallet
    DROP CONSTRAINT wallets_wallet_party_in_its_program,
    DROP CONSTRAINT wallets_wallet_account_in_its_books,
    DROP CONSTRAINT wallets_wallet_reserved_in_its_books,
    DROP CONSTRAINT wallets_wallet_owed_in_its_books;
DROP FUNCTION wallets_guard_books() CASCADE;
DROP FUNCTION wallets_guard_outgoing() CASCADE;
DROP FUNCTION wallets_guard_payment() CASCADE;
DROP FUNCTION wallets_guard_transaction() CASCADE;
DROP FUNCTION wallets_guard_wallet() CASCADE;
DROP FUNCTION wallets_refuse_change() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("wallets", "0001_start")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
