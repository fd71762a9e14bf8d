"""A list of very many rows opens as fast as a short one, and tells nobody how many rows others have."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.admin.long_lists import COUNTED_AT_MOST, BoundedPaginator
from audit.models import Entry
from identity.models import Program, User
from identity.states import Role
from tests.factories import EntryFactory, MembershipFactory, ProgramFactory
from tests.signed_in import BACKEND

pytestmark = pytest.mark.django_db

LIST = "admin:audit_entry_changelist"
MANY = 75_000


@pytest.fixture
def busy(program: Program) -> Program:
    """Acme's journal, long."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_entry (id, at, actor_type, actor_id, program_id, action, subject_type, subject_id, "
            "payload, correlation_id) SELECT gen_random_uuid(), now(), 'user', 'x', %s, 'identity.program.created', "
            "'acme.thing', n::text, '{}', 'c' || n FROM generate_series(1, %s) n",
            [program.pk, MANY],
        )
        cursor.execute("ANALYZE audit_entry")
    return program


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def staff(program: Program, role: Role = Role.OWNER) -> Client:
    return client_of(MembershipFactory(program=program, role=role).user)


def words(client: Client, **query: str) -> str:
    answer = client.get(reverse(LIST), query)
    assert answer.status_code == 200
    said: str = answer.context["cl"].paginator.count_in_words
    assert said in answer.content.decode()
    return said


def test_who_sees_everything_is_told_about_how_much_there_is(busy: Program, house: Program) -> None:
    client = staff(house)

    assert words(client) == words(client, o="-1") == "about 75,000"
    assert words(client, subject_type="acme.thing") == "more than 50,000"
    assert words(client, q="c77") == "1"


def test_of_a_part_no_estimate_is_told(busy: Program) -> None:
    elsewhere = ProgramFactory()
    EntryFactory.create_batch(3, program_id=elsewhere.pk)

    assert words(staff(busy)) == "more than 50,000"
    assert words(staff(elsewhere)) == "3"
    assert words(staff(ProgramFactory())) == "0"


def test_pages_go_as_far_as_rows_are_counted(busy: Program) -> None:
    client = staff(busy)

    last = client.get(reverse(LIST), {"p": "1000"})

    assert last.context["cl"].result_count == COUNTED_AT_MOST
    assert len(last.context["cl"].result_list) == 50
    assert client.get(reverse(LIST), {"p": "1001"}).status_code == 302


@pytest.mark.parametrize("query", [{}, {"p": "2"}, {"o": "1"}, {"subject_type": "acme.thing"}])
def test_nothing_reads_all_rows(busy: Program, house: Program, query: dict[str, str]) -> None:
    for client in (staff(busy), staff(house)):
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse(LIST), query)

        of_journal = [each["sql"] for each in asked if 'FROM "audit_entry"' in each["sql"]]
        assert len(of_journal) > 4
        assert not [sql for sql in of_journal if "LIMIT" not in sql]


def test_a_program_s_rows_are_found_by_its_index(busy: Program) -> None:
    small = MembershipFactory(role=Role.OWNER).user

    plan = Entry.objects.for_user(small).order_by("-id")[:50].explain()

    assert "audit_entry_program" in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize(
    ("count", "said"), [(50_001, "50,001"), (949_999, "950,000"), (999_499, "999,000"), (1_234_567, "1.2 million")]
)
def test_an_estimate_is_rounded(count: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.admin.long_lists._estimate", lambda _rows: count)
    paginator = BoundedPaginator(Entry.objects.all(), 50)
    paginator.is_whole, paginator._counted = True, COUNTED_AT_MOST + 1

    assert paginator.count_in_words == f"about {'50,000' if count == 50_001 else said}"


def test_a_table_that_was_never_looked_at_has_no_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.admin.long_lists._estimate", lambda _rows: -1)
    paginator = BoundedPaginator(Entry.objects.all(), 50)
    paginator.is_whole, paginator._counted = True, COUNTED_AT_MOST + 1

    assert paginator.count_in_words == "more than 50,000"


# Dates and values


def offered(client: Client, **query: str) -> Any:
    return client.get(reverse(LIST), query).context["cl"].dates


def test_dates_are_the_steps_from_the_first_row_to_the_last(alice: User) -> None:
    EntryFactory(at=datetime(2023, 11, 30, 22, tzinfo=UTC))
    EntryFactory(at=datetime(2025, 2, 2, 1, tzinfo=UTC))
    client = client_of(alice)

    def steps(kind: str, **query: str) -> list[str]:
        return [f"{step:%Y-%m-%d}" for step in offered(client, **query).datetimes("at", kind)]

    assert steps("year") == ["2023-01-01", "2024-01-01", "2025-01-01"]
    assert steps("month", at__year="2023") == ["2023-11-01", "2023-12-01"]
    assert len(steps("month", at__year="2024")) == 12
    assert steps("day", at__year="2023", at__month="11") == ["2023-11-30"]
    assert steps("day", at__year="2025", at__month="2") == ["2025-02-01", "2025-02-02"]
    page = client.get(reverse(LIST)).content.decode()
    for link in ("at__year=2023", "at__year=2024", "at__year=2025"):
        assert link in page


def test_dates_of_others_are_not_offered(program: Program) -> None:
    EntryFactory(at=datetime(2019, 1, 1, tzinfo=UTC), program_id=ProgramFactory().pk)
    EntryFactory(at=timezone.now(), program_id=program.pk)

    dates = offered(staff(program))

    assert dates.first == dates.last
    assert dates.first.year == timezone.now().year
    assert offered(staff(ProgramFactory())).first is None


def test_a_filter_offers_what_the_latest_rows_have(program: Program) -> None:
    EntryFactory(program_id=program.pk, subject_type="acme.b")
    EntryFactory(program_id=program.pk, subject_type="acme.a")
    EntryFactory(program_id=ProgramFactory().pk, subject_type="other.c")

    listed = staff(program).get(reverse(LIST)).context["cl"]

    values = {spec.title: list(spec.lookup_choices) for spec in listed.filter_specs}
    assert values["subject type"] == ["acme.a", "acme.b"]
    assert listed.get_filters  # the filters are Django's own otherwise
