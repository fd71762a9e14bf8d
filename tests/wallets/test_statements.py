"""A rail's statement is taken in whole or not at all, once, and never against an earlier one."""

import hashlib
import zlib
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.errors import DomainError
from audit.models import Entry
from identity.models import Program
from ledger.operations import define_asset
from ledger.states import AssetKind
from tests.factories import ProgramFactory, RailAccountFactory
from tests.wallets.statements import BEGINS, WEEK, statement
from wallets import rules
from wallets.errors import UnknownRailAccount
from wallets.models import RailAccount, RailStatement, StatementLine
from wallets.operations import import_statement
from wallets.rails import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(program: Program, acting: None) -> RailAccount:
    define_asset("KES", name="Kenyan shilling", kind=AssetKind.FIAT, scale=4, payable_scale=2)
    define_asset("USDC", name="USD Coin", kind=AssetKind.TOKEN, scale=6, chain_id=1)
    account: RailAccount = RailAccountFactory(program=program, name="shop", assets=["KES"], state="ACTIVE")
    return account


def take(account: RailAccount, content: bytes) -> Any:
    return import_statement(account.pk, program_id=account.program_id, file=BytesIO(content), at=timezone.now())


def refused(account: RailAccount, content: bytes) -> tuple[str, dict[str, Any]]:
    before = (RailStatement.objects.count(), StatementLine.objects.count(), Entry.objects.count())
    with pytest.raises(DomainError) as caught:
        take(account, content)
    assert (RailStatement.objects.count(), StatementLine.objects.count(), Entry.objects.count()) == before
    return caught.value.code, dict(caught.value.params)


def shown(one: RailStatement) -> list[str]:
    return [
        " ".join(filter(None, (line.type, line.reference, f"{line.amount:+.2f}", f"{line.balance:.2f}")))
        for line in one.lines.all()
    ]


WEEK_ONE = [
    (1, "-120.00", {"reference": "SIM1", "ours": "P0000001ABCD", "description": "Payout, ada"}),
    (1, "-13.00", {"reference": "SIM1", "type": "FEE"}),
    (30.5, "+500", {"reference": "UC99"}),
]


def test_it_is_kept_line_by_line_and_as_it_came(account: RailAccount) -> None:
    content = statement(WEEK_ONE)

    done = take(account, content)

    one = RailStatement.objects.get()
    assert done.statement == one
    assert (one.begins_at, one.ends_at) == (BEGINS, BEGINS + WEEK)
    assert (one.opening, one.closing, one.count) == (Decimal(1000), Decimal(1367), 3)
    assert shown(one) == ["ENTRY SIM1 -120.00 880.00", "FEE SIM1 -13.00 867.00", "ENTRY UC99 +500.00 1367.00"]
    assert (one.sha256, zlib.decompress(one.content)) == (hashlib.sha256(content).hexdigest(), content)
    assert [f"{each.line} {each.verdict}" for each in done.verdicts] == ["3 accepted", "4 accepted", "5 accepted"]
    [entry] = Entry.objects.filter(action="wallets.rail_statement.imported")
    assert entry.payload["lines"] == 3


def test_the_same_again_is_a_replay(account: RailAccount) -> None:
    first = take(account, statement(WEEK_ONE))

    again = take(account, statement(WEEK_ONE))

    assert (again.is_replay, again.statement) == (True, first.statement)
    assert {str(each.verdict) for each in again.verdicts} == {"duplicate"}
    assert (RailStatement.objects.count(), StatementLine.objects.count()) == (1, 3)
    assert Entry.objects.filter(action="wallets.rail_statement.imported").count() == 1


def test_one_that_reaches_further_adds_what_is_new(account: RailAccount) -> None:
    take(account, statement(WEEK_ONE))
    later = [*WEEK_ONE, (200, "-67", {"reference": "SIM2"})]

    done = take(account, statement(later, ends_at=BEGINS + 2 * WEEK))

    assert [str(each.verdict) for each in done.verdicts] == ["duplicate"] * 3 + ["accepted"]
    assert (done.statement.begins_at, done.statement.opening, done.statement.closing) == (BEGINS + WEEK, 1367, 1300)
    assert shown(done.statement) == ["ENTRY SIM2 -67.00 1300.00"]


