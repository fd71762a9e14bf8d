"""Wallets are computed again from the books, and what was tampered with is named, whoever switched the guards off."""

import json
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from audit.operations import reconcile
from audit.states import RunState
from ledger.models import Account
from ledger.movements import Movement, Posting
from ledger.operations import post
from tests.audit.sealing import tamper
from tests.wallets.purses import Purses


def verify(*arguments: str) -> tuple[int, dict[str, Any]]:
    said = StringIO()
    try:
        call_command("wallets_verify", "--json", *arguments, stdout=said)
    except SystemExit as end:
        return int(end.code or 0), json.loads(said.getvalue())
    return 0, json.loads(said.getvalue())


@pytest.fixture
def busy(purses: Purses) -> Purses:
    purses.do("top_up", "ann", "100")
    purses.do("top_up", "ben", "10")
    for _ in range(3):
        payment = purses.do("pay_from_wallet", "ann", "10")
        purses.do("transfer", "ann", "2", to=purses.wallet("ben").pk)
    purses.of("refund", payment, "4")
    purses.do("charge_back", "ben", "20")
    purses.do("top_up", "ben", "1")
    purses.do("hold", "ann", "5")
    return purses


@pytest.mark.django_db
def test_wallets_that_agree(busy: Purses) -> None:
    code, said = verify()

    assert (code, said["agree"], said["found"]) == (0, True, [])
    assert (said["wallets"], said["transactions"], said["payments"]) == (2, 15, 3)
    one = verify("--program", "acme", "--wallet", str(busy.wallet("ann").pk))[1]
    assert (one["wallets"], one["payments"]) == (1, 3)
    for arguments in (("--program", "nobody"), ("--wallet", "x"), ("--wallet", str(busy.party("ann").pk))):
        with pytest.raises(CommandError) as refused:
            verify(*arguments)
        assert refused.value.returncode == 2


LINE = "wallets_wallettransaction"
ANN, BEN = "wallet_id = %(ann)s AND number =", "wallet_id = %(ben)s AND number ="


def changed(what: str, where: str) -> str:
    return f"UPDATE {LINE} SET {what} WHERE {where}"


TAMPERED = [
    (LINE, changed("amount = amount + 1, balance_after = balance_after - 1", f"{ANN} 3"), {"amount", "chain"}),
    (LINE, changed("is_credit = true, balance_after = balance_before + amount", f"{ANN} 3"), {"amount", "chain"}),
    (LINE, changed("number = 90", f"{ANN} 3"), {"sequence", "chain", "balance", "last_time"}),
    (LINE, f"DELETE FROM {LINE} WHERE {ANN} 3", {"sequence", "chain", "count", "missing"}),
    (LINE, changed("payment_id = NULL", f"{ANN} 2"), {"link", "payment_link"}),
    (LINE, changed("metadata = jsonb_build_object()", f"{ANN} 2"), {"link"}),
    (LINE, changed("owed_change = owed_change + 1", "wallet_id = %(ben)s AND type = 'CHARGEBACK'"), {"owed", "amount"}),
    (LINE, changed(f"ledger_transaction_id = (SELECT ledger_transaction_id FROM {LINE} WHERE {BEN} 1)", f"{ANN} 1"),
     {"orphaned", "missing"}),
    ("wallets_paymentrecord", "UPDATE wallets_paymentrecord SET refunded = refunded + 1 WHERE refunded > 0",
     {"payment_refunded"}),
    ("wallets_paymentrecord", ("UPDATE wallets_paymentrecord SET wallet_transaction_id = (SELECT id FROM"
     f" {LINE} WHERE {BEN} 1) WHERE wallet_transaction_id = (SELECT id FROM {LINE} WHERE {ANN} 2)"),
     {"link", "payment_link"}),
    ("wallets_paymentrecord", "UPDATE wallets_paymentrecord SET state = 'PENDING' WHERE refunded > 0",
     {"payment_half_done"}),
    ("wallets_wallet", "UPDATE wallets_wallet SET last_number = last_number - 1 WHERE id = %(ann)s", {"count"}),
    ("wallets_wallet", "UPDATE wallets_wallet SET last_transaction_at = now() WHERE id = %(ann)s", {"last_time"}),
    ("wallets_wallet", "UPDATE wallets_wallet SET state = 'CLOSED' WHERE id = %(ann)s", {"state"}),
    ("ledger_balance", ("UPDATE ledger_balance SET amount = amount + 5 WHERE account_id ="
     " (SELECT account_id FROM wallets_wallet WHERE id = %(ann)s)"), {"balance"}),
]  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("table", "statement", "found"), TAMPERED)
def test_what_was_tampered_with_is_named(busy: Purses, table: str, statement: str, found: set[str]) -> None:
    ids = {"%(ann)s": f"'{busy.wallet('ann').pk}'", "%(ben)s": f"'{busy.wallet('ben').pk}'"}
    for name, value in ids.items():
        statement = statement.replace(name, value)

    tamper(table, statement)

    code, said = verify()
    assert code == 1
    assert {difference["what"] for difference in said["found"]} == found


@pytest.mark.django_db
def test_what_was_booked_past_a_wallet_is_missing_in_it(busy: Purses) -> None:
    ann = busy.wallet("ann")
    expense = Account.objects.create(
        program=busy.program, asset=ann.asset, code="program:acme:expense", role="EXPENSE", account_class="EXPENSE",
        opened_at=timezone.now(),
    )  # fmt: skip
    expense.balances.create()
    past = Posting(
        program_id=busy.program.pk,
        key="past",
        kind="BONUS",
        movements=(Movement(expense.pk, ann.account_id, Decimal(5)),),
    )
    post(past)

    run = reconcile(program_id=busy.program.pk, at=timezone.now())

    assert run.state == RunState.FINDINGS
    assert run.results.get(name="wallets.integrity").found == 2
    assert {difference.what for difference in busy.differences()} == {"missing", "balance"}
