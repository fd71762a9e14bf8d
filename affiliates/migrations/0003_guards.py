"""What Django's constraints can't say: what was earned, proven or said stays what it is.

There is no switch around these triggers.
"""

from django.db import migrations

FINAL = ("standing", "rate", "click", "reversal", "purse")
KEPT = ("affiliate", "member", "tier", "payoutmethod", "settlement", "claim", "commission", "adjustment")
BOOKED = ("settlement", "reversal", "commission")

FORWARD = """
CREATE FUNCTION affiliates_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: what is put right gets a row of its own', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE FUNCTION affiliates_guard_affiliate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.party_id, OLD.code, OLD.joined_at)
       IS DISTINCT FROM (NEW.id, NEW.program_id, NEW.party_id, NEW.code, NEW.joined_at)
       OR OLD.user_id IS NOT NULL AND OLD.user_id IS DISTINCT FROM NEW.user_id
       OR OLD.wallet_address IS NOT NULL AND OLD.wallet_address IS DISTINCT FROM NEW.wallet_address
       OR NEW.last_standing < OLD.last_standing
       OR OLD.state = 'CLOSED' AND NEW.state <> 'CLOSED' THEN
        RAISE EXCEPTION 'an affiliate stays who it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Who brought a member is decided when they come.
CREATE FUNCTION affiliates_guard_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.party_id, OLD.wallet_address, OLD.registered_at, OLD.clicked_at)
       IS DISTINCT FROM (NEW.id, NEW.program_id, NEW.party_id, NEW.wallet_address, NEW.registered_at, NEW.clicked_at)
       OR OLD.user_id IS NOT NULL AND OLD.user_id IS DISTINCT FROM NEW.user_id
       OR OLD.affiliate_id IS DISTINCT FROM NEW.affiliate_id AND OLD.state <> 'PENDING' THEN
        RAISE EXCEPTION 'a member stays who it is, and whose' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION affiliates_guard_tier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.created_at) IS DISTINCT FROM (NEW.id, NEW.program_id, NEW.created_at) THEN
        RAISE EXCEPTION 'a tier stays where it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Rates are numbered one after the other, and hold from a moment that lies ahead when they are written.
CREATE FUNCTION affiliates_guard_rate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    latest integer;
BEGIN
    IF NEW.tier_id IS NOT NULL THEN
        PERFORM FROM affiliates_tier WHERE id = NEW.tier_id FOR NO KEY UPDATE;
        SELECT coalesce(max(number), 0) INTO latest FROM affiliates_rate WHERE tier_id = NEW.tier_id;
    ELSE
        PERFORM FROM affiliates_affiliate WHERE id = NEW.affiliate_id FOR NO KEY UPDATE;
        SELECT coalesce(max(number), 0) INTO latest FROM affiliates_rate WHERE affiliate_id = NEW.affiliate_id;
    END IF;
    IF NEW.number <> latest + 1 THEN
        RAISE EXCEPTION 'rates are numbered one after the other' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Asked when the transaction ends: until then nobody else sees the row, and afterwards it must still lie ahead.
CREATE FUNCTION affiliates_require_rate_ahead() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.valid_from <= clock_timestamp() THEN
        RAISE EXCEPTION 'rates do not reach back' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;

-- A destination is verified, cools for two days and is used; nobody's clock but this one says when.
CREATE FUNCTION affiliates_guard_method() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.affiliate_id, OLD.kind, OLD.destination, OLD.holder, OLD.destination_digest,
        OLD.added_at, OLD.added_by)
       IS DISTINCT FROM
       (NEW.id, NEW.program_id, NEW.affiliate_id, NEW.kind, NEW.destination, NEW.holder, NEW.destination_digest,
        NEW.added_at, NEW.added_by)
       OR OLD.verified_at IS NOT NULL AND (OLD.verified_at, OLD.usable_at, OLD.verified_by)
          IS DISTINCT FROM (NEW.verified_at, NEW.usable_at, NEW.verified_by)
       OR OLD.verified_at IS NULL AND NEW.verified_at IS NOT NULL
          AND NEW.usable_at < clock_timestamp() + interval '47 hours 55 minutes'
       OR NEW.state = 'USABLE' AND OLD.state <> 'USABLE'
          AND (OLD.state <> 'VERIFIED' OR NEW.usable_at > clock_timestamp())
       OR OLD.state = 'RETIRED' AND NEW.state <> 'RETIRED' THEN
        RAISE EXCEPTION 'a payout method stays what it is, and cools before it is used'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- What a settlement is about stays; who earns from it is decided with its proof, and its proof stays.
CREATE FUNCTION affiliates_guard_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.member_id, OLD.asset_id, OLD.amount, OLD.source, OLD.source_event, OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.program_id, NEW.member_id, NEW.asset_id, NEW.amount, NEW.source, NEW.source_event, NEW.created_at)
       OR OLD.confirmed_at IS NOT NULL
          AND (OLD.affiliate_id, OLD.parent_id, OLD.rail, OLD.chain_id, OLD.tx_hash, OLD.position, OLD.occurred_at,
               OLD.rail_event, OLD.confirmed_at, OLD.ledger_transaction_id)
          IS DISTINCT FROM
              (NEW.affiliate_id, NEW.parent_id, NEW.rail, NEW.chain_id, NEW.tx_hash, NEW.position, NEW.occurred_at,
               NEW.rail_event, NEW.confirmed_at, NEW.ledger_transaction_id) THEN
        RAISE EXCEPTION 'a settlement stays what it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION affiliates_guard_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.member_id, OLD.reference, OLD.asset_id, OLD.amount, OLD.chain_id, OLD.tx_hash,
        OLD.note, OLD.requested_at)
       IS DISTINCT FROM
       (NEW.id, NEW.program_id, NEW.member_id, NEW.reference, NEW.asset_id, NEW.amount, NEW.chain_id, NEW.tx_hash,
        NEW.note, NEW.requested_at)
       OR OLD.state = 'SETTLED' OR OLD.settlement_id IS NOT NULL AND OLD.settlement_id IS DISTINCT FROM NEW.settlement_id
    THEN
        RAISE EXCEPTION 'a claim stays what it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Of a commission only its state changes, and what goes with that. Paid and voided are for good.
CREATE FUNCTION affiliates_guard_commission() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('PAID', 'VOIDED')
       OR (OLD.id, OLD.program_id, OLD.affiliate_id, OLD.asset_id, OLD.type, OLD.amount, OLD.settlement_id,
           OLD.corrects_id, OLD.reversal_id, OLD.base, OLD.rate, OLD.exact, OLD.rate_from, OLD.accrued_at,
           OLD.payable_at, OLD.ledger_transaction_id)
       IS DISTINCT FROM
          (NEW.id, NEW.program_id, NEW.affiliate_id, NEW.asset_id, NEW.type, NEW.amount, NEW.settlement_id,
           NEW.corrects_id, NEW.reversal_id, NEW.base, NEW.rate, NEW.exact, NEW.rate_from, NEW.accrued_at,
           NEW.payable_at, NEW.ledger_transaction_id) THEN
        RAISE EXCEPTION 'a commission stays what it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Claw-backs never exceed what was earned, and nothing is given back that was not taken.
CREATE FUNCTION affiliates_guard_correction() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    earned affiliates_commission%ROWTYPE;
    corrected numeric;
BEGIN
    SELECT * INTO earned FROM affiliates_commission WHERE id = NEW.corrects_id FOR NO KEY UPDATE;
    SELECT coalesce(sum(amount), 0) INTO corrected FROM affiliates_commission WHERE corrects_id = NEW.corrects_id;
    IF earned.type NOT IN ('DIRECT', 'OVERRIDE')
       OR (earned.affiliate_id, earned.asset_id) IS DISTINCT FROM (NEW.affiliate_id, NEW.asset_id)
       OR corrected > 0 OR corrected < -earned.amount THEN
        RAISE EXCEPTION 'corrections stay between nothing and what was earned' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;

-- A report that was sent stays as it was sent.
CREATE FUNCTION affiliates_guard_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'DRAFT' THEN
            RAISE EXCEPTION 'a final report stays' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF (OLD.id, OLD.program_id, OLD.affiliate_id, OLD.asset_id, OLD.period_start, OLD.period_end)
       IS DISTINCT FROM (NEW.id, NEW.program_id, NEW.affiliate_id, NEW.asset_id, NEW.period_start, NEW.period_end)
       OR OLD.state <> 'DRAFT'
          AND to_jsonb(OLD) - 'state' - 'paid_at' IS DISTINCT FROM to_jsonb(NEW) - 'state' - 'paid_at'
       OR OLD.state = 'PAID' OR OLD.state <> 'DRAFT' AND NEW.state = 'DRAFT' THEN
        RAISE EXCEPTION 'a final report stays' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION affiliates_guard_reportline() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' OR EXISTS (
        SELECT FROM changed JOIN affiliates_commissionreport report ON report.id = changed.report_id
        WHERE report.state <> 'DRAFT'
    ) THEN
        RAISE EXCEPTION 'a final report stays' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION affiliates_guard_adjustment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.program_id, OLD.affiliate_id, OLD.asset_id, OLD.key, OLD.amount, OLD.reason, OLD.asked_at,
        OLD.asked_by)
       IS DISTINCT FROM
       (NEW.id, NEW.program_id, NEW.affiliate_id, NEW.asset_id, NEW.key, NEW.amount, NEW.reason, NEW.asked_at,
        NEW.asked_by)
       OR OLD.state <> 'PROPOSED' THEN
        RAISE EXCEPTION 'an adjustment stays what it is' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- A trigger and no key: with the program in it, that would need another unique index over the largest table of the house.
-- It looks at all rows of a statement at once. What is booked is never taken out of the books, so once is enough.
CREATE FUNCTION affiliates_guard_books() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed LEFT JOIN ledger_transaction booked
            ON booked.id = changed.ledger_transaction_id AND booked.program_id = changed.program_id
        WHERE changed.ledger_transaction_id IS NOT NULL AND booked.id IS NULL
    ) THEN
        RAISE EXCEPTION 'what was booked belongs to the same program' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER affiliates_affiliate_guard BEFORE UPDATE ON affiliates_affiliate
    FOR EACH ROW EXECUTE FUNCTION affiliates_guard_affiliate();
CREATE TRIGGER affiliates_member_guard BEFORE UPDATE ON affiliates_member
    FOR EACH ROW EXECUTE FUNCTION affiliates_guard_member();
CREATE TRIGGER affiliates_tier_guard BEFORE UPDATE ON affiliates_tier
    FOR EACH ROW EXECUTE FUNCTION affiliates_guard_tier();
CREATE TRIGGER affiliates_rate_guard BEFORE INSERT ON affiliates_rate
    FOR EACH ROW EXECUTE FUNCTION affiliates_guard_rate();
CREATE CONSTRAINT TRIGGER affiliates_rate_ahead AFTER INSERT ON affiliates_rate
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION affiliates_require_rate_ahead();
CREATE TRIGGER affiliates_payoutmethod_guard BEFORE UPDATE ON affiliates_payoutmethod
    FOR EACH ROW EXECUTE FUNCTION affiliates_guard_method();
CREATE TRIGGER affiliates_settlement_guard BEFORE UPDATE ON affiliates_settlement
    FOR EACH ROW EXECUTE FUNCTION affiliates_guard_settlement();
CREATE TRIGGER affiliates_claim_guard BEFORE UPDATE ON affiliates_claim
    FOR EACH ROW EXECUTE FUNCTION affiliates_guard_claim();
CREATE TRIGGER affiliates_commission_guard BEFORE UPDATE ON affiliates_commission
    FOR EACH ROW EXECUTE FUNCTION affiliates_guard_commission();
CREATE TRIGGER affiliates_commission_correction AFTER INSERT ON affiliates_commission
    FOR EACH ROW WHEN (NEW.corrects_id IS NOT NULL) EXECUTE FUNCTION affiliates_guard_correction();
CREATE TRIGGER affiliates_report_guard BEFORE UPDATE OR DELETE ON affiliates_commissionreport
    FOR EACH ROW EXECUTE FUNCTION affiliates_guard_report();
CREATE TRIGGER affiliates_report_never_emptied BEFORE TRUNCATE ON affiliates_commissionreport
    FOR EACH STATEMENT EXECUTE FUNCTION affiliates_refuse_change();
CREATE TRIGGER affiliates_reportline_added AFTER INSERT ON affiliates_reportline
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION affiliates_guard_reportline();
CREATE TRIGGER affiliates_reportline_removed AFTER DELETE ON affiliates_reportline
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION affiliates_guard_reportline();
CREATE TRIGGER affiliates_reportline_stays BEFORE UPDATE ON affiliates_reportline
    FOR EACH ROW EXECUTE FUNCTION affiliates_refuse_change();
CREATE TRIGGER affiliates_reportline_never_emptied BEFORE TRUNCATE ON affiliates_reportline
    FOR EACH STATEMENT EXECUTE FUNCTION affiliates_refuse_change();
CREATE TRIGGER affiliates_adjustment_guard BEFORE UPDATE ON affiliates_adjustment
    FOR EACH ROW EXECUTE FUNCTION affiliates_guard_adjustment();
"""

