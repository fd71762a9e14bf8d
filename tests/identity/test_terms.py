"""Commission rates are dated: the past keeps what it had, a plan can be replaced, and what is written stays."""

import threading
from datetime import UTC, datetime, timedelta
from datetime import timezone as fixed
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from audit.context import acting_as
from audit.models import Entry
from identity import rules
from identity.errors import NoTerms, RatesMakeNoSense, TermsNeedProposal, TermsReachBack
from identity.models import Program, ProgramTerms
from identity.operations import change_program, create_program, record_terms
from identity.queries.terms import dated_terms, terms_at, with_rates
from tests.factories import ProgramFactory

NOW = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

ZONES = [UTC, ZoneInfo("Africa/Nairobi"), ZoneInfo("America/New_York"), fixed(timedelta(hours=-11))]

# What needs no database

moments = st.integers(min_value=0, max_value=12).map(lambda hour: NOW + timedelta(hours=hour))
written = st.lists(moments, max_size=8).map(lambda starts: list(enumerate(starts, start=1)))


def holding(rows: list[tuple[int, datetime]], moment: datetime) -> int | None:
    """Return the number that holds, said as simply as can be: of those that have begun, the one written last."""
    return max((number for number, start in rows if start <= moment), default=None)


@given(rows=written, hour=st.integers(min_value=-1, max_value=13), step=st.sampled_from([-1, 0, 1]))
def test_spans_say_what_holds_at_every_boundary(rows: list[tuple[int, datetime]], hour: int, step: int) -> None:
    moment = NOW + timedelta(hours=hour) + step * MICROSECOND

    found = [
        span.number
        for span in rules.spans(rows)
        if span.start <= moment and (span.end is None or moment < span.end) and span.ever_holds
    ]

    assert found == ([] if (number := holding(rows, moment)) is None else [number])


@given(rows=written)
def test_what_is_written_later_changes_nothing_before_it_begins(rows: list[tuple[int, datetime]]) -> None:
    for count in range(len(rows)):
        start = rows[count][1]
        for hour in range(-1, 14):
            moment = NOW + timedelta(hours=hour)
            if moment < start:
                assert holding(rows[: count + 1], moment) == holding(rows[:count], moment)


@given(at=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=99)).map(lambda past: NOW - past))
def test_at_once_is_a_full_minute_and_not_too_near(at: datetime) -> None:
    begins = rules.next_start(at)

    assert timedelta(minutes=1) <= begins - at <= timedelta(minutes=2)
    assert (begins.second, begins.microsecond) == (0, 0)


# With one


def agree(
    program: Program, base: str = "0.1", override: str = "0.02", *, start: datetime | None = None, at: Any = None
) -> Any:
    return record_terms(
        program=program, base_commission_rate=Decimal(base), override_commission_rate=Decimal(override),
        valid_from=start, reason="agreed", at=at or timezone.now(),
    )  # fmt: skip


class TermsInTheDatabase(TestCase):
    """The database answers as the simple rule does, whoever asks in whatever zone."""

    @settings(max_examples=40, deadline=None)
    @given(
        hours=st.lists(st.integers(min_value=1, max_value=12), min_size=1, max_size=6),
        asked=st.integers(min_value=0, max_value=13),
        step=st.sampled_from([-1, 0, 1]),
        zone=st.sampled_from(
            [UTC, ZoneInfo("Africa/Nairobi"), ZoneInfo("America/New_York"), fixed(timedelta(hours=-11))]
        ),
    )
    def test_terms_at(self, hours: list[int], asked: int, step: int, zone: Any) -> None:
        now = timezone.now().replace(microsecond=0)
        program = ProgramFactory(created_at=now)
        with acting_as("test", "pytest"):
            for number, hour in enumerate(hours, start=1):
                agree(program, f"0.{number}", "0", start=(now + timedelta(hours=hour)).astimezone(zone), at=now)
        rows = [(number, now + timedelta(hours=hour)) for number, hour in enumerate(hours, start=1)]
        moment = (now + timedelta(hours=asked) + step * MICROSECOND).astimezone(zone)

        expected = holding(rows, moment)
        if expected is None:
            with pytest.raises(NoTerms):
                terms_at(program, moment)
        else:
            assert terms_at(program, moment).number == expected
        programs: Any = with_rates(Program.objects.filter(pk=program.pk), at=moment)
        shown = programs.get().base_commission_rate
        assert shown == (None if expected is None else Decimal(f"0.{expected}"))
        states = {line.terms.number: line.state(at=moment) for line in dated_terms(program)}
        assert [number for number, state in states.items() if state == "in force"] == ([expected] if expected else [])


pytestmark = [pytest.mark.usefixtures("acting")]


