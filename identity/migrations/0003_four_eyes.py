"""Four eyes, held by the database: whoever writes the rows, by whatever way, can't be maker and voter of one thing.

There is no switch around these triggers.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION identity_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: what was said stays said', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

-- A vote: by no maker, on the wording that stands now, while it waits.
CREATE FUNCTION identity_guard_vote() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    standing identity_proposal%ROWTYPE;
BEGIN
    -- The lock makes a vote and a new revision come one after the other.
    SELECT * INTO standing FROM identity_proposal WHERE id = NEW.proposal_id FOR NO KEY UPDATE;
    IF standing.state <> 'PROPOSED' THEN
        RAISE EXCEPTION 'a proposal that is % takes no votes', standing.state USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.revision <> standing.revision OR NEW.digest <> standing.digest THEN
        RAISE EXCEPTION 'the vote is not on what stands now' USING ERRCODE = 'restrict_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM identity_proposalmaker WHERE proposal_id = NEW.proposal_id AND user_id = NEW.by_id) THEN
        RAISE EXCEPTION 'a maker has no vote' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- A maker: nobody becomes one after voting on the wording that stands now, or the vote would have been a maker's.
CREATE FUNCTION identity_guard_maker() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    standing identity_proposal%ROWTYPE;
BEGIN
    SELECT * INTO standing FROM identity_proposal WHERE id = NEW.proposal_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT 1 FROM identity_proposalvote
               WHERE proposal_id = NEW.proposal_id AND by_id = NEW.user_id AND revision = standing.revision) THEN
        RAISE EXCEPTION 'who has voted can not become a maker' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- A proposal: changed only as a new revision while it waits, approved only with its votes, final once decided.
CREATE FUNCTION identity_guard_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wording_changed boolean := (OLD.payload, OLD.digest, OLD.kind, OLD.program_id, OLD.subject_type, OLD.subject_id,
                                OLD.amount, OLD.asset_code, OLD.votes_needed, OLD.voter_roles, OLD.reason)
        IS DISTINCT FROM (NEW.payload, NEW.digest, NEW.kind, NEW.program_id, NEW.subject_type, NEW.subject_id,
                          NEW.amount, NEW.asset_code, NEW.votes_needed, NEW.voter_roles, NEW.reason);
BEGIN
    IF OLD.id <> NEW.id OR OLD.kind <> NEW.kind OR OLD.program_id <> NEW.program_id
       OR OLD.expires_at <> NEW.expires_at THEN
        RAISE EXCEPTION 'what a proposal is about never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state IN ('EXECUTED', 'EXPIRED', 'RECALLED', 'REJECTED')
       AND (wording_changed OR OLD.state <> NEW.state OR OLD.revision <> NEW.revision
            OR OLD.result IS DISTINCT FROM NEW.result) THEN
        RAISE EXCEPTION 'a proposal that is % stays as it is', OLD.state USING ERRCODE = 'restrict_violation';
    END IF;
    IF (wording_changed OR OLD.revision <> NEW.revision)
       AND NOT (OLD.state = 'PROPOSED' AND NEW.state = 'PROPOSED' AND NEW.revision = OLD.revision + 1) THEN
        RAISE EXCEPTION 'another wording is another revision' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'APPROVED' AND OLD.state <> 'APPROVED' AND (
        OLD.state <> 'PROPOSED' OR NEW.votes_needed > (
            SELECT count(*) FROM identity_proposalvote
            WHERE proposal_id = NEW.id AND revision = NEW.revision AND digest = NEW.digest AND decision = 'APPROVE')
    ) THEN
        RAISE EXCEPTION 'not approved: votes are missing' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'APPROVED' AND NOT EXISTS (SELECT 1 FROM identity_proposalmaker WHERE proposal_id = NEW.id) THEN
        RAISE EXCEPTION 'not approved: nobody made it' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'EXECUTED' AND OLD.state NOT IN ('APPROVED', 'EXECUTED') THEN
        RAISE EXCEPTION 'not approved' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'PROPOSED' AND OLD.state <> 'PROPOSED' THEN
        RAISE EXCEPTION 'what was decided does not wait again' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Nothing is born decided.
CREATE FUNCTION identity_guard_birth() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'PROPOSED' OR NEW.revision <> 1 THEN
        RAISE EXCEPTION 'a proposal begins as proposed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER identity_proposal_birth BEFORE INSERT ON identity_proposal
    FOR EACH ROW EXECUTE FUNCTION identity_guard_birth();
CREATE TRIGGER identity_proposal_guard BEFORE UPDATE ON identity_proposal
    FOR EACH ROW EXECUTE FUNCTION identity_guard_proposal();
CREATE TRIGGER identity_proposal_stays BEFORE DELETE ON identity_proposal
    FOR EACH ROW EXECUTE FUNCTION identity_refuse_change();
CREATE TRIGGER identity_proposal_never_emptied BEFORE TRUNCATE ON identity_proposal
    FOR EACH STATEMENT EXECUTE FUNCTION identity_refuse_change();

CREATE TRIGGER identity_vote_guard BEFORE INSERT ON identity_proposalvote
    FOR EACH ROW EXECUTE FUNCTION identity_guard_vote();
CREATE TRIGGER identity_vote_stays BEFORE UPDATE OR DELETE ON identity_proposalvote
    FOR EACH ROW EXECUTE FUNCTION identity_refuse_change();
CREATE TRIGGER identity_vote_never_emptied BEFORE TRUNCATE ON identity_proposalvote
    FOR EACH STATEMENT EXECUTE FUNCTION identity_refuse_change();

CREATE TRIGGER identity_maker_guard BEFORE INSERT ON identity_proposalmaker
    FOR EACH ROW EXECUTE FUNCTION identity_guard_maker();
CREATE TRIGGER identity_maker_stays BEFORE UPDATE OR DELETE ON identity_proposalmaker
    FOR EACH ROW EXECUTE FUNCTION identity_refuse_change();
CREATE TRIGGER identity_maker_never_emptied BEFORE TRUNCATE ON identity_proposalmaker
    FOR EACH STATEMENT EXECUTE FUNCTION identity_refuse_change();

-- Policies are dated: the past is not edited.
CREATE TRIGGER identity_policy_stays BEFORE UPDATE OR DELETE ON identity_approvalpolicy
    FOR EACH ROW EXECUTE FUNCTION identity_refuse_change();
CREATE TRIGGER identity_policy_never_emptied BEFORE TRUNCATE ON identity_approvalpolicy
    FOR EACH STATEMENT EXECUTE FUNCTION identity_refuse_change();
"""

REVERSE = """
DROP TRIGGER identity_policy_never_emptied ON identity_approvalpolicy;
DROP TRIGGER identity_policy_stays ON identity_approvalpolicy;
DROP TRIGGER identity_maker_never_emptied ON identity_proposalmaker;
DROP TRIGGER identity_maker_stays ON identity_proposalmaker;
DROP TRIGGER identity_maker_guard ON identity_proposalmaker;
DROP TRIGGER identity_vote_never_emptied ON identity_proposalvote;
DROP TRIGGER identity_vote_stays ON identity_proposalvote;
DROP TRIGGER identity_vote_guard ON identity_proposalvote;
DROP TRIGGER identity_proposal_never_emptied ON identity_proposal;
DROP TRIGGER identity_proposal_stays ON identity_proposal;
DROP TRIGGER identity_proposal_guard ON identity_proposal;
DROP TRIGGER identity_proposal_birth ON identity_proposal;
DROP FUNCTION identity_guard_birth();
DROP FUNCTION identity_guard_proposal();
DROP FUNCTION identity_guard_maker();
DROP FUNCTION identity_guard_vote();
DROP FUNCTION identity_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_proposals")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