def test_what_is_missing_between_two_is_filled_in_and_has_to_fit(account: RailAccount) -> None:
    take(account, statement(WEEK_ONE))
    take(account, statement([(1, "-1")], opening="1300", begins_at=BEGINS + 2 * WEEK))
    between: dict[str, Any] = {"begins_at": BEGINS + WEEK, "opening": "1367"}

    assert refused(account, statement([(1, "-66")], **between))[0] == "statement_contradicts"
    done = take(account, statement([(1, "-67")], **between))

    assert (done.statement.opening, done.statement.closing) == (1367, 1300)
    assert RailStatement.objects.count() == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (statement([(1, "-121.00", WEEK_ONE[0][2]), *WEEK_ONE[1:]]), "something else for the lines 3, 4, 5"),
        (statement([*WEEK_ONE[:2], (30.5, "+500", {"reference": "UC98"})]), "something else for the lines 5"),
        (statement([*WEEK_ONE, (40, "-7")]), "something else for the lines 6"),
        (statement(WEEK_ONE[:2]), "has 1 lines more"),
        (statement([], opening="999", begins_at=BEGINS + WEEK), "says 1367 where this one says 999"),
        (statement([], opening="1", begins_at=BEGINS - WEEK, ends_at=BEGINS), "says 1000 where this one says 1"),
        (
            statement([(168 + each[0], *each[1:]) for each in WEEK_ONE], begins_at=BEGINS - WEEK,
                      ends_at=BEGINS + 2 * WEEK),
            "divide it",
        ),
    ],
    ids=["amount", "reference", "more", "fewer", "opening", "closing", "around"],
)  # fmt: skip
def test_what_an_earlier_one_says_stands(account: RailAccount, content: bytes, said: str) -> None:
    take(account, statement(WEEK_ONE))

    code, params = refused(account, content)

    assert code == "statement_contradicts"
    assert said in params["reason"]


def broken(change: Callable[[bytes], bytes]) -> bytes:
    return change(statement(WEEK_ONE))


