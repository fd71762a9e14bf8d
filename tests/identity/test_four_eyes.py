"""Two people: who makes has no vote, a vote is on exact words, and the database holds both whoever writes the rows."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.context import acting_as
from audit.errors import DomainError, WrongState
from audit.models import Entry
from identity import kinds, rules
from identity.errors import (
    AlreadyVoted,
    MembershipExists,
    NotAnApprover,
    NotTheMaker,
    PolicyMakesNoSense,
    PolicyUnsatisfiable,
    ProposalChanged,
    ProposalExpired,
    RoleTooYoung,
    UnknownKind,
    UnknownPerson,
    UnknownRole,
    VoterIsMaker,
)
from identity.models import Membership, Program, Proposal, ProposalMaker, ProposalVote, User
from identity.operations import execute_proposal, expire_proposals, propose, recall_proposal, revise_proposal, vote
from identity.proposable import CHANGE_POLICY, GRANT_ROLE
from identity.states import Decision, ProposalState, Role
from tests.factories import MembershipFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting")]

NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=30)


def owner_of(program: Program, name: str, *, since: datetime = LONG_AGO, role: Role = Role.OWNER) -> User:
    user = UserFactory(email=f"{name}@example.com", name=name.title())
    MembershipFactory(user=user, program=program, role=role, created_at=since)
    return user


@pytest.fixture
def olivia(program: Program) -> User:
    return owner_of(program, "olivia")


@pytest.fixture
def oscar(program: Program) -> User:
    return owner_of(program, "oscar")


@pytest.fixture
def nora(db: None) -> User:
    """Somebody who is to get a role."""
    return UserFactory(email="nora@example.com")


@pytest.fixture
def proposal(acting: None, program: Program, olivia: User, oscar: User, nora: User) -> Proposal:
    return make(program, by=olivia)


def make(program: Program, *, by: User, role: Role = Role.FINANCE_APPROVER, **more: Any) -> Proposal:
    payload = {"email": "nora@example.com", "role": role.value}
    return propose(GRANT_ROLE, program=program, payload=payload, reason="needs it", by=by, at=NOW, **more)


def cast(proposal: Proposal, *, by: User, at: datetime = NOW, **more: Any) -> Proposal:
    proposal.refresh_from_db()
    words = {"revision": proposal.revision, "digest": proposal.digest, "decision": Decision.APPROVE, **more}
    return vote(proposal.pk, by=by, at=at, **words)


def refused(error: type[DomainError], proposal: Proposal, act: Any) -> DomainError:
    """Expect a refusal, and that nothing has moved."""
    proposal.refresh_from_db()
    before = (proposal.state, proposal.revision, proposal.votes.count(), Entry.objects.count())
    with pytest.raises(error) as caught, transaction.atomic():
        act()
    proposal.refresh_from_db()
    assert (proposal.state, proposal.revision, proposal.votes.count(), Entry.objects.count()) == before
    assert not Membership.objects.filter(user__email="nora@example.com").exists()
    return caught.value


def test_a_second_person_s_vote_carries_it_out(proposal: Proposal, oscar: User, nora: User) -> None:
    decided = cast(proposal, by=oscar, comment="looks right")

    assert decided.state == ProposalState.EXECUTED
    assert Membership.objects.get(user=nora).role == Role.FINANCE_APPROVER
    actions = list(Entry.objects.about(proposal).order_by("id").values_list("action", flat=True))
    assert actions == [f"identity.proposal.{step}" for step in ("proposed", "voted", "approved", "executed")]


def test_a_vote_against_rejects(proposal: Proposal, oscar: User, nora: User) -> None:
    decided = cast(proposal, by=oscar, decision=Decision.REJECT)

    assert decided.state == ProposalState.REJECTED
    assert not Membership.objects.filter(user=nora).exists()


def test_the_maker_has_no_vote(proposal: Proposal, olivia: User) -> None:
    refused(VoterIsMaker, proposal, lambda: cast(proposal, by=olivia))


def test_whoever_changed_it_has_no_vote_either(proposal: Proposal, olivia: User, oscar: User, program: Program) -> None:
    third = owner_of(program, "otto")
    revise_proposal(
        proposal.pk, payload={"email": "nora@example.com", "role": "SUPPORT"}, reason="less", by=oscar, at=NOW
    )

    refused(VoterIsMaker, proposal, lambda: cast(proposal, by=oscar))
    assert cast(proposal, by=third).state == ProposalState.EXECUTED
    assert Membership.objects.get(user__email="nora@example.com").role == Role.SUPPORT


def test_a_vote_is_on_what_was_read(proposal: Proposal, olivia: User, oscar: User) -> None:
    read = (proposal.revision, proposal.digest)
    revise_proposal(
        proposal.pk, payload={"email": "nora@example.com", "role": "OWNER"}, reason="more", by=olivia, at=NOW
    )

    refused(ProposalChanged, proposal, lambda: cast(proposal, by=oscar, revision=read[0], digest=read[1]))
    refused(ProposalChanged, proposal, lambda: cast(proposal, by=oscar, digest=read[1]))


def test_a_new_revision_voids_the_votes_it_had(program: Program, olivia: User, oscar: User, nora: User) -> None:
    third = owner_of(program, "otto")
    policy = [{"above": "0", "votes": 2, "roles": ["OWNER"]}]
    program.approval_policies.create(kind=GRANT_ROLE, valid_from=LONG_AGO, bands=policy)
    proposal = make(program, by=olivia)
    assert cast(proposal, by=oscar).state == ProposalState.PROPOSED
    revise_proposal(
        proposal.pk, payload={"email": "nora@example.com", "role": "OWNER"}, reason="more", by=olivia, at=NOW
    )

    assert cast(proposal, by=third).state == ProposalState.PROPOSED
    assert cast(proposal, by=oscar).state == ProposalState.EXECUTED


def test_nobody_votes_twice(program: Program, olivia: User, oscar: User, nora: User) -> None:
    owner_of(program, "otto")
    program.approval_policies.create(
        kind=GRANT_ROLE, valid_from=LONG_AGO, bands=[{"above": "0", "votes": 2, "roles": ["OWNER"]}]
    )
    proposal = make(program, by=olivia)
    cast(proposal, by=oscar)

    refused(AlreadyVoted, proposal, lambda: cast(proposal, by=oscar))


@pytest.mark.parametrize("role", sorted(set(Role.values) - {"OWNER"}))
def test_other_roles_have_no_vote(proposal: Proposal, program: Program, role: str) -> None:
    somebody = owner_of(program, "somebody", role=Role(role))

    refused(NotAnApprover, proposal, lambda: cast(proposal, by=somebody))


def test_an_owner_of_another_program_has_no_vote(proposal: Proposal, charlie: User) -> None:
    stranger = owner_of(charlie.memberships.get().program, "stranger")

    refused(NotAnApprover, proposal, lambda: cast(proposal, by=stranger))


def test_an_owner_of_the_house_has_one(proposal: Proposal, house: Program) -> None:
    assert cast(proposal, by=owner_of(house, "harriet")).state == ProposalState.EXECUTED


def test_a_role_that_was_taken_away_has_none(proposal: Proposal, oscar: User) -> None:
    oscar.memberships.all().delete()

    refused(NotAnApprover, proposal, lambda: cast(proposal, by=oscar))


def test_a_role_younger_than_a_day_does_not_vote(proposal: Proposal, program: Program) -> None:
    young = owner_of(program, "young", since=NOW - timedelta(hours=23, minutes=59))

    refused(RoleTooYoung, proposal, lambda: cast(proposal, by=young))
    assert cast(proposal, by=young, at=NOW + timedelta(minutes=1)).state == ProposalState.EXECUTED


def test_an_owner_alone_can_not_make_himself_two_people(program: Program, olivia: User, nora: User) -> None:
    with pytest.raises(PolicyUnsatisfiable):
        make(program, by=olivia, role=Role.OWNER)

    assert not Proposal.objects.exists()
    assert not Entry.objects.exists()


@pytest.mark.parametrize("role", ["OWNER"])
def test_two_young_owners_can_not_either(program: Program, nora: User, role: str) -> None:
    first = owner_of(program, "first", since=NOW)
    owner_of(program, "second", since=NOW)

    with pytest.raises(PolicyUnsatisfiable):
        make(program, by=first)


def test_time_runs_out(proposal: Proposal, oscar: User, olivia: User) -> None:
    late = proposal.expires_at

    refused(ProposalExpired, proposal, lambda: cast(proposal, by=oscar, at=late))
    refused(
        ProposalExpired,
        proposal,
        lambda: revise_proposal(proposal.pk, payload=proposal.payload, reason="again", by=olivia, at=late),
    )
    assert expire_proposals(at=late - timedelta(seconds=1)) == 0
    assert expire_proposals(at=late) == 1
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.EXPIRED
    assert expire_proposals(at=late) == 0


def test_the_maker_takes_it_back(proposal: Proposal, olivia: User, oscar: User) -> None:
    refused(NotTheMaker, proposal, lambda: recall_proposal(proposal.pk, reason="no", by=oscar, at=NOW))

    recall_proposal(proposal.pk, reason="mistake", by=olivia, at=NOW)

    refused(WrongState, proposal, lambda: cast(proposal, by=oscar))


@pytest.mark.parametrize("end", ["executed", "rejected", "recalled", "expired"])
def test_what_was_decided_stays_decided(proposal: Proposal, olivia: User, oscar: User, end: str) -> None:
    if end == "executed":
        cast(proposal, by=oscar)
    elif end == "rejected":
        cast(proposal, by=oscar, decision=Decision.REJECT)
    elif end == "recalled":
        recall_proposal(proposal.pk, reason="mistake", by=olivia, at=NOW)
    else:
        expire_proposals(at=proposal.expires_at)
    count = Membership.objects.count()

    acts: tuple[Callable[[], Proposal], ...] = (
        lambda: cast(proposal, by=oscar),
        lambda: execute_proposal(proposal.pk, at=NOW),
        lambda: recall_proposal(proposal.pk, reason="again", by=olivia, at=NOW),
        lambda: revise_proposal(proposal.pk, payload=proposal.payload, reason="again", by=olivia, at=NOW),
    )
    for act in acts:
        with pytest.raises(WrongState), transaction.atomic():
            act()
    assert Membership.objects.count() == count


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({"email": "nora@example.com", "role": "EMPEROR"}, UnknownRole),
        ({"email": "nora@example.com"}, UnknownRole),
        ({"email": "nobody@example.com", "role": "OWNER"}, UnknownPerson),
        ({"role": "OWNER"}, UnknownPerson),
        ({"email": "oscar@example.com", "role": "OWNER"}, MembershipExists),
    ],
)
def test_what_could_not_be_carried_out_is_not_proposed(
    program: Program, olivia: User, oscar: User, nora: User, payload: dict[str, str], error: type[DomainError]
) -> None:
    with pytest.raises(error):
        propose(GRANT_ROLE, program=program, payload=payload, reason="x", by=olivia, at=NOW)

    assert not Proposal.objects.exists()


def test_an_unknown_kind_is_refused(program: Program, olivia: User, oscar: User) -> None:
    with pytest.raises(UnknownKind):
        propose("identity.rob_the_bank", program=program, payload={}, reason="x", by=olivia, at=NOW)


def test_what_became_impossible_is_refused_and_the_vote_with_it(proposal: Proposal, oscar: User, nora: User) -> None:
    nora.is_active = False
    nora.save()

    refused(UnknownPerson, proposal, lambda: cast(proposal, by=oscar))


# The policy


def band(above: str, votes: int, *roles: str) -> dict[str, Any]:
    return {"above": above, "votes": votes, "roles": list(roles)}


@pytest.mark.parametrize(
    "bands",
    [
        [],
        [band("1", 1, "OWNER")],
        [band("0", 0, "OWNER")],
        [band("0", 1)],
        [band("0", 1, "CUSTOMER")],
        [band("0", 1, "OWNER"), band("0", 2, "OWNER")],
        [band("0", 1, "OWNER"), band("NaN", 1, "OWNER")],
        [band("zero", 1, "OWNER")],
        [{"above": "0"}],
        "nonsense",
        None,
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(program: Program, olivia: User, oscar: User, bands: Any) -> None:
    with pytest.raises(PolicyMakesNoSense):
        propose(
            CHANGE_POLICY, program=program, payload={"kind": GRANT_ROLE, "bands": bands}, reason="x", by=olivia, at=NOW
        )


def test_a_policy_that_nobody_could_satisfy_is_refused(program: Program, olivia: User, oscar: User) -> None:
    payload = {"kind": GRANT_ROLE, "bands": [band("0", 2, "OWNER")]}

    with pytest.raises(PolicyUnsatisfiable):
        propose(CHANGE_POLICY, program=program, payload=payload, reason="x", by=olivia, at=NOW)


def test_a_policy_takes_two_people_and_applies_from_then_on(proposal: Proposal, program: Program, oscar: User) -> None:
    otto = owner_of(program, "otto")
    change = propose(CHANGE_POLICY, program=program, payload={"kind": GRANT_ROLE, "bands": [band("0", 2, "OWNER")]},
                     reason="x", by=otto, at=NOW)  # fmt: skip
    cast(change, by=oscar)

    # What was submitted under the old policy keeps it, what comes after does not.
    assert cast(proposal, by=oscar).state == ProposalState.EXECUTED
    UserFactory(email="ned@example.com")
    later = propose(GRANT_ROLE, program=program, payload={"email": "ned@example.com", "role": "OWNER"}, reason="x",
                    by=otto, at=NOW + timedelta(seconds=1))  # fmt: skip
    assert later.votes_needed == 2


@pytest.mark.parametrize(("amount", "votes"), [("0", 1), ("99.99", 1), ("100", 2), ("5000", 3), (None, 3)])
def test_the_amount_decides_the_band(amount: str | None, votes: int) -> None:
    roles = frozenset({"OWNER"})
    bands = [rules.Band(Decimal(above), count, roles) for above, count in (("1000", 3), ("0", 1), ("100", 2))]

    assert rules.band_for(bands, Decimal(amount) if amount else None).votes == votes


def test_two_programs_write_the_digest_alike() -> None:
    one = rules.digest(kind="k", program="p", subject="s", revision=1, payload={"b": 1, "a": {"y": "é", "x": None}})
    two = rules.digest(kind="k", program="p", subject="s", revision=1, payload={"a": {"x": None, "y": "é"}, "b": 1})

    assert one == two
    for change in ({"kind": "l"}, {"program": "q"}, {"subject": "t"}, {"revision": 2}, {"payload": {"b": 1}}):
        words: dict[str, Any] = {"kind": "k", "program": "p", "subject": "s", "revision": 1, "payload": {"a": 1}}
        assert rules.digest(**{**words, **change}) != rules.digest(**words)


# The database, whoever writes the rows


def sql(statement: str, *values: Any) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def columns(*, but: tuple[str, ...]) -> str:
    return ", ".join(str(field.column) for field in Proposal._meta.fields if field.column not in but)


def test_raw_sql_can_not_vote_for_a_maker(proposal: Proposal, olivia: User) -> None:
    with pytest.raises(DatabaseError, match="a maker has no vote"), transaction.atomic():
        ProposalVote.objects.create(proposal=proposal, by=olivia, revision=1, digest=proposal.digest,
                                    decision=Decision.APPROVE, at=NOW)  # fmt: skip
    assert not proposal.votes.exists()


def test_raw_sql_can_not_take_the_maker_away(proposal: Proposal, olivia: User, oscar: User) -> None:
    sql("DELETE FROM identity_proposalmaker")
    sql("UPDATE identity_proposalmaker SET user_id = %s", oscar.pk)
    sql("TRUNCATE identity_proposalmaker")

    assert proposal.makers.get().user == olivia


def test_raw_sql_can_not_make_a_maker_of_a_voter(program: Program, olivia: User, oscar: User, nora: User) -> None:
    owner_of(program, "otto")
    program.approval_policies.create(kind=GRANT_ROLE, valid_from=LONG_AGO, bands=[band("0", 2, "OWNER")])
    proposal = make(program, by=olivia)
    cast(proposal, by=oscar)

    with pytest.raises(DatabaseError, match="who has voted"), transaction.atomic():
        ProposalMaker.objects.create(proposal=proposal, user=oscar, revision=1, at=NOW)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'APPROVED'",
        "state = 'EXECUTED'",
        "payload = '{}'",
        "digest = repeat('0', 64)",
        "votes_needed = 0",
        "voter_roles = '[\"CUSTOMER\"]'",
        "kind = 'other'",
        "amount = 1",
        "expires_at = now() + interval '1 year'",
        "revision = 3, payload = '{}'",
        "revision = 2, state = 'APPROVED'",
    ],
)
def test_raw_sql_can_not_change_what_is_proposed(proposal: Proposal, change: str) -> None:
    sql(f"UPDATE identity_proposal SET {change}")


def test_raw_sql_can_not_reopen_or_remove_what_was_decided(proposal: Proposal, oscar: User) -> None:
    cast(proposal, by=oscar)

    for statement in (
        "UPDATE identity_proposal SET state = 'PROPOSED'",
        "UPDATE identity_proposal SET result = '{}'",
        "DELETE FROM identity_proposalvote",
        "UPDATE identity_proposalvote SET decision = 'REJECT'",
        "TRUNCATE identity_proposal CASCADE",
        "DELETE FROM identity_proposal",
    ):
        sql(statement)


def test_raw_sql_can_not_bear_an_approved_proposal(proposal: Proposal) -> None:
    names = columns(but=("id", "state"))

    sql(
        f"INSERT INTO identity_proposal (id, state, {names}) "
        f"SELECT gen_random_uuid(), 'APPROVED', {names} FROM identity_proposal"
    )


def test_raw_sql_can_not_approve_what_nobody_made(proposal: Proposal, oscar: User) -> None:
    names = columns(but=("id",))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO identity_proposal (id, {names}) "
            f"SELECT gen_random_uuid(), {names} FROM identity_proposal RETURNING id"
        )
        orphan = Proposal.objects.get(pk=cursor.fetchone()[0])
    orphan.votes.create(by=oscar, revision=1, digest=orphan.digest, decision=Decision.APPROVE, at=NOW)

    with pytest.raises(DatabaseError, match="nobody made it"), transaction.atomic():
        Proposal.objects.filter(pk=orphan.pk).update(state="APPROVED")


def test_raw_sql_can_not_edit_a_policy(program: Program) -> None:
    program.approval_policies.create(kind=GRANT_ROLE, valid_from=LONG_AGO, bands=[band("0", 2, "OWNER")])

    sql("UPDATE identity_approvalpolicy SET bands = '[]'")
    sql("DELETE FROM identity_approvalpolicy")


# At the same moment


def at_once(*acts: Any) -> list[Any]:
    """Run the acts in threads that begin together, with real commits; return results or errors."""
    outcomes: list[Any] = [None] * len(acts)
    barrier = threading.Barrier(len(acts))

    def run(place: int) -> None:
        barrier.wait()
        try:
            with acting_as("test", f"thread-{place}"):
                outcomes[place] = acts[place]()
        except Exception as error:  # noqa: BLE001
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    @pytest.fixture(autouse=True)
    def _cast(self, proposal: Proposal, program: Program) -> None:
        self.third = owner_of(program, "otto")

    def test_two_last_votes_carry_it_out_once(self, proposal: Proposal, oscar: User, nora: User) -> None:
        outcomes = at_once(lambda: cast(proposal, by=oscar), lambda: cast(proposal, by=self.third))

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Proposal", "WrongState"]
        assert Membership.objects.filter(user=nora).count() == 1

    def test_one_person_in_two_windows_votes_once(self, proposal: Proposal, oscar: User) -> None:
        outcomes = at_once(*[lambda: cast(proposal, by=oscar)] * 4)

        assert sum(isinstance(outcome, Proposal) for outcome in outcomes) == 1
        assert proposal.votes.count() == 1

    def test_a_vote_and_a_change_come_one_after_the_other(self, proposal: Proposal, olivia: User, oscar: User) -> None:
        words = (proposal.revision, proposal.digest)
        outcomes = at_once(
            lambda: vote(proposal.pk, revision=words[0], digest=words[1], decision=Decision.APPROVE, by=oscar, at=NOW),
            lambda: revise_proposal(
                proposal.pk, payload={"email": "nora@example.com", "role": "OWNER"}, reason="x", by=olivia, at=NOW
            ),
        )

        proposal.refresh_from_db()
        granted = Membership.objects.filter(user__email="nora@example.com").values_list("role", flat=True)
        if isinstance(outcomes[0], Proposal):
            assert (proposal.revision, list(granted)) == (1, ["FINANCE_APPROVER"])
            assert isinstance(outcomes[1], WrongState)
        else:
            assert isinstance(outcomes[0], ProposalChanged)
            assert (proposal.revision, list(granted)) == (2, [])


def test_every_kind_is_complete() -> None:
    for kind in kinds.kinds():
        assert kind.bands[0].above == 0
        assert kind.permission_to_propose in set().union(*rules.ROLE_PERMISSIONS.values())
