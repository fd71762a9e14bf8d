"""What M-Pesa tells is read as it is meant, and what it does not say is never made up."""

import json
import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.wallets.mpesa import (
    CONVERSATION,
    NOW,
    REFERENCE,
    certificate,
    order,
    parameters,
    private_key,
    public_key,
    received,
    result,
    secrets,
    status,
)
from wallets.errors import BadPayee, BadRailAccount, NotProven
from wallets.rails import WORDS_RAILS_REFUSE, Received, rail_named
from wallets.rails.mpesa import MPESA
from wallets.rails.mpesa.codes import RESULTS
from wallets.rails.mpesa.credentials import check_callers, check_certificate
from wallets.rails.mpesa.payer import B2C
from wallets.rails.mpesa.results import about
from wallets.rails.sending import Outcome, Paid, Refused, Unclear, told_in


def told(notice: Received, **more: str) -> tuple[str, Outcome]:
    """Return whom a notice is about, and what came of it."""
    said = told_in(MPESA.read(notice, secrets(**more)))
    return said.reference, said.outcome


def test_a_payment() -> None:
    notice = MPESA.read(received(result(told=parameters())), secrets())
    reference, outcome = told(received(result(told=parameters())))

    assert (notice.kind, reference) == ("payout.confirmed", REFERENCE)
    assert isinstance(outcome, Paid)
    assert (outcome.receipt, outcome.amount, outcome.rail_reference) == ("UC16XYZ789", Decimal(2450), CONVERSATION)
    assert outcome.paid_at == datetime(2026, 3, 1, 6, 31, 20, tzinfo=UTC)
    assert outcome.evidence["ReceiverPartyPublicName"] == "254712000001 - JANE DOE"


def test_the_same_notice_has_one_name_and_others_have_others() -> None:
    shuffled = parameters()
    random.Random(7).shuffle(shuffled)
    written_otherwise = json.dumps(result(told=shuffled), indent=3).encode()

    def name(notice: Received) -> str:
        return MPESA.read(notice, secrets()).external_id

    one = name(received(result(told=parameters())))
    assert name(received(written_otherwise)) == one
    others = {
        one, name(received(result(1))), name(received(result(8))), name(received(b"", "t")),
        name(received(result(told=parameters(TransactionAmount=2449)))), name(received(status(), "s")),
    }  # fmt: skip
    assert len(others) == 6


@pytest.mark.parametrize("code", sorted(RESULTS))
def test_a_refusal(code: str) -> None:
    given: Any = int(code) if code.isdecimal() else code

    for each in (given, code):
        _, outcome = told(received(result(each)))

        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.reason) == (code, RESULTS[code])


@pytest.mark.parametrize("code", [17, 26, 1037, "", None, True, [], "500.001.1001", 9999, -1])
def test_what_is_not_said_to_be_refused_is_unclear(code: Any) -> None:
    assert isinstance(told(received(result(code)))[1], Unclear)


@pytest.mark.parametrize(
    "missing", [{"TransactionReceipt": None}, {"TransactionAmount": None}, {"TransactionAmount": "-5"},
                {"TransactionAmount": True}, {"TransactionReceipt": "a b"}]
)  # fmt: skip
def test_a_success_that_shows_nothing_is_unclear(missing: dict[str, Any]) -> None:
    assert isinstance(told(received(result(told=parameters(**missing))))[1], Unclear)


def test_a_single_parameter_and_none() -> None:
    single = {"Key": "TransactionReceipt", "Value": "UC16XYZ789"}

    assert isinstance(told(received(result(told=single)))[1], Unclear)
    assert isinstance(told(received(result(2040, told=single)))[1], Refused)
    assert isinstance(told(received(result(2040, ResultParameters=None)))[1], Refused)


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b"\xff", json.dumps(result(1)).encode(),
                                  b'{"requestId":"1","errorCode":"500.003.1001","errorMessage":"late"}'])  # fmt: skip
def test_a_queue_that_was_too_slow_is_never_a_failure(body: bytes) -> None:
    reference, outcome = told(received(body, "t"))

    assert reference == REFERENCE
    assert isinstance(outcome, Unclear)


def test_answers_to_questions() -> None:
    _, paid = told(received(status(), "s"))
    assert isinstance(paid, Paid)
    assert (paid.receipt, paid.amount, paid.rail_reference) == ("UC16XYZ789", Decimal(2450), CONVERSATION)
    assert paid.paid_at == datetime(2026, 3, 1, 6, 31, 20, tzinfo=UTC)

    _, failed = told(received(status("Failed"), "s"))
    assert isinstance(failed, Refused)
    assert isinstance(told(received(status(ReceiptNo=None), "s"))[1], Unclear)
    for open_still in ("Pending", "Authorized", "Whatever"):
        assert MPESA.read(received(status(open_still), "s"), secrets()).kind == "mpesa:pending"


