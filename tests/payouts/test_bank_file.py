"""Paying by file: what a bank is told, what it says came of it, and that nothing is paid twice or lost on the way."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, InternalError, connection, transaction
from django.utils import timezone

from identity.states import Role
from payouts import operations
from payouts.models import Attempt, BankFile, Desk, PayoutBatch, ResultFile
from payouts.operations.read_result_file import Reading
from payouts.proposable.restarts import propose_restart
from payouts.queries.desks import accounts_to_send
from payouts.tasks import send
from tests.affiliates.troupe import Troupe
from tests.at_once import at_once
from tests.conftest import member
from tests.factories import UserFactory
from tests.payouts.house import House
from tests.payouts.test_approval import refused
from tests.payouts.test_crash import cut_off
from tests.payouts.test_sending import agree
from tests.payouts.till_takers import takers_of
from wallets.models import RailAccount
from wallets.operations import activate_rail_account, draft_rail_account
from wallets.rails.bankfile.instructions import Instruction, read_instructions
from wallets.rails.bankfile.results import write_results

pytestmark = pytest.mark.django_db

Says = Callable[[Instruction], tuple[str, str, str]]


def kept_by_file(troupe: Troupe, name: str, number: str) -> RailAccount:
    drafted = draft_rail_account(
        program=troupe.program, rail="bank", name=name, number=number, assets=["KES"], secrets={}, at=timezone.now()
    )
    return activate_rail_account(drafted.pk, program_id=troupe.program.pk, version=1, at=timezone.now())


@pytest.fixture
def account(troupe: Troupe) -> RailAccount:
    return kept_by_file(troupe, "shop", "ACME-KES-1")


@pytest.fixture
def house(house_of_two: House) -> House:
    house_of_two.funds("1000")
    return house_of_two


def earns(house: House, name: str, amount: str) -> None:
    code = f"{sum(map(ord, name)):010d}"
    house.earns(name, amount, kind="BANK", destination=f"01100:{code}", holder=f"{name.title()} Doe")


def write(house: House, batch: PayoutBatch, **more: Any) -> BankFile:
    return operations.write_bank_file(
        batch.pk, program_id=house.program.pk, **{"by": house.maker, "at": timezone.now(), **more}
    )


def read(house: House, batch: PayoutBatch, content: bytes, **more: Any) -> Reading:
    return operations.read_result_file(
        batch.pk, program_id=house.program.pk, content=content,
        **{"by": house.approver, "at": timezone.now(), **more},
    )  # fmt: skip


def paid(line: Instruction) -> tuple[str, str, str]:
    return "PAID", f"FT{line.reference}", ""


def failed(line: Instruction) -> tuple[str, str, str]:
    return "FAILED", "", "No such account"


def answer(file: BankFile, says: Says = paid, *, only: str = "") -> bytes:
    """Return what a bank would say of a file, or of one payee in it."""
    told = read_instructions(file.body)
    rows = [
        (line.reference, says(line)[0], says(line)[1], line.amount, says(line)[2])
        for line in told.each
        if only in line.holder
    ]
    return write_results(told.name, told.account, told.asset, rows)


def verdicts(reading: Any) -> list[str]:
    return [one.verdict.value for one in reading.verdicts]


def test_a_batch_is_paid_by_file(house: House) -> None:
    earns(house, "ada", "120.5")
    earns(house, "bea", "50")
    batch = house.started()
    assert accounts_to_send(at=timezone.now()) == []
    assert house.send().counts == {}
    assert send() == {}
    assert house.payouts(batch) == ["ada 120.5 READY", "bea 50 READY"], "nobody sends by itself what goes in a file"

    file = write(house, batch)

    assert (file.name, file.count, f"{file.total}") == (f"B{batch.number}-1", 2, "170.50")
    told = read_instructions(file.body)
    assert (told.account, told.asset, f"{told.total}") == ("ACME-KES-1", "KES", "170.50")
    assert [(line.bank, line.holder, line.amount) for line in told.each] == [
        ("01100", "Ada Doe", "120.50"), ("01100", "Bea Doe", "50.00"),
    ]  # fmt: skip
    assert house.payouts(batch) == ["ada 120.5 ACCEPTED", "bea 50 ACCEPTED"]
    assert house.books() == {"float": "829.5", "in_flight": "170.5", "fees": "0"}
    assert not Attempt.objects.filter(called_at=None).exists()
    assert not Desk.objects.get().leased_by
    house.require_order()

    reading = read(house, batch, answer(file))

    assert (reading.is_new, verdicts(reading)) == (True, ["accepted", "accepted"])
    assert house.payouts(batch) == ["ada 120.5 PAID", "bea 50 PAID"]
    assert house.payout("ada").receipt == f"FT{told.each[0].reference}"
    assert house.books() == {"float": "829.5", "in_flight": "0", "fees": "0"}
    assert house.state(batch) == "EXECUTED"
    house.require_order()


def test_asked_for_again_it_is_the_same_file(house: House) -> None:
    earns(house, "ada", "120")
    batch = house.started()
    file = write(house, batch)

    assert write(house, batch) == file
    read(house, batch, answer(file))
    assert write(house, batch) == file, "also when all is over"

    assert Attempt.objects.count() == BankFile.objects.count() == 1
    assert house.books()["in_flight"] == "0"


def test_read_twice_it_changes_nothing(house: House) -> None:
    earns(house, "ada", "120")
    earns(house, "bea", "50")
    batch = house.started()
    said = answer(write(house, batch), lambda line: paid(line) if "Ada" in line.holder else failed(line))
    assert verdicts(read(house, batch, said)) == ["accepted", "accepted"]
    before = (list(Attempt.objects.order_by("pk").values()), house.books(), house.rows("ada"))

    again = read(house, batch, said)

    assert (again.is_new, verdicts(again)) == (False, ["duplicate", "duplicate"])
    assert (list(Attempt.objects.order_by("pk").values()), house.books(), house.rows("ada")) == before
    [kept] = ResultFile.objects.all()
    assert kept.content.encode() == said
    assert [row[2] for row in kept.verdicts] == ["accepted", "accepted"]
    house.require_order()


def test_what_failed_goes_in_the_next_file_when_somebody_asks_for_it(house: House) -> None:
    earns(house, "ada", "120")
    earns(house, "bea", "50")
    batch = house.started()
    first = write(house, batch)
    read(house, batch, answer(first, lambda line: paid(line) if "Ada" in line.holder else failed(line)))
    assert house.payouts(batch) == ["ada 120 PAID", "bea 50 FAILED failed_at_bank"]
    assert house.payout("bea").reason == "The bank says that it failed: No such account"
    assert write(house, batch) == first, "nobody asked for it"

    house.do("retry_payout", house.payout("bea"), reason="The bank was wrong")
    second = write(house, batch)

    assert (second.name, second.count, f"{second.total}") == (f"B{batch.number}-2", 1, "50.00")
    references = [line.reference for file in (first, second) for line in read_instructions(file.body).each]
    assert len(set(references)) == 3, "each try has a name of its own"
    read(house, batch, answer(second))
    assert house.attempts("bea") == ["50 REFUSED", "50 CONFIRMED"]
    assert house.state(batch) == "EXECUTED"
    house.require_order()


def test_a_bank_that_takes_it_back_is_not_believed_and_found(house: House) -> None:
    earns(house, "ada", "120")
    batch = house.started()
    file = write(house, batch)
    read(house, batch, answer(file))

    assert verdicts(read(house, batch, answer(file, failed))) == ["conflict"]
    assert verdicts(read(house, batch, answer(file, lambda line: ("PAID", "OTHER", "")))) == ["conflict"]

    assert house.attempts("ada") == ["120 CONFIRMED OTHER_RECEIPT"]
    assert house.payouts(batch) == ["ada 120 PAID"]
    house.require_order()


def test_a_failure_that_was_none_is_a_fact_and_a_finding(house: House) -> None:
    earns(house, "ada", "120")
    batch = house.started()
    file = write(house, batch)
    read(house, batch, answer(file, failed))
    assert house.books() == {"float": "1000", "in_flight": "0", "fees": "0"}

    assert verdicts(read(house, batch, answer(file))) == ["accepted"]

    assert house.attempts("ada") == ["120 CONFIRMED PAID_LATE"]
    assert house.books() == {"float": "880", "in_flight": "0", "fees": "0"}
    house.require_order()


def test_the_receipt_of_another_file_shows_nothing(house: House) -> None:
    earns(house, "ada", "120")
    first = house.started()
    told = write(house, first)
    read(house, first, answer(told))
    earns(house, "bea", "120")
    second = house.started()
    receipt = house.payout("ada").receipt

    reading = read(house, second, answer(write(house, second), lambda line: ("PAID", receipt, "")))

    assert verdicts(reading) == ["rejected"]
    assert house.attempts("bea") == ["120 UNKNOWN OTHER_RECEIPT"]
    house.require_order()


def test_lines_may_be_missing_and_stand_twice(house: House) -> None:
    earns(house, "ada", "120")
    earns(house, "bea", "50")
    batch = house.started()
    file = write(house, batch)
    told = read_instructions(file.body)
    row = (told.each[0].reference, "PAID", "FT1", "120", "")

    reading = read(house, batch, write_results(told.name, told.account, told.asset, [row, row]))

    assert verdicts(reading) == ["accepted", "duplicate"]
    assert house.payouts(batch) == ["ada 120 PAID", "bea 50 ACCEPTED"]
    assert verdicts(read(house, batch, answer(file, lambda line: ("PAID", "FT1" if "Ada" in line.holder else "FT2", "")
                                              ))) == ["duplicate", "accepted"]  # fmt: skip
    assert house.state(batch) == "EXECUTED"
    house.require_order()


def test_a_hostile_file_is_refused_whole(house: House) -> None:
    earns(house, "ada", "120")
    earns(house, "bea", "50")
    batch = house.started()
    file = write(house, batch)
    ada, bea = read_instructions(file.body).each
    good = answer(file)
    rows = [(ada.reference, "PAID", "FT1", "120.00", ""), (bea.reference, "PAID", "FT2", "50.00", "")]

    def of(*more: tuple[str, str, str, str, str], name: str = file.name, account: str = "ACME-KES-1") -> bytes:
        return write_results(name, account, "KES", [rows[0], *more])

    for says, content in {
        "checksum": good.replace(b"PAID", b"FAIL", 1),
        "it is empty": b"",
        "UTF-8": good.replace(b"PAID", b"\xff\xfe\xfd\xfc", 1),
        "null": good + b"\0",
        "longer than": good + b"\n" * 1_000_001,
        "which was not in the file": of(("P0000000XXXX", *rows[1][1:])),
        "and 50 was sent": of((bea.reference, "PAID", "FT2", "51.00", "")),
        "contradict each other": of(rows[1], (bea.reference, "FAILED", "", "50.00", "")),
        "the receipt on line 3": of((bea.reference, "PAID", "FT1", "50.00", "")),
        "no file of this batch": of(rows[1], name="B999-1"),
        "from ACME-KES-2": of(rows[1], account="ACME-KES-2"),
        "cells, and not 5": file.body,
    }.items():
        no = refused("bad_bank_file", partial(read, house, batch, content))
        assert says in str(no)

    assert house.payouts(batch) == ["ada 120 ACCEPTED", "bea 50 ACCEPTED"]
    assert not ResultFile.objects.exists()
    assert house.books()["in_flight"] == "170"
    house.require_order()


def test_a_file_of_another_batch_is_none_of_this(house: House) -> None:
    earns(house, "ada", "120")
    first = house.started()
    content = answer(write(house, first))
    earns(house, "bea", "50")
    second = house.started()
    write(house, second)

    refused("bad_bank_file", lambda: read(house, second, content))

    assert house.payouts(first) == ["ada 120 ACCEPTED"]


def test_whoever_wrote_it_does_not_say_what_came_of_it(house: House) -> None:
    earns(house, "ada", "120")
    batch = house.started()
    file = write(house, batch)

    refused("reader_has_written", lambda: read(house, batch, answer(file, failed), by=house.maker))

    assert house.payouts(batch) == ["ada 120 ACCEPTED"]


def test_without_money_at_the_bank_it_waits_for_the_next_file(house: House) -> None:
    earns(house, "ada", "900")
    earns(house, "bea", "300")
    batch = house.started()

    first = write(house, batch)

    assert first.count == 1
    assert house.payouts(batch) == ["ada 900 ACCEPTED", "bea 300 READY"]
    assert Desk.objects.get().waits_for == "There is not enough money at the rail."
    assert write(house, batch) == first
    house.funds("200")
    second = write(house, batch)
    assert [line.holder for line in read_instructions(second.body).each] == ["Bea Doe"]
    read(house, batch, answer(first))
    read(house, batch, answer(second))
    assert house.state(batch) == "EXECUTED"
    house.require_order()


def test_there_is_no_file_of_nothing(house: House) -> None:
    earns(house, "ada", "9000")
    approved = house.approved()
    refused("wrong_state", lambda: write(house, approved))
    house.do("execute_batch", approved, by=house.maker)

    no = refused("no_payout_file", lambda: write(house, approved))

    assert no.params == {"reason": "there is not enough money at the rail"}
    assert not BankFile.objects.exists()
    assert house.payouts(approved) == ["ada 9000 READY"]
    refused("no_payout_file", lambda: write(house, approved, account="elsewhere"))
    house.require_order()


def test_a_stop_holds_files_too(house: House) -> None:
    earns(house, "ada", "120")
    batch = house.started()
    operations.pull_brake(house.program, reason="Something is wrong", at=timezone.now())

    refused("payouts_stopped", lambda: write(house, batch))

    assert (Attempt.objects.count(), BankFile.objects.count()) == (0, 0)
    agree(house, propose_restart(house.program, reason="All is well", by=house.maker, at=timezone.now()))
    assert write(house, batch).count == 1


def test_whom_somebody_else_is_paid_by_now_is_held(house: House) -> None:
    earns(house, "ada", "120")
    earns(house, "bea", "50")
    batch = house.started()
    method = house.payout("ada").method
    assert method is not None
    type(method).objects.filter(pk=method.pk).update(state="RETIRED")

    assert [line.holder for line in read_instructions(write(house, batch).body).each] == ["Bea Doe"]

    assert house.payouts(batch) == ["ada 120 HELD payee_changed", "bea 50 ACCEPTED"]


def test_somebody_else_has_the_desk(house: House) -> None:
    earns(house, "ada", "120")
    batch = house.started()
    assert operations.lease_desk(house.account.pk, holder="somebody else", at=timezone.now())

    refused("desk_is_taken", lambda: write(house, batch))

    assert write(house, batch, at=timezone.now() + timedelta(minutes=5)).count == 1


def test_what_a_bank_never_tells_is_left_to_people(house: House) -> None:
    earns(house, "ada", "120")
    batch = house.started()
    file = write(house, batch)

    assert house.ask(after=timedelta(days=4)) == {"asked": 0, "told": 0}
    assert house.ask(after=timedelta(days=6)) == {"asked": 1, "told": 1}

    assert house.payouts(batch) == ["ada 120 UNKNOWN unknown"]
    assert house.ask(after=timedelta(days=60)) == {"asked": 0, "told": 0}
    assert write(house, batch) == file, "it is never sent again by itself"
    house.require_order()
    assert verdicts(read(house, batch, answer(file))) == ["accepted"]
    assert house.state(batch) == "EXECUTED"


def test_a_batch_of_two_banks_has_a_file_for_each(house: House, troupe: Troupe) -> None:
    other = kept_by_file(troupe, "second", "ACME-KES-2")
    house.funds("1000", account=other)
    earns(house, "ada", "120")
    batch = house.collected(accounts=["shop"])
    house.do("submit_batch", batch, reason="x", by=house.maker)
    house.do("execute_batch", house.agree(batch), by=house.maker)

    refused("no_payout_file", lambda: write(house, batch, account="second"))

    assert write(house, batch, account="shop").rail_account == house.account


def test_files_stay_as_they_are(house: House) -> None:
    earns(house, "ada", "120")
    batch = house.started()
    file = write(house, batch)
    read(house, batch, answer(file))

    for table, column in (("payouts_bankfile", "content"), ("payouts_resultfile", "content")):
        for statement in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises((DatabaseError, InternalError)), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    draft = house.batch()
    with pytest.raises(DatabaseError, match="nobody has agreed"), transaction.atomic():
        BankFile.objects.create(
            program=house.program, batch=draft, rail_account=house.account, number=1, name="B9-1", content="x",
            sha256="0" * 64, count=1, total=1, written_at=timezone.now(), written_by=house.maker,
        )  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["write", "read"])
def test_cut_off_anywhere_it_is_done_whole_or_not_at_all(house_of_two: House, verb: str) -> None:
    house = house_of_two
    house.funds("1000")
    earns(house, "ada", "120.5")
    earns(house, "bea", "50")
    batch = house.started()
    content = answer(write(house, batch)) if verb == "read" else b""

    def stands() -> Any:
        files = (BankFile.objects.count(), ResultFile.objects.count())
        attempts = list(Attempt.objects.order_by("pk").values("reference", "called_at", "state"))
        return house.payouts(batch), house.books(), house.rows("ada"), files, attempts

    before = stands()
    for after in range(1, 300):
        was_cut = cut_off(after, lambda: write(house, batch) if verb == "write" else read(house, batch, content))
        if stands() != before:
            break
        assert was_cut
        house.require_order()
    assert 15 < after < 299, "it is through somewhere between"

    if verb == "write":
        content = answer(write(house, batch))
    read(house, batch, content)
    operations.sweep_batches(at=timezone.now())
    assert house.payouts(batch) == ["ada 120.5 PAID", "bea 50 PAID"]
    assert house.state(batch) == "EXECUTED"
    assert (BankFile.objects.count(), ResultFile.objects.count(), Attempt.objects.count()) == (1, 1, 2)
    house.require_order()


@pytest.mark.django_db(transaction=True)
def test_three_at_once_get_one_file_and_read_it_once(house_of_two: House) -> None:
    house = house_of_two
    house.funds("1000")
    earns(house, "ada", "120")
    batch = house.started()
    third = member(UserFactory(), house.program, Role.FINANCE_MAKER)

    written = at_once(*(partial(write, house, batch, by=by) for by in (house.maker, third, house.maker)))

    assert len({file.pk for file in written}) == 1, written
    content = answer(written[0])
    readings = at_once(*(partial(read, house, batch, content) for _ in range(3)))
    assert sorted(verdicts(reading)[0] for reading in readings) == ["accepted", "duplicate", "duplicate"]
    operations.sweep_batches(at=timezone.now())
    assert house.state(batch) == "EXECUTED"
    assert Attempt.objects.count() == 1
    house.require_order()


def test_what_an_owner_takes_out_goes_by_file(house: House) -> None:
    takers = takers_of(house)
    withdrawal = takers.takes("ann", "60.5", kind="BANK", to="01100:0000000321", holder="Ann Doe")
    batch = house.started()

    file = write(house, batch)

    [line] = read_instructions(file.body).each
    assert (line.bank, line.account, line.holder, line.amount) == ("01100", "0000000321", "Ann Doe", "60.50")
    assert takers.stands(withdrawal) == ["SENT", "OPEN", "PENDING"]
    read(house, batch, answer(file))
    assert takers.stands(withdrawal) == ["PAID", "CAPTURED", "COMPLETED 39.5"]
    takers.require_order()