STAYS = """
CREATE TRIGGER affiliates_{0}_stays BEFORE {1} ON affiliates_{0}
    FOR EACH ROW EXECUTE FUNCTION affiliates_refuse_change();
CREATE TRIGGER affiliates_{0}_never_emptied BEFORE TRUNCATE ON affiliates_{0}
    FOR EACH STATEMENT EXECUTE FUNCTION affiliates_refuse_change();
"""
IN_ITS_BOOKS = """
CREATE TRIGGER affiliates_{0}_booked AFTER INSERT ON affiliates_{0}
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION affiliates_guard_books();
"""
BOOKED_LATER = """
CREATE TRIGGER affiliates_settlement_booked_later AFTER UPDATE ON affiliates_settlement
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION affiliates_guard_books();
"""

REVERSE = """
DROP FUNCTION affiliates_guard_books() CASCADE;
DROP FUNCTION affiliates_guard_adjustment() CASCADE;
DROP FUNCTION affiliates_guard_reportline() CASCADE;
DROP FUNCTION affiliates_guard_report() CASCADE;
DROP FUNCTION affiliates_guard_correction() CASCADE;
DROP FUNCTION affiliates_guard_commission() CASCADE;
DROP FUNCTION affiliates_guard_claim() CASCADE;
DROP FUNCTION affiliates_guard_settlement() CASCADE;
DROP FUNCTION affiliates_guard_method() CASCADE;
DROP FUNCTION affiliates_require_rate_ahead() CASCADE;
DROP FUNCTION affiliates_guard_rate() CASCADE;
DROP FUNCTION affiliates_guard_tier() CASCADE;
DROP FUNCTION affiliates_guard_member() CASCADE;
DROP FUNCTION affiliates_guard_affiliate() CASCADE;
DROP FUNCTION affiliates_refuse_change() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0002_references")]

    operations = [
        migrations.RunSQL(
            sql=FORWARD
            + "".join(STAYS.format(table, "UPDATE OR DELETE") for table in FINAL)
            + "".join(STAYS.format(table, "DELETE") for table in KEPT)
            + "".join(IN_ITS_BOOKS.format(table) for table in BOOKED)
            + BOOKED_LATER,
            reverse_sql=REVERSE,
        )
    ]
