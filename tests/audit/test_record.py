"""The journal records who did what, in the transaction of the change, and only grows."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from audit.context import NoActor, acting_as, correlation_id
from audit.models import Entry
from audit.operations import record
from identity.models import Program
from tests.factories import EntryFactory

pytestmark = pytest.mark.django_db


def test_records_actor_subject_and_correlation_id(program: Program) -> None:
    with acting_as("user", "alice") as context:
        entry = record("identity.program.created", subject=program, at=timezone.now(), payload={"slug": "acme"})

    entry.refresh_from_db()
    assert (entry.actor_type, entry.actor_id) == ("user", "alice")
    assert (entry.subject_type, entry.subject_id) == ("identity.program", str(program.pk))
    assert entry.payload == {"slug": "acme"}
    assert entry.correlation_id == context.correlation_id


def test_carries_the_transaction_that_wrote_it(program: Program) -> None:
    with acting_as("user", "alice"):
        entry = record("identity.program.created", subject=program, at=timezone.now())

    entry.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        assert entry.transaction_id == cursor.fetchone()[0]


def test_refuses_without_an_actor(program: Program) -> None:
    with pytest.raises(NoActor):
        record("identity.program.created", subject=program, at=timezone.now())

    assert not Entry.objects.exists()


def test_the_actor_is_gone_when_the_block_ends() -> None:
    with acting_as("user", "alice"):
        assert correlation_id()

    assert correlation_id() is None


def test_an_inner_actor_keeps_the_correlation_id() -> None:
    with acting_as("user", "alice") as outer, acting_as("command", "seed") as inner:
        assert inner.correlation_id == outer.correlation_id
        assert inner.actor.id == "seed"


def test_vanishes_with_the_change_it_records(program: Program) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic(), acting_as("user", "alice"):
        record("identity.program.created", subject=program, at=timezone.now())
        raise ZeroDivisionError

    assert not Entry.objects.exists()


@pytest.mark.parametrize("action", ["created", "identity.created", "Identity.Program.Created", "a.b.c.d", ""])
def test_the_database_refuses_an_action_of_another_form(action: str) -> None:
    with pytest.raises(IntegrityError):
        EntryFactory(action=action)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor_id = 'mallory'",
        "UPDATE audit_entry SET id = id",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
    ],
)
def test_the_database_refuses_to_change_the_journal(statement: str) -> None:
    entry = EntryFactory(actor_id="alice")

    with pytest.raises(DatabaseError, match="the journal only grows"), transaction.atomic():
        connection.cursor().execute(statement)

    assert list(Entry.objects.values_list("pk", "actor_id")) == [(entry.pk, "alice")]


def test_orm_changes_are_refused_too() -> None:
    entry = EntryFactory(actor_id="alice")

    for change in (
        lambda: Entry.objects.update(actor_id="mallory"),
        lambda: Entry.objects.all().delete(),
        entry.delete,
        lambda: Entry(pk=entry.pk, at=entry.at).save(force_update=True),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()

    assert Entry.objects.get().actor_id == "alice"
