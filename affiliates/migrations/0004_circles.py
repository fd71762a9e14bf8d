"""Nobody stands under himself, nobody is brought by himself, and a tree ends somewhere.

Members who come share a lock of their program, so they do not wait for each other; who changes what an affiliate is or
stands under takes it alone, so that two changes that are right one by one can't be wrong together.
"""

from django.db import migrations

FORWARD = """
-- A tree has fifty levels at most: the counts of a new affiliate are added to all above it.
CREATE FUNCTION affiliates_guard_tree() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    above uuid[];
    below integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('affiliates.people', hashtextextended(NEW.program_id::text, 0)));
    IF NEW.parent_id IS NOT NULL THEN
        WITH RECURSIVE up (id, parent_id) AS (
            SELECT id, parent_id FROM affiliates_affiliate WHERE id = NEW.parent_id
            UNION
            SELECT one.id, one.parent_id FROM affiliates_affiliate one JOIN up ON one.id = up.parent_id
        )
        SELECT array_agg(id) INTO above FROM up;
        IF NEW.id = ANY (above) THEN
            RAISE EXCEPTION 'affiliates stand in a circle' USING ERRCODE = 'restrict_violation',
                CONSTRAINT = 'affiliates_affiliate_no_circle';
        END IF;
        IF TG_OP = 'UPDATE' THEN
            WITH RECURSIVE down (id, level) AS (
                SELECT id, 1 FROM affiliates_affiliate WHERE parent_id = NEW.id
                UNION ALL
                SELECT one.id, level + 1 FROM affiliates_affiliate one JOIN down ON one.parent_id = down.id
            )
            SELECT coalesce(max(level), 0) INTO below FROM down;
        END IF;
        IF cardinality(above) + below >= 50 THEN
            RAISE EXCEPTION 'the tree is too deep' USING ERRCODE = 'restrict_violation',
                CONSTRAINT = 'affiliates_affiliate_tree_ends';
        END IF;
    END IF;
    -- Those whom it brought, or whom its children brought: what they settle, it earns from.
    IF EXISTS (
        SELECT FROM affiliates_member member WHERE member.affiliate_id = NEW.id AND affiliates_is_same(
            member.user_id, member.wallet_address, member.phone_digest,
            NEW.user_id, NEW.wallet_address, NEW.phone_digest)
    ) OR EXISTS (
        SELECT FROM affiliates_affiliate child JOIN affiliates_member member ON member.affiliate_id = child.id
        WHERE child.parent_id = NEW.id AND affiliates_is_same(
            member.user_id, member.wallet_address, member.phone_digest,
            NEW.user_id, NEW.wallet_address, NEW.phone_digest)
    ) OR EXISTS (
        SELECT FROM affiliates_member member JOIN affiliates_affiliate parent ON parent.id = NEW.parent_id
        WHERE member.affiliate_id = NEW.id AND affiliates_is_same(
            member.user_id, member.wallet_address, member.phone_digest,
            parent.user_id, parent.wallet_address, parent.phone_digest)
    ) THEN
        RAISE EXCEPTION 'somebody would earn from what he settles himself' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'affiliates_no_self_referral';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION affiliates_is_same(
    one_user uuid, one_address text, one_phone text, other_user uuid, other_address text, other_phone text
) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(one_user = other_user, FALSE) OR coalesce(one_address = other_address, FALSE)
        OR one_phone <> '' AND one_phone = other_phone
$$;

CREATE FUNCTION affiliates_guard_bringing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(
        hashtextextended('affiliates.people', hashtextextended(NEW.program_id::text, 0)));
    IF EXISTS (
        SELECT FROM affiliates_affiliate bringer LEFT JOIN affiliates_affiliate parent ON parent.id = bringer.parent_id
        WHERE bringer.id = NEW.affiliate_id AND (
            affiliates_is_same(NEW.user_id, NEW.wallet_address, NEW.phone_digest,
                               bringer.user_id, bringer.wallet_address, bringer.phone_digest)
            OR affiliates_is_same(NEW.user_id, NEW.wallet_address, NEW.phone_digest,
                                  parent.user_id, parent.wallet_address, parent.phone_digest))
    ) THEN
        RAISE EXCEPTION 'somebody would earn from what he settles himself' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'affiliates_no_self_referral';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER affiliates_affiliate_tree
    BEFORE INSERT OR UPDATE OF parent_id, user_id, wallet_address, phone_digest ON affiliates_affiliate
    FOR EACH ROW EXECUTE FUNCTION affiliates_guard_tree();
CREATE TRIGGER affiliates_member_bringing
    BEFORE INSERT OR UPDATE OF affiliate_id, user_id, phone_digest ON affiliates_member
    FOR EACH ROW WHEN (NEW.affiliate_id IS NOT NULL) EXECUTE FUNCTION affiliates_guard_bringing();
"""

REVERSE = """
DROP FUNCTION affiliates_guard_bringing() CASCADE;
DROP FUNCTION affiliates_guard_tree() CASCADE;
DROP FUNCTION affiliates_is_same(uuid, text, text, uuid, text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0003_guards")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
