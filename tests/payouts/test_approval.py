"""Nothing leaves the house without two people, and nobody agrees to what they had a hand in."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from affiliates.models import PayoutMethod
from affiliates.operations import retire_method
from audit.errors import DomainError
from identity.models import Membership, Proposal, User
from identity.operations import expire_proposals
from identity.states import Decision, Role
from payouts import errors
from payouts.models import Attempt, Part, Payout, PayoutBatch
from payouts.queries.flags import flagged
from tests.conftest import member
from tests.factories import UserFactory
from tests.payouts.house import House
from tests.payouts.till import TILL

pytestmark = pytest.mark.django_db


def somebody(house: House, name: str, role: Role = Role.FINANCE_APPROVER) -> User:
    user = member(UserFactory(email=f"{name}@example.com", name=name.title()), house.program, role)
    Membership.objects.filter(user=user).update(created_at=timezone.now() - timedelta(days=2))
    return user


def refused(code: str, do: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        do()
    assert caught.value.code == code, caught.value
    return caught.value


def test_a_maker_has_no_vote(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    batch = house.batch(by=house.approver)
    house.do("collect_due", batch, by=house.maker)
    somebody(house, "olga")
    house.do("submit_batch", batch, reason="Now", by=house.maker, waits_for_float=True)

    refused("voter_is_maker", lambda: house.agree(batch, by=house.approver))

    assert house.state(batch) == "PENDING_APPROVAL"


def test_who_said_where_somebody_is_paid_has_no_vote(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    PayoutMethod.objects.filter(affiliate=house.troupe.affiliates["ada"])
    olga = somebody(house, "olga")
    house.earns("bea", "50", verified_by=f"user:{olga.pk}")

    batch = house.submitted()

    refused("voter_is_maker", lambda: house.agree(batch, by=olga))
    assert house.agree(batch).state == "APPROVED"


def test_who_let_go_on_what_was_on_hold_has_no_vote(house_of_two: House) -> None:
    from audit.context import acting_as

    house = house_of_two
    house.earns("ada", "120")
    olga = somebody(house, "olga")
    row = house.troupe.affiliates["ada"].commissions.get()
    house.troupe.change("hold", row)
    with acting_as("user", str(olga.pk)):
        house.troupe.change("release", row, at=timezone.now() + timedelta(days=400))

    batch = house.submitted()

    refused("voter_is_maker", lambda: house.agree(batch, by=olga))


def test_who_is_paid_has_no_vote(house_of_two: House) -> None:
    house = house_of_two
    olga = somebody(house, "olga")
    house.troupe.affiliate("ada", user=olga)
    house.earns("ada", "120")

    batch = house.submitted()

    refused("voter_is_maker", lambda: house.agree(batch, by=olga))


def test_a_batch_that_nobody_could_approve_is_not_submitted(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    batch = house.batch(by=house.approver)
    house.do("collect_due", batch, by=house.maker)

    refused(
        "policy_unsatisfiable",
        lambda: house.do("submit_batch", batch, reason="Now", by=house.maker, waits_for_float=True),
    )

    assert house.state(batch) == "DRAFT"
    assert not Proposal.objects.exists()


def test_large_ones_take_two_votes(house_of_two: House) -> None:
    house = house_of_two
    olga = somebody(house, "olga")
    house.earns("ada", "100000")

    batch = house.submitted()

    assert house.agree(batch).state == "PENDING_APPROVAL"
    assert house.agree(batch, by=olga).state == "APPROVED"


def test_what_is_rejected_is_a_draft_again_and_keeps_what_it_would_pay(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    batch = house.submitted()

    house.agree(batch, decision=Decision.REJECT)

    assert house.state(batch) == "DRAFT"
    assert house.rows("ada") == ["DIRECT 120 BATCHED"]
    house.do("submit_batch", batch, reason="Again", by=house.maker, waits_for_float=True)
    assert batch.revision == 2
    assert house.agree(batch).state == "APPROVED"
    house.require_order()


def test_what_is_recalled_gives_back_what_was_reserved(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    batch = house.approved()
    house.require_order()

    house.do("recall_batch", batch, reason="A mistake", by=house.maker)

    assert house.state(batch) == "DRAFT"
    house.require_order()
    house.do("submit_batch", batch, reason="Again", by=house.maker, waits_for_float=True)
    house.agree(batch)
    house.require_order()


def test_only_who_had_a_hand_in_it_recalls_it(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    batch = house.approved()

    refused("not_the_maker", lambda: house.do("recall_batch", batch, reason="No", by=somebody(house, "olga")))

    assert house.state(batch) == "APPROVED"


def test_what_nobody_starts_in_time_expires(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    batch = house.approved()

    expire_proposals(at=timezone.now() + timedelta(days=60))

    assert house.state(batch) == "EXPIRED"
    assert house.payouts(batch) == ["ada 120 EXCLUDED approval_over"]
    assert house.rows("ada") == ["DIRECT 120 DUE"]
    house.require_order()


def test_a_draft_that_is_cancelled_frees_what_it_would_pay(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120.5")
    batch = house.collected()

    house.do("cancel_batch", batch, reason="Not this week", by=house.maker)

    assert house.state(batch) == "CANCELLED"
    assert house.rows("ada") == ["DIRECT 120.5 DUE", "CARRY -0.5 DUE", "CARRY 0.5 DUE"]
    again = house.collected()
    assert house.payouts(again) == ["ada 120 READY"]
    house.require_order()


def test_nobody_else_starts_it(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    batch = house.approved()

    refused("may_not_execute", lambda: house.do("execute_batch", batch, by=somebody(house, "olga")))

    assert house.state(batch) == "APPROVED"
    assert house.do("execute_batch", batch, by=house.approver).state == "PROCESSING"


def test_it_is_started_once(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    house.funds("1000")
    batch = house.started()

    refused("wrong_state", lambda: house.do("execute_batch", batch, by=house.approver))

    house.send()
    house.send()
    assert len(TILL.calls) == 1


def test_a_payee_who_moved_after_the_approval_is_held(house_of_two: House) -> None:
    house = house_of_two
    ada = house.earns("ada", "120")
    house.earns("bea", "50")
    house.funds("1000")
    batch = house.approved()
    method = PayoutMethod.objects.get(affiliate=ada)
    retire_method(method.pk, program_id=house.program.pk, at=timezone.now())

    house.do("execute_batch", batch, by=house.maker)
    house.send()

    assert house.payouts(batch) == ["ada 120 HELD payee_changed", "bea 50 PAID"]
    assert house.state(batch) == "EXECUTED_WITH_ERRORS"
    refused("nothing_to_pay", lambda: house.do("free_payout", house.payout("ada"), reason="Looks fine"))
    house.do("exclude_payout", house.payout("ada"), reason="Paid next week", by=house.maker)
    assert house.state(batch) == "EXECUTED"
    assert house.rows("ada") == ["DIRECT 120 DUE"]
    house.require_order()


def test_a_payee_who_moves_between_start_and_sending_is_held(house_of_two: House) -> None:
    house = house_of_two
    ada = house.earns("ada", "120")
    house.funds("1000")
    batch = house.started()
    retire_method(PayoutMethod.objects.get(affiliate=ada).pk, program_id=house.program.pk, at=timezone.now())

    house.send()

    assert house.payouts(batch) == ["ada 120 HELD payee_changed"]
    assert TILL.calls == []


def change(model: Any, pk: Any, **values: Any) -> None:
    with transaction.atomic():
        model.objects.filter(pk=pk).update(**values)


def test_the_database_refuses_to_change_what_is_voted_on(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    batch = house.submitted()
    payout = house.payout("ada")

    for values in ({"amount": 1200}, {"destination": "254700000000"}, {"destination_digest": "0" * 32}):
        with pytest.raises(DatabaseError, match="stays what was agreed on"):
            change(Payout, payout.pk, **values)
    with pytest.raises(DatabaseError, match="stays what was submitted"):
        change(PayoutBatch, batch.pk, digest="0" * 64)
    with pytest.raises(DatabaseError, match="nobody has agreed"):
        change(PayoutBatch, batch.pk, state="APPROVED")
    with pytest.raises(DatabaseError, match="put into drafts"), transaction.atomic():
        Payout.objects.create(
            program=house.program, batch=batch, payee_type="AFFILIATE", affiliate=house.troupe.affiliate("eve"),
            asset=batch.asset, gross=1, amount=1, destination="254700000000", rail_account=house.account,
            destination_kind="MPESA", created_at=timezone.now(),
        )  # fmt: skip


def test_the_database_refuses_to_send_what_nobody_agreed_to(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    house.approved()
    payout = house.payout("ada")
    part = Part.objects.create(program=house.program, payout=payout, number=1, amount=payout.amount)

    with pytest.raises(DatabaseError, match="stays what was agreed on"):
        change(Payout, payout.pk, state="SENDING")
    with pytest.raises(DatabaseError, match="nobody has agreed to send"), transaction.atomic():
        Attempt.objects.create(
            program=house.program, payout=payout, part=part, rail_account=house.account, number=1, reference="P1",
            amount=payout.amount, stored_at=timezone.now(),
        )  # fmt: skip


def test_what_is_not_as_it_was_submitted_is_not_agreed_to(house_of_two: House, monkeypatch: Any) -> None:
    """Should somebody find a way around the triggers, the digest still tells."""
    from django.db import connection

    house = house_of_two
    house.earns("ada", "120")
    batch = house.submitted()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE payouts_payout DISABLE TRIGGER USER")
        cursor.execute("UPDATE payouts_payout SET amount = 121, gross = 121")
        cursor.execute("ALTER TABLE payouts_payout ENABLE TRIGGER USER")

    refused("batch_changed", lambda: house.agree(batch))

    assert house.state(batch) == "PENDING_APPROVAL"


def test_a_batch_by_key_is_one(house_of_two: House) -> None:
    house = house_of_two
    one = house.batch(key="week-47", note="Week 47")

    assert house.batch(key="week-47", note="Week 47") == one
    assert isinstance(refused("batch_conflict", lambda: house.batch(key="week-47")), errors.BatchConflict)


def test_one_is_not_paid_by_two_batches(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    house.collected()

    second = house.collected()

    assert house.payouts(second) == []
    refused("batch_is_empty", lambda: house.do("submit_batch", second, reason="Now", by=house.maker))


def test_what_is_strange_is_said_to_who_votes(house_of_two: House) -> None:
    house = house_of_two
    house.funds("100000")
    house.earns("ada", "100")
    house.earns("bea", "100")
    house.started()
    house.send()
    bea = house.troupe.affiliates["bea"]
    house.earns("ada", "100")
    house.earns("bea", "301")
    house.earns("cyd", "50")
    house.earns("dan", "50")
    old = PayoutMethod.objects.get(affiliate=bea)
    PayoutMethod.objects.create(
        program=house.program, affiliate=bea, kind="MPESA", destination="254711111111", destination_digest="1" * 32,
        state="USABLE", added_at=old.added_at, added_by="test:x", verified_at=old.verified_at, verified_by="test:x",
        usable_at=timezone.now(),
    )  # fmt: skip
    batch = house.collected()

    found = flagged(batch, at=timezone.now())

    def who(flag: str) -> list[str]:
        return [house.name_of(Payout.objects.get(pk=pk)) for pk in found.get(flag, [])]

    assert who("new_payee") == ["cyd", "dan"]
    assert who("new_destination") == ["bea"]
    assert who("far_above_usual") == ["bea"]
    assert who("paid_lately") == ["ada"]
    assert who("shared_destination") == []