HOSTILE = {
    "empty": (b"", "statement_unreadable", 1),
    "blank": (b"\n\n", "statement_unreadable", 1),
    "heads alone": (broken(lambda all_: all_.splitlines(keepends=True)[0]), "statement_unreadable", 1),
    "other heads": (broken(lambda all_: all_.replace(b"balance", b"sum", 1)), "statement_unreadable", 1),
    "not UTF-8": (broken(lambda all_: all_.replace(b"ada", b"\xff\xfe")), "statement_unreadable", 3),
    "null": (broken(lambda all_: all_.replace(b"ada", b"a\0a")), "statement_unreadable", 3),
    "open quote": (broken(lambda all_: all_.replace(b'"Payout, ada"', b'"Payout, ada')), "statement_unreadable", 6),
    "a field more": (broken(lambda all_: all_.replace(b"UC99", b"UC,99")), "statement_unreadable", 5),
    "no opening": (
        broken(lambda all_: b"".join(all_.splitlines(keepends=True)[i] for i in (0, 2, 3, 4, 5))),
        "statement_unreadable", 2,
    ),
    "no closing": (broken(lambda all_: b"".join(all_.splitlines(keepends=True)[:5])), "statement_unreadable", 5),
    "behind the closing": (broken(lambda all_: all_ + all_.splitlines()[4] + b"\n"), "statement_unreadable", 7),
    "not a number": (broken(lambda all_: all_.replace(b"-120.00", b"-1e2")), "statement_unreadable", 3),
    "other digits": (broken(lambda all_: all_.replace(b"-120.00", "-١٢٠".encode())), "statement_unreadable", 3),
    "NaN": (broken(lambda all_: all_.replace(b"-120.00", b"NaN")), "statement_unreadable", 3),
    "zero": (statement([(1, "0")]), "statement_unreadable", 3),
    "too fine": (statement([(1, "-0.00001")]), "statement_unreadable", 3),
    "opening too fine": (statement([], opening="1.00001"), "statement_unreadable", 2),
    "no zone": (broken(lambda all_: all_.replace(b"T01:00:00+00:00", b"T01:00:00")), "statement_unreadable", 3),
    "no day": (broken(lambda all_: all_.replace(b"2026-03-01T01", b"2026-02-30T01")), "statement_unreadable", 3),
    "out of order": (statement([(5, "-1"), (4, "-1")]), "statement_unreadable", 4),
    "behind its end": (statement([(170, "-1")]), "statement_unreadable", 4),
    "another type": (statement([(1, "-1", {"type": "GIFT"})]), "statement_unreadable", 3),
    "long": (statement([(1, "-1", {"description": "x" * 501})]), "statement_unreadable", 3),
    "two assets": (statement([(1, "-1", {"asset": "USDC"})]), "statement_unreadable", 3),
    "closing": (broken(lambda all_: all_.replace(b",,1367.00,", b",,1368.00,")), "statement_does_not_add_up", 6),
    "balance": (broken(lambda all_: all_.replace(b"880.00", b"880.01")), "statement_does_not_add_up", 3),
    "not the account's": (statement(WEEK_ONE, asset="USDC"), "statement_of_another_asset", None),
    "nobody's": (statement(WEEK_ONE, asset="XYZ"), "statement_of_another_asset", None),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_statement_changes_nothing(account: RailAccount, what: str) -> None:
    content, code, line = HOSTILE[what]

    found, params = refused(account, content)

    assert (found, params.get("line")) == (code, line), params


def test_what_is_too_large_is_refused_before_all_of_it_is_read(
    account: RailAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = statement(WEEK_ONE)
    monkeypatch.setattr(statements, "LINES_AT_MOST", 2)
    assert refused(account, content) == ("statement_too_large", {"most": "2 lines"})
    monkeypatch.setattr(statements, "BYTES_AT_MOST", 200)
    file = BytesIO(content)
    with pytest.raises(DomainError, match="200 bytes"):
        import_statement(account.pk, program_id=account.program_id, file=file, at=timezone.now())
    assert file.tell() < len(content)


def test_a_line_without_an_end_is_refused(account: RailAccount) -> None:
    assert refused(account, b"type," + b"x" * 20_000)[0] == "statement_unreadable"


def test_it_is_of_an_account_of_the_program_that_is_in_use(account: RailAccount) -> None:
    elsewhere = ProgramFactory()
    with pytest.raises(UnknownRailAccount):
        import_statement(account.pk, program_id=elsewhere.pk, file=BytesIO(statement()), at=timezone.now())
    draft = RailAccountFactory(program=account.program, name="draft", assets=["KES"], state="DRAFT")
    assert refused(draft, statement())[0] == "bad_rail_account"


def test_what_a_spreadsheet_guards_is_read(account: RailAccount) -> None:
    content = statement([(1, "-1", {"description": "'=1+1"})]).replace(b",-1,", b",'-1,")

    take(account, content)

    assert StatementLine.objects.get().description == "=1+1"


def test_a_hundred_or_one_line_take_as_many_statements(
    account: RailAccount, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(20) as few:
        take(account, statement([(1, "-1")]))
    many = statement([(each / 10, "-1") for each in range(1, 500)], opening="999", begins_at=BEGINS + WEEK)
    with django_assert_num_queries(len(few)):
        take(account, many)
    assert StatementLine.objects.count() == 500


def test_the_database_holds_to_it(account: RailAccount) -> None:
    one = take(account, statement(WEEK_ONE)).statement
    line = one.lines.first()
    for change in (
        lambda: RailStatement.objects.filter(pk=one.pk).update(closing=1),
        lambda: StatementLine.objects.filter(pk=line.pk).update(amount=-1),
        lambda: StatementLine.objects.filter(pk=line.pk).delete(),
        lambda: StatementLine.objects.create(
            program_id=one.program_id, statement=one, number=9, at=BEGINS, type="ENTRY", amount=1, balance=1
        ),
        lambda: again(one, begins_at=BEGINS + timedelta(days=6), ends_at=BEGINS + 2 * WEEK),
        lambda: again(one, begins_at=BEGINS + WEEK, ends_at=BEGINS + 2 * WEEK, opening=1, closing=1),
        lambda: adding_up(one),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def again(one: RailStatement, **more: Any) -> None:
    values = {"opening": 1367, "closing": 1367, "count": 0, "sha256": "0" * 64, "content": b"", **more}
    RailStatement.objects.create(
        program_id=one.program_id, account=one.account, asset=one.asset, imported_by="x", imported_at=timezone.now(),
        **values,
    )  # fmt: skip


def adding_up(one: RailStatement) -> None:
    again(one, begins_at=BEGINS + WEEK, ends_at=BEGINS + 2 * WEEK, closing=1)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_what_is_not_covered() -> None:
    day = timedelta(days=1)
    at = [BEGINS + number * day for number in range(6)]

    assert rules.uncovered(at[0], at[5], []) == [(at[0], at[5])]
    assert rules.uncovered(at[1], at[5], [(at[0], at[2])]) == [(at[2], at[5])]
    assert rules.uncovered(at[0], at[5], [(at[1], at[2]), (at[3], at[5])]) == [(at[0], at[1]), (at[2], at[3])]
    assert rules.uncovered(at[1], at[2], [(at[0], at[5])]) == []
