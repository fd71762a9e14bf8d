"""Counters that nobody waits for: each change adds rows to the tallies, and a task adds those up."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION affiliates_tally_clicks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO affiliates_tally (program_id, affiliate_id, asset_id, what, count, amount)
    SELECT program_id, affiliate_id, NULL, 'CLICK', count(*), 0 FROM added GROUP BY 1, 2;
    RETURN NULL;
END
$$;

-- Those who have registered, whether or not they are suspended now.
CREATE FUNCTION affiliates_tally_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO affiliates_tally (program_id, affiliate_id, asset_id, what, count, amount)
        SELECT program_id, affiliate_id, NULL, 'MEMBER', count(*), 0 FROM added
        WHERE affiliate_id IS NOT NULL AND state <> 'PENDING' GROUP BY 1, 2;
    ELSE
        INSERT INTO affiliates_tally (program_id, affiliate_id, asset_id, what, count, amount)
        SELECT added.program_id, added.affiliate_id, NULL, 'MEMBER', count(*), 0
        FROM added JOIN removed USING (id)
        WHERE added.affiliate_id IS NOT NULL AND added.state <> 'PENDING' AND removed.state = 'PENDING' GROUP BY 1, 2;
    END IF;
    RETURN NULL;
END
$$;

-- How many settlements of theirs the books know, and how much is left of them.
CREATE FUNCTION affiliates_tally_settlements() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO affiliates_tally (program_id, affiliate_id, asset_id, what, count, amount)
    SELECT program_id, affiliate_id, asset_id, 'SETTLED', sum(count), sum(amount) FROM (
        SELECT program_id, affiliate_id, asset_id, 1 AS count, amount - reversed_amount AS amount FROM added
        WHERE affiliate_id IS NOT NULL AND confirmed_at IS NOT NULL
        UNION ALL
        SELECT program_id, affiliate_id, asset_id, -1, reversed_amount - amount FROM removed
        WHERE affiliate_id IS NOT NULL AND confirmed_at IS NOT NULL
    ) change GROUP BY 1, 2, 3 HAVING sum(count) <> 0 OR sum(amount) <> 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION affiliates_tally_new_settlements() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO affiliates_tally (program_id, affiliate_id, asset_id, what, count, amount)
    SELECT program_id, affiliate_id, asset_id, 'SETTLED', count(*), sum(amount - reversed_amount) FROM added
    WHERE affiliate_id IS NOT NULL AND confirmed_at IS NOT NULL GROUP BY 1, 2, 3;
    RETURN NULL;
END
$$;

CREATE FUNCTION affiliates_tally_new_commissions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO affiliates_tally (program_id, affiliate_id, asset_id, what, count, amount)
    SELECT program_id, affiliate_id, asset_id, type || ':' || state, count(*), sum(amount) FROM added
    GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END
$$;

CREATE FUNCTION affiliates_tally_commissions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO affiliates_tally (program_id, affiliate_id, asset_id, what, count, amount)
    SELECT program_id, affiliate_id, asset_id, type || ':' || state, sum(count), sum(amount) FROM (
        SELECT program_id, affiliate_id, asset_id, type, state, 1 AS count, amount FROM added
        UNION ALL
        SELECT program_id, affiliate_id, asset_id, type, state, -1, -amount FROM removed
    ) change GROUP BY 1, 2, 3, 4 HAVING sum(count) <> 0;
    RETURN NULL;
END
$$;

-- How many stand below somebody, at any depth.
CREATE FUNCTION affiliates_tally_downline() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved bigint := 1;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT 1 + coalesce(sum(count), 0) INTO moved FROM affiliates_tally
        WHERE affiliate_id = NEW.id AND what = 'DOWNLINE';
    END IF;
    INSERT INTO affiliates_tally (program_id, affiliate_id, asset_id, what, count, amount)
    WITH RECURSIVE up (id, parent_id, sign) AS (
        SELECT id, parent_id, 1 FROM affiliates_affiliate WHERE id = NEW.parent_id
        UNION ALL
        SELECT id, parent_id, -1 FROM affiliates_affiliate WHERE TG_OP = 'UPDATE' AND id = OLD.parent_id
        UNION ALL
        SELECT one.id, one.parent_id, up.sign FROM affiliates_affiliate one JOIN up ON one.id = up.parent_id
    )
    SELECT NEW.program_id, id, NULL, 'DOWNLINE', moved * sum(sign), 0 FROM up GROUP BY id HAVING sum(sign) <> 0;
    RETURN NULL;
END
$$;

CREATE TRIGGER affiliates_click_tallied AFTER INSERT ON affiliates_click
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION affiliates_tally_clicks();
CREATE TRIGGER affiliates_member_tallied AFTER INSERT ON affiliates_member
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION affiliates_tally_members();
CREATE TRIGGER affiliates_member_retallied AFTER UPDATE ON affiliates_member
    REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION affiliates_tally_members();
CREATE TRIGGER affiliates_settlement_tallied AFTER INSERT ON affiliates_settlement
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION affiliates_tally_new_settlements();
CREATE TRIGGER affiliates_settlement_retallied AFTER UPDATE ON affiliates_settlement
    REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION affiliates_tally_settlements();
CREATE TRIGGER affiliates_commission_tallied AFTER INSERT ON affiliates_commission
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION affiliates_tally_new_commissions();
CREATE TRIGGER affiliates_commission_retallied AFTER UPDATE ON affiliates_commission
    REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION affiliates_tally_commissions();
CREATE TRIGGER affiliates_affiliate_counted AFTER INSERT ON affiliates_affiliate
    FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION affiliates_tally_downline();
CREATE TRIGGER affiliates_affiliate_recounted AFTER UPDATE OF parent_id ON affiliates_affiliate
    FOR EACH ROW WHEN (OLD.parent_id IS DISTINCT FROM NEW.parent_id) EXECUTE FUNCTION affiliates_tally_downline();
"""

REVERSE = """
DROP FUNCTION affiliates_tally_downline() CASCADE;
DROP FUNCTION affiliates_tally_commissions() CASCADE;
DROP FUNCTION affiliates_tally_new_commissions() CASCADE;
DROP FUNCTION affiliates_tally_new_settlements() CASCADE;
DROP FUNCTION affiliates_tally_settlements() CASCADE;
DROP FUNCTION affiliates_tally_members() CASCADE;
DROP FUNCTION affiliates_tally_clicks() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0004_circles")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
