"""What is said to KCB, to the letter, and what is made of its answers: nothing that may be on its way is refused."""

import json
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from audit.egress import Limits
from tests.audit.test_egress import Far
from tests.wallets.kcb import ACCOUNT, REFERENCE, desk, header, order, shown
from tests.wallets.test_rail_mpesa_payer import Says, reset, says
from wallets.errors import BadPayee, BadRailAccount
from wallets.rails import RailError
from wallets.rails.banks import place_of
from wallets.rails.kcb import KCB
from wallets.rails.kcb.buni import BUNI
from wallets.rails.kcb.credentials import check_company, check_debit_account
from wallets.rails.kcb.payer import TRANSFERS
from wallets.rails.kcb.routes import bank_of, route_to
from wallets.rails.sending import Accepted, Answer, Paid, Refused, Survey, Unclear, Unit, Waiting

TOKEN, PAY = "/token", "/fundstransfer/1.0.0/api/v1/transfer"
ASK = f"/kcb/transaction/query/1.0.0/api/v1/payment/query/{REFERENCE}"


class Buni(Far):
    """KCB as somebody has told it to be: ``answers`` by path."""

    def __init__(self) -> None:
        super().__init__()
        token = {"access_token": "t-1", "scope": "default", "token_type": "Bearer", "expires_in": 3600}
        self.answers |= {TOKEN: says(token), PAY: says(header()), ASK: says(shown())}

    def calls(self) -> list[str]:
        return [f"{method} {path}" for method, path, _, _ in self.asked]


@pytest.fixture
def buni(settings: Any) -> Iterator[Buni]:
    buni = Buni()
    settings.KCB_URL = buni.url("")
    settings.EGRESS_PRIVATE_HOSTS = frozenset({f"127.0.0.1:{buni.port}"})
    BUNI.forget()
    yield buni
    buni.server.shutdown()
    buni.server.server_close()


def submit(amount: str = "2450", **more: Any) -> Answer:
    asked = order(amount, **more)
    return TRANSFERS.submit(desk(), asked, TRANSFERS.write(desk(), asked, Survey(), number=None))


def test_what_is_sent_is_to_the_letter(buni: Buni) -> None:
    buni.answers[PAY] = says(header(transactionReference=REFERENCE, merchantID="M1", retrievalRefNumber="RRN1"))

    answer = submit("2450.50")

    assert answer == Accepted(rail_reference="RRN1")
    [token, pay] = buni.asked
    assert (token[0], token[1], token[3]) == ("POST", TOKEN, b"grant_type=client_credentials")
    assert token[2]["content-type"] == "application/x-www-form-urlencoded"
    assert b64decode(token[2]["authorization"].removeprefix("Basic ")) == b"a-consumer-key:a-consumer-secret"
    assert (pay[0], pay[1], pay[2]["authorization"]) == ("POST", PAY, "Bearer t-1")
    assert json.loads(pay[3], parse_float=str) == {
        "companyCode": "KE0010001", "transactionType": "IF", "debitAccountNumber": "37890012",
        "creditAccountNumber": ACCOUNT, "debitAmount": "2450.5", "paymentDetails": "Payout B12",
        "transactionReference": REFERENCE, "currency": "KES", "beneficiaryDetails": "Jane Doe",
        "beneficiaryBankCode": "01",
    }  # fmt: skip
    assert b'"debitAmount": 2450.5,' in pay[3]


@pytest.mark.parametrize("amount", ["10", "0.1", "1234567.89", "999999999999.99", "99999999999.9", "0.07"])
def test_the_amount_is_a_number_and_loses_no_cent(buni: Buni, amount: str) -> None:
    submit(amount)

    said = buni.asked[-1][3].decode()
    assert f'"debitAmount": {amount},' in said


def test_names_are_written_as_banks_print_them() -> None:
    wire = TRANSFERS.write(desk(), order(holder="Zoë  =Ünal\t" + "x" * 99, note="é<b>" + "y" * 99), Survey(), number=1)

    assert wire["beneficiaryDetails"] == "Zoe Unal " + "x" * 26
    assert wire["paymentDetails"] == "e b " + "y" * 31
    assert TRANSFERS.write(desk(), order(holder="王", note=""), Survey(), number=1) == {
        **TRANSFERS.write(desk(), order(), Survey(), number=1), "beneficiaryDetails": ACCOUNT,
        "paymentDetails": "Payout",
    }  # fmt: skip
    assert "a-consumer" not in json.dumps(dict(wire))