def test_a_question_that_is_refused_says_nothing_of_the_payment() -> None:
    # Even where it carries the payment's own name, and a code that is final for payments.
    for said, what in ((result(2001), "s"), (result(1), "s"), (result(0), "s"), (result(2001), "u"), (b"", "u")):
        assert MPESA.read(received(said, what), secrets()).kind == "mpesa:no_status"


@pytest.mark.parametrize(
    ("notice", "says"),
    [
        (Received(b"{}", {}, NOW), "given to nobody"),
        (Received(b"{}", {}, NOW, None, "r/zz"), "given to nobody"),
        (Received(b"{}", {}, NOW, None, "x/50"), "given to nobody"),
        (Received(b"{}", {}, NOW, None, "r/ff00"), "given to nobody"),
        (Received(b"{}", {}, NOW, None, "r/" + "50" * 21), "given to nobody"),
        (received(result(1), reference="P0000002ABCD"), "another payment"),
        (received(result(1, OriginatorConversationID=None)), "another payment"),
        (received(status(), "s", reference="P0000002ABCD"), "another payment"),
        (received(b"nonsense"), "no JSON"),
        (received({"Result": []}), "Result is no JSON object"),
        (received(result(told="x")), "no list of keys"),
        (received(result(told=[1])), "no list of keys"),
        (received(result(told=[{"Key": str(number)} for number in range(41)])), "more than 40"),
        (received(result(told=[*parameters(), {"Key": "TransactionAmount", "Value": 1}])), "a key twice"),
    ],
)
def test_what_is_not_believed(notice: Received, says: str) -> None:
    with pytest.raises(NotProven, match=says):
        MPESA.read(notice, secrets())


def test_who_may_call() -> None:
    named = check_callers(" 192.0.2.0/24   198.51.100.7 ")
    assert named == "192.0.2.0/24 198.51.100.7/32"

    assert isinstance(told(received(result(1)), callers=named)[1], Refused)
    assert isinstance(told(received(result(1), address="198.51.100.7"), callers=named)[1], Refused)
    for stranger in ("198.51.100.8", "2001:db8::1", None):
        with pytest.raises(NotProven, match="does not come from an address"):
            MPESA.read(received(result(1), address=stranger), secrets(callers=named))


def test_addresses_hold_no_word_that_m_pesa_refuses() -> None:
    # References are made of chance, and this one has two of the words.
    named = about("r", "PEXECMD0000A")

    assert not any(word in named for word in WORDS_RAILS_REFUSE)
    assert not any(word in f"hooks/{MPESA.hook_code}/" for word in WORDS_RAILS_REFUSE)


@pytest.mark.parametrize("phone", ["254712000001", "254110000001"])
def test_phones(phone: str) -> None:
    assert B2C.checked(phone) == phone


@pytest.mark.parametrize("phone", ["", "0712000001", "+254712000001", "254812000001", "25471200000", "2547120000011",
                                   "25471200000a", "254712000001\n", "\uff1254712000001"])  # fmt: skip
def test_what_is_no_phone(phone: str) -> None:
    with pytest.raises(BadPayee):
        B2C.checked(phone)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("consumer_key", "short"), ("consumer_key", "with:a-colon"), ("consumer_secret", "with a space"),
        ("initiator_name", ""), ("initiator_name", "a b"), ("initiator_password", ""),
        ("initiator_password", "x" * 101), ("certificate", "nonsense"),
        ("certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
        ("certificate", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END CERTIFICATE-----"),
        ("callers", ""), ("callers", "example.com"), ("callers", "192.0.2.1/24"), ("callers", "192.0.2.1 " * 51),
    ],
)  # fmt: skip
def test_what_is_no_credential(name: str, value: str) -> None:
    [credential] = [each for each in MPESA.credentials if each.name == name]

    with pytest.raises(BadRailAccount):
        credential.check(value)


@pytest.mark.parametrize("number", ["", "1234", "12345678", "6009a2", "\uff1600992"])
def test_what_is_no_shortcode(number: str) -> None:
    with pytest.raises(BadRailAccount):
        MPESA.check_number(number)


def test_a_certificate_whose_line_breaks_a_form_has_taken() -> None:
    assert check_certificate(certificate().replace("\n", " ")) == certificate()
    assert check_certificate(public_key()) == public_key()


def test_the_rail_is_known() -> None:
    assert rail_named("mpesa") is MPESA
    assert MPESA.carries("600992", None)
    assert not MPESA.carries("600992", 1)
    assert order().reference == REFERENCE
    assert private_key().key_size == 2048
