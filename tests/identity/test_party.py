"""Parties: one for each person and reference of a program, whoever asks first; names that can be erased."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.errors import WrongState
from audit.models import Entry
from identity import rules
from identity.errors import PartyMakesNoSense, PartyTaken
from identity.models import Party, Program, User
from identity.operations import change_party, change_party_status, open_party
from identity.states import PartyKind, PartyStatus, Role
from tests.factories import MembershipFactory, PartyFactory, ProgramFactory, UserFactory
from tests.identity.test_admin_four_eyes import client_of
from tests.identity.test_races import all_at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting")]


def opened(program: Program, name: str = "Ann", **more: Any) -> Party:
    return open_party(program=program, kind=PartyKind.PERSON, name=name, at=timezone.now(), **more)


def test_a_party_is_opened_once_for_a_user_and_once_for_a_reference(program: Program) -> None:
    user = UserFactory()

    assert opened(program, user=user) == opened(program, "Somebody else", user=user)
    assert opened(program, external_reference="crm-1") == opened(program, external_reference=" crm-1 ")
    assert opened(program) != opened(program)  # nothing says that these are the same

    assert Party.objects.count() == 4
    assert Entry.objects.filter(action="identity.party.opened").count() == 4
    assert Party.objects.get(user=user).name == "Ann"


def test_one_user_is_a_party_in_each_program(program: Program) -> None:
    user = UserFactory()

    assert opened(program, user=user) != opened(ProgramFactory(), user=user)


def test_what_belongs_to_two_is_refused(program: Program) -> None:
    user, other = UserFactory(), UserFactory()
    mine = opened(program, user=user, external_reference="crm-1")
    opened(program, external_reference="crm-2")

    assert opened(program, user=user, external_reference="crm-1") == mine
    for asked_for, reference in ((user, "crm-2"), (user, "crm-3"), (other, "crm-1"), (other, "crm-2")):
        with pytest.raises(PartyTaken):
            opened(program, user=asked_for, external_reference=reference)
    assert Party.objects.count() == 2


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x00b", "x" * 201])
def test_a_name_is_one_line(program: Program, name: str) -> None:
    with pytest.raises(PartyMakesNoSense):
        opened(program, name)
    with pytest.raises(PartyMakesNoSense):
        opened(program, external_reference=name or "\n")

    assert not Party.objects.exists()


def test_the_journal_keeps_no_name_but_a_digest_that_needs_the_salt(program: Program) -> None:
    party = opened(program, "Ann Ominous", external_reference="crm-77")
    change_party(party.pk, name="Ann Onymous", at=timezone.now())

    party.refresh_from_db()
    first, second = (entry.payload for entry in Entry.objects.order_by("id"))
    assert second["changed"] == ["name"]
    assert second["details_digest"] == party.details_digest != first["details_digest"]
    assert party.details_digest == rules.details_digest(party.salt, name="Ann Onymous", external_reference="crm-77")
    assert party.details_digest != rules.details_digest("", name="Ann Onymous", external_reference="crm-77")
    for words in ("Ann", "crm-77"):
        assert words not in str(first) + str(second)


def test_what_changes_nothing_is_not_recorded(program: Program) -> None:
    party = opened(program)

    change_party(party.pk, name="Ann", kind=PartyKind.PERSON, external_reference="", at=timezone.now())

    assert Entry.objects.count() == 1


def test_who_signs_in_for_it_is_said_once(program: Program) -> None:
    party, user = opened(program), UserFactory()

    assert change_party(party.pk, user=user, at=timezone.now()).user == user
    with pytest.raises(PartyTaken):
        change_party(party.pk, user=UserFactory(), at=timezone.now())
    with pytest.raises(PartyTaken):
        change_party(opened(program).pk, user=user, at=timezone.now())


def test_a_reference_is_not_taken_from_another(program: Program) -> None:
    opened(program, external_reference="crm-1")
    party = opened(program)

    with pytest.raises(PartyTaken):
        change_party(party.pk, external_reference="crm-1", at=timezone.now())

    party.refresh_from_db()
    assert party.external_reference == ""
    change_party(opened(ProgramFactory()).pk, external_reference="crm-1", at=timezone.now())  # elsewhere it is free


def test_closing_and_opening_again(program: Program) -> None:
    party = opened(program)

    change_party_status(party.pk, to=PartyStatus.CLOSED, reason="left", at=timezone.now())
    with pytest.raises(WrongState):
        change_party_status(party.pk, to=PartyStatus.CLOSED, reason="left", at=timezone.now())
    change_party_status(party.pk, to=PartyStatus.ACTIVE, reason="came back", at=timezone.now())

    actions = list(Entry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["identity.party.opened", "identity.party.closed", "identity.party.reopened"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by", ["user", "reference", "both"])
def test_many_who_open_it_at_once_get_one(by: str) -> None:
    program = ProgramFactory()
    asked: dict[str, Any] = {}
    if by != "reference":
        asked["user"] = UserFactory()
    if by != "user":
        asked["external_reference"] = "crm-1"

    parties = all_at_once(lambda: opened(program, **asked))

    assert len({party.pk for party in parties}) == 1
    assert Party.objects.count() == 1
    assert Entry.objects.filter(action="identity.party.opened").count() == 1


# What the database holds by itself


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE identity_party SET program_id = %s", "stays where it is"),
        ("UPDATE identity_party SET user_id = NULL WHERE program_id <> %s", "stays the person"),
        ("DELETE FROM identity_party WHERE program_id <> %s", "refused"),
    ],
)
def test_a_party_stays(program: Program, statement: str, words: str) -> None:
    opened(program, user=UserFactory())

    with pytest.raises(IntegrityError, match=words), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [ProgramFactory().pk])


def test_nothing_of_one_program_points_to_a_party_of_another(program: Program) -> None:
    """As tables of other rooms will: their foreign key names the program too."""
    party = opened(program)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE wallet (program_id uuid NOT NULL, party_id uuid NOT NULL,"
            " FOREIGN KEY (party_id, program_id) REFERENCES identity_party (id, program_id))"
        )
        cursor.execute("INSERT INTO wallet VALUES (%s, %s)", [program.pk, party.pk])
        with pytest.raises(IntegrityError, match="foreign key"), transaction.atomic():
            cursor.execute("INSERT INTO wallet VALUES (%s, %s)", [ProgramFactory().pk, party.pk])


# The back office


def test_staff_open_change_and_close(program: Program) -> None:
    client = client_of(MembershipFactory(program=program, role=Role.SUPPORT).user)
    form = {"program": program.pk, "name": "Bakery", "kind": "ORGANISATION", "external_reference": "crm-9"}

    page = client.post(reverse("admin:identity_party_open"), form, follow=True).content.decode()
    party = Party.objects.get()
    edit = reverse("admin:identity_party_edit", args=[party.pk])
    assert edit in page
    client.post(edit, {**form, "name": "Old bakery"})
    client.post(edit, {"status": "CLOSED", "reason": "moved away"})

    party.refresh_from_db()
    assert (party.name, party.kind, party.status) == ("Old bakery", "ORGANISATION", "CLOSED")
    assert "Open it again" in client.get(edit).content.decode()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": ""}, "required"),
        ({"name": "a\x01"}, "printable"),
        ({"kind": "ROBOT"}, "Select a valid choice"),
        ({"external_reference": "crm-1"}, "has this person or external reference already"),
        ({"status": "CLOSED", "reason": ""}, "required"),
        ({"status": "ACTIVE", "reason": "x"}, "can&#x27;t become"),
        ({"status": "GONE", "reason": "x"}, ""),
    ],
)
def test_what_can_not_be_is_said_in_the_form(program: Program, sent: dict[str, str], words: str) -> None:
    opened(program, external_reference="crm-1")
    party = opened(program, external_reference="crm-2")
    client = client_of(MembershipFactory(program=program, role=Role.OWNER).user)
    form = {"name": "Ann", "kind": "PERSON", "external_reference": "crm-2"} if "status" not in sent else {}

    answer = client.post(reverse("admin:identity_party_edit", args=[party.pk]), {**form, **sent})

    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert Entry.objects.count() == 2


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.FINANCE_APPROVER])
def test_others_only_look(program: Program, role: Role) -> None:
    party = opened(program)
    client = client_of(MembershipFactory(program=program, role=role).user)
    edit = reverse("admin:identity_party_edit", args=[party.pk])

    assert "Ann" in client.get(reverse("admin:identity_party_changelist")).content.decode()
    assert edit not in client.get(reverse("admin:identity_party_change", args=[party.pk])).content.decode()
    for url in (edit, reverse("admin:identity_party_open")):
        assert client.get(url).status_code == client.post(url, {"name": "x"}).status_code == 403


def test_another_program_s_parties_are_not_there(program: Program, bob: User) -> None:
    elsewhere = PartyFactory(name="Elsewhere")
    client: Client = client_of(bob)
    form = {"program": elsewhere.program_id, "name": "x", "kind": "PERSON"}

    assert "Elsewhere" not in client.get(reverse("admin:identity_party_changelist")).content.decode()
    assert client.get(reverse("admin:identity_party_edit", args=[elsewhere.pk])).status_code == 404
    assert "Select a valid choice" in client.post(reverse("admin:identity_party_open"), form).content.decode()
    assert Party.objects.count() == 1