@pytest.mark.parametrize(
    ("bank", "amount", "way"),
    [
        ("KCBLKENX", "10", ("IF", "01")), ("KCBLKENXXXX", "5000000", ("IF", "01")), ("01100", "1000000", ("IF", "01")),
        ("68141", "10", ("PL", "68")), ("EQBLKENA", "999999", ("PL", "68")), ("02000", "999999.01", ("EF", "02")),
        ("BARCKENX", "999999.99", ("EF", "03")), ("11002", "1000000", ("RT", "11")),
        ("63000", "250000000", ("RT", "63")),
    ],
)  # fmt: skip
def test_the_way_follows_from_bank_and_amount(bank: str, amount: str, way: tuple[str, str]) -> None:
    asked = order(amount, destination=f"{bank}:{ACCOUNT}")
    wire = TRANSFERS.write(desk(), asked, Survey(), number=None)

    assert (wire["transactionType"], wire["beneficiaryBankCode"]) == way


@pytest.mark.parametrize("bank", ["DEUTDEFF", "KCB", "KCBLKENXX", "1234", "123456", "KCBLKENZ", "011"])
def test_a_bank_of_which_nobody_is_sure_is_not_guessed(buni: Buni, bank: str) -> None:
    with pytest.raises(BadPayee):
        TRANSFERS.checked(f"{bank}:{ACCOUNT}")
    survey = TRANSFERS.survey(desk(), [order(destination=f"{bank}:{ACCOUNT}"), order(reference="P2")])

    assert {reference: no.code for reference, no in survey.refused.items()} == {REFERENCE: "no_bank"}


@pytest.mark.parametrize("said", ["", "01100", "01100:", "01100:12 34:5", "01100:1234", "254712000001", "01100:ÄÖÜ123"])
def test_what_is_no_account(said: str) -> None:
    with pytest.raises(BadPayee):
        TRANSFERS.checked(said)


def test_an_account_is_kept_in_one_form() -> None:
    assert TRANSFERS.checked(" kcblkenx : 909 099 090") == f"KCBLKENX:{ACCOUNT}"
    place = place_of("68141:0123456789")
    bank = bank_of(place)
    assert bank is not None
    assert route_to(bank, Decimal(10)).code == "PL"
    assert (KCB.payer, KCB.carries("1", None), KCB.carries("1", 1)) == (TRANSFERS, True, False)
    assert TRANSFERS.asks_after_accepted[3] > TRANSFERS.asks_after_accepted[2]


@pytest.mark.parametrize(("check", "value"), [(check_debit_account, "12345"), (check_debit_account, "12345678901"),
                                              (check_debit_account, "KE12345"), (check_company, "ke001"),
                                              (check_company, "")])  # fmt: skip
def test_what_no_account_is_kept_with(check: Any, value: str) -> None:
    with pytest.raises(BadRailAccount):
        check(value)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (says(header("1", "Insufficient funds")), "no_float"),
        (says({"statusCode": "1", "statusMessage": "Failed", "statusDescription": "INSUFFICIENT BALANCE"}), "no_float"),
        (says(header("1", "Credit account does not exist")), "no_account"),
        (says(header("1", "Debit account is not whitelisted")), "not_allowed"),
        (says(header("1", "beneficiaryDetails is mandatory"), 400), "malformed"),
        (says({"fault": {"code": 900901, "message": "Invalid Credentials"}}, 401), "900901"),
        (says({"fault": {"code": "900800", "message": "Message throttled out"}}, 429), "900800"),
    ],
)
def test_what_surely_was_not_sent_is_refused(buni: Buni, answer: Says, code: str) -> None:
    buni.answers[PAY] = answer

    said = submit()

    assert isinstance(said, Refused)
    assert said.code == code


@pytest.mark.parametrize(
    "answer",
    [
        says(header("1", "Transaction failed")), says(header("1", "")), says(header("1", "Duplicate reference")),
        says(header("1", "Insufficient funds; the first transfer was already processed")),
        says(header("1", "Request timed out: account limit exceeded")), says(header("1", "Insufficient funds"), 500),
        says(header("2", "Insufficient funds")), says(header("1", "No limit was exceeded")), says(header("0"), 500),
        says(header("0"), 302), says(header("00")), says(header(transactionReference="P0000002ABCD")),
        says(header("1", "Insufficient funds", transactionReference="P0000002ABCD")),
        says({"header": "0"}), says({"header": {"statusCode": True}}), says({"header": {"statusCode": ["0"]}}),
        says({"fault": {"code": 101504, "message": "Timed out"}}, 504), says({"fault": "x"}, 500),
        says(b"<html>", 500), says(b"", 502), says(b"no JSON"), says([header()]), says({}), says(b"x" * 70_000), reset,
    ],
)  # fmt: skip
def test_what_may_have_been_sent_is_unclear(buni: Buni, answer: Says) -> None:
    buni.answers[PAY] = answer

    assert isinstance(submit(), Unclear)
    assert buni.calls().count(f"POST {PAY}") == 1