@pytest.mark.django_db
def test_a_program_begins_with_its_rates() -> None:
    now = timezone.now()
    program = create_program(name="A", slug="a", base_commission_rate=Decimal("0.1"), at=now)

    terms = terms_at(program, now)
    assert (terms.number, terms.base_commission_rate, terms.override_commission_rate) == (1, Decimal("0.1"), Decimal(0))
    assert terms.recorded_by == "test:pytest"
    with pytest.raises(NoTerms):
        terms_at(program, now - MICROSECOND)
    entry = Entry.objects.get(action="identity.terms.recorded")
    assert (entry.subject_id, entry.payload["base_commission_rate"]) == (str(program.pk), "0.1")


@pytest.mark.django_db
def test_a_plan_is_replaced_by_another_that_begins_no_later(program: Program) -> None:
    now = timezone.now()
    agree(program, "0.1", start=program.created_at, at=now)
    new_year = now + timedelta(days=30)
    agree(program, "0.2", start=new_year, at=now)
    agree(program, "0.15", start=new_year, at=now)

    assert terms_at(program, new_year - MICROSECOND).base_commission_rate == Decimal("0.1")
    assert terms_at(program, new_year).base_commission_rate == Decimal("0.15")
    assert [line.state(at=now) for line in dated_terms(program)] == ["planned", "replaced", "in force"]


@pytest.mark.django_db
@pytest.mark.parametrize("ahead", [timedelta(days=-1), timedelta(0), timedelta(seconds=59)])
def test_terms_do_not_reach_back(program: Program, ahead: timedelta) -> None:
    now = timezone.now()
    agree(program, start=program.created_at, at=now)

    with pytest.raises(TermsReachBack):
        agree(program, "0.5", start=now + ahead, at=now)

    assert ProgramTerms.objects.count() == 1
    assert Entry.objects.count() == 1


@pytest.mark.django_db
def test_the_first_terms_reach_back_to_the_program_s_beginning_and_no_further(program: Program) -> None:
    with pytest.raises(TermsReachBack):
        agree(program, start=program.created_at - MICROSECOND)

    assert agree(program, start=program.created_at).number == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("base", "override"), [("0.9", "0.100001"), ("1", "0.000001")])
def test_more_than_everything_is_refused(program: Program, base: str, override: str) -> None:
    with pytest.raises(RatesMakeNoSense):
        agree(program, base, override)

    assert agree(program, "0.9", "0.1").number == 1


@pytest.mark.django_db
def test_a_rate_is_not_changed_by_one(program: Program) -> None:
    now = timezone.now()
    agree(program, "0.1", "0.02", start=program.created_at, at=now)

    same = change_program(program.pk, name="Two", base_commission_rate=Decimal("0.10"), at=now)
    assert same.name == "Two"
    with pytest.raises(TermsNeedProposal):
        change_program(program.pk, name="Three", override_commission_rate=Decimal("0.03"), at=now)

    program.refresh_from_db()
    assert program.name == "Two"


# What the database holds by itself


def insert(program: Program, *, number: int, start: str = "now() + interval '1 day'", rates: str = "0.1, 0.1") -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "INSERT INTO identity_programterms (id, program_id, number, valid_from, base_commission_rate,"
            " override_commission_rate, recorded_at, recorded_by, reason)"
            f" VALUES (gen_random_uuid(), %s, %s, {start}, {rates}, now(), 'x', 'x')",
            [program.pk, number],
        )
    return ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": 3}, "one after the other"),
        ({"number": 1}, "one after the other"),
        ({"number": 2, "start": "now() - interval '1 second'"}, "do not reach back"),
        ({"number": 2, "start": "clock_timestamp()"}, "do not reach back"),
        ({"number": 2, "rates": "0.6, 0.5"}, "at_most_the_base"),
        ({"number": 2, "rates": "-0.1, 0.5"}, "are_fractions"),
        ({"number": 2, "rates": "0.1, -0.5"}, "are_fractions"),
    ],
)
def test_the_database_refuses(program: Program, changes: dict[str, Any], words: str) -> None:
    agree(program, start=program.created_at)

    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        insert(program, **changes)

    insert(program, number=2)


@pytest.mark.django_db
def test_the_database_refuses_first_terms_before_the_program(program: Program) -> None:
    with pytest.raises(IntegrityError, match="before the program"), transaction.atomic():
        insert(program, number=1, start="now() - interval '1 day'")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET base_commission_rate = 0.5", "UPDATE {} SET valid_from = now()", "DELETE FROM {}", "TRUNCATE {}"],
)
def test_what_is_written_stays(program: Program, statement: str) -> None:
    agree(program, start=program.created_at)

    with pytest.raises(IntegrityError, match="refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement.format("identity_programterms"))


@pytest.mark.django_db(transaction=True)
def test_what_is_written_at_once_is_numbered_one_after_the_other() -> None:
    program = ProgramFactory()
    refused: list[Exception] = []

    def one() -> None:
        try:
            with acting_as("test", "race"):
                agree(program)
        except Exception as problem:  # noqa: BLE001
            refused.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert refused == []
    assert list(program.terms.order_by("number").values_list("number", flat=True)) == list(range(1, 9))
