"""Opening a program."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import Entry
from identity.errors import SlugTaken, UnknownTimeZone
from identity.models import Program
from identity.operations import create_program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting")]


def test_opens_an_active_program_and_says_so_in_the_journal() -> None:
    program = create_program(name="Acme", slug="acme", time_zone="Europe/Berlin", at=timezone.now())

    program.refresh_from_db()
    assert (program.slug, program.status, program.time_zone) == ("acme", "ACTIVE", "Europe/Berlin")
    entry = Entry.objects.about(program).get()
    assert (entry.action, entry.program_id) == ("identity.program.created", program.pk)


def test_refuses_a_slug_that_is_taken(program: Program) -> None:
    with pytest.raises(SlugTaken) as refused:
        create_program(name="Another", slug=program.slug, at=timezone.now())

    assert refused.value.params == {"slug": "acme"}
    assert Program.objects.count() == 1
    assert not Entry.objects.exists()


def test_refuses_a_time_zone_that_does_not_exist() -> None:
    with pytest.raises(UnknownTimeZone):
        create_program(name="Acme", slug="acme", time_zone="Mars/Olympus", at=timezone.now())

    assert not Program.objects.exists()


@pytest.mark.parametrize("slug", ["", "Acme", "a b", "-a", "a--b", "ä", "a/b", "a\n"])
def test_refuses_a_slug_that_is_no_slug(slug: str) -> None:
    with pytest.raises(ValidationError):
        create_program(name="Acme", slug=slug, at=timezone.now())

    assert not Program.objects.exists()


@pytest.mark.parametrize("change", [{"slug": "No Slug"}, {"status": "GONE"}, {"name": ""}])
def test_the_database_refuses_what_the_operation_would(program: Program, change: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Program.objects.filter(pk=program.pk).update(**change)