def test_an_answer_that_does_not_come_is_unclear(buni: Buni, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setattr(BUNI, "limits", Limits(seconds=1))
    over = threading.Event()
    buni.answers[PAY] = lambda far: over.wait(9)  # type: ignore[assignment]

    said = submit()
    over.set()

    assert isinstance(said, Unclear)


def test_nobody_listens(buni: Buni, settings: Any) -> None:
    TRANSFERS.survey(desk(), [])
    buni.server.shutdown()
    buni.server.server_close()  # after the token was had

    said = submit()

    assert isinstance(said, Refused)
    assert said.code == "not_reached"
    BUNI.forget()
    with pytest.raises(RailError, match="KCB does not answer"):
        TRANSFERS.survey(desk(), [])
    settings.EGRESS_PRIVATE_HOSTS = frozenset()
    assert isinstance(submit(), Refused)
    with pytest.raises(RailError, match="can't be called"):
        TRANSFERS.query(desk(), order(), {})


def test_a_token_is_had_once_and_anew_when_it_is_not_taken(buni: Buni) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert {type(each) for each in pool.map(lambda _: submit(), range(16))} == {Accepted}
    assert buni.calls().count(f"POST {TOKEN}") == 1

    no = says({"fault": {"code": 900901}}, 401)
    buni.answers[TOKEN] = says({"access_token": "t-2", "expires_in": 3600})
    buni.answers[PAY] = lambda far: (
        says(header())(far) if far.headers["authorization"] == "Bearer t-2" else no(far)
    )  # fmt: skip
    assert isinstance(submit(), Accepted)
    assert buni.calls()[17:] == [f"POST {PAY}", f"POST {TOKEN}", f"POST {PAY}"]

    buni.answers[PAY] = no
    before = len(buni.asked)
    assert isinstance(submit(), Refused)
    assert buni.calls()[before:] == [f"POST {PAY}", f"POST {TOKEN}", f"POST {PAY}"]


def test_only_shillings(buni: Buni) -> None:
    survey = TRANSFERS.survey(desk(), [order(), order(reference="P0000002ABCD", unit=Unit("USD", 4, 2))])

    assert {reference: refusal.code for reference, refusal in survey.refused.items()} == {"P0000002ABCD": "not_kes"}


def test_a_question_finds_what_was_paid(buni: Buni) -> None:
    said = TRANSFERS.query(desk(), order(), {})

    assert isinstance(said, Paid)
    assert (said.receipt, said.amount, said.rail_reference) == ("FT26060ABCDE", Decimal("2450"), "RRN1")
    assert buni.calls()[-1] == f"GET {ASK}"
    assert buni.asked[-1][3] == b""


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says(shown(transactionStatus="FAILED", ftReference=None)), Refused),
        (says(shown(transactionStatus="PENDING")), Waiting), (says(shown(transactionStatus="REVERSED")), Waiting),
        (says(shown(transactionStatus=None)), Waiting), (says(header("1", "Transaction not found")), Waiting),
        (says({}, 404), Waiting), (says(shown(ftReference=None)), Unclear), (says(shown(ftReference="a b")), Unclear),
        (says(shown(debitAmount=None)), Unclear), (says(shown(debitAmount="-1")), Unclear),
        (says(shown(debitAmount=True)), Unclear), (says(shown(creditAccountNumber="1")), Unclear),
        (says(shown(currency="USD")), Unclear), (says(shown(debitAmount="2449.99")), Paid),
        (says({"statusCode": "0", **shown()["response"]}), Paid),
    ],
)  # fmt: skip
def test_what_a_question_is_told(buni: Buni, answer: Says, kind: type) -> None:
    buni.answers[ASK] = answer

    assert type(TRANSFERS.query(desk(), order(), {})) is kind


@pytest.mark.parametrize(
    "answer",
    [says(b"x"), says({}), says([]), says(shown(), 500), says(shown(transactionReference="P0000002ABCD")), reset,
     says(shown(transactionReference=None)), says(b"x" * 70_000), says({"header": {"statusCode": "7"}})],
)  # fmt: skip
def test_a_question_that_is_not_answered(buni: Buni, answer: Says) -> None:
    buni.answers[ASK] = answer

    with pytest.raises(RailError):
        TRANSFERS.query(desk(), order(), {})
