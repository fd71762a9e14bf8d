"""What is said to M-Pesa, to the letter, and what is made of its answers: nothing that may be on its way is refused."""

import json
import socket
import struct
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from audit.egress import Limits
from tests.audit.test_egress import Far, plain
from tests.wallets.mpesa import CONVERSATION, REFERENCE, desk, order, private_key
from wallets.rails import RailError
from wallets.rails.mpesa.daraja import DARAJA
from wallets.rails.mpesa.payer import B2C
from wallets.rails.sending import Accepted, Answer, Refused, Survey, Unclear, Unit, Waiting

TOKEN, PAY, ASK = "/oauth/v1/generate", "/mpesa/b2c/v3/paymentrequest", "/mpesa/transactionstatus/v1/query"
ACK = {
    "ConversationID": CONVERSATION, "OriginatorConversationID": REFERENCE, "ResponseCode": "0",
    "ResponseDescription": "Accept the service request successfully.",
}  # fmt: skip
Says = Callable[[Any], None]


def says(said: Any, status: int = 200) -> Says:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return lambda far: plain(far, body, status)


def error(code: str, message: str = "", status: int = 500) -> Says:
    return says({"requestId": "1-2", "errorCode": code, "errorMessage": message}, status)


def reset(far: Any) -> None:
    """Cut the connection so that the other side sees it."""
    far.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    far.connection.close()


class Daraja(Far):
    """M-Pesa as somebody has told it to be: ``answers`` by path."""

    def __init__(self) -> None:
        super().__init__()
        self.answers |= {TOKEN: says({"access_token": "t-1", "expires_in": "3599"}), PAY: says(ACK), ASK: says(ACK)}

    def said(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(body) for _, called, _, body in self.asked if called == path]

    def calls(self) -> list[str]:
        return [path.partition("?")[0] for _, path, _, _ in self.asked]


@pytest.fixture
def safe(settings: Any) -> Iterator[Daraja]:
    safe = Daraja()
    settings.MPESA_URL = safe.url("")
    settings.EGRESS_PRIVATE_HOSTS = frozenset({f"127.0.0.1:{safe.port}"})
    DARAJA.forget()
    yield safe
    safe.server.shutdown()
    safe.server.server_close()


def submit() -> Answer:
    wire = B2C.write(desk(), order(), Survey(), number=None)
    return B2C.submit(desk(), order(), wire)


def test_what_is_sent_is_to_the_letter(safe: Daraja) -> None:
    answer = submit()

    assert answer == Accepted(rail_reference=CONVERSATION)
    [token, pay] = safe.asked
    assert (token[0], token[1]) == ("GET", f"{TOKEN}?grant_type=client_credentials")
    assert b64decode(token[2]["authorization"].removeprefix("Basic ")) == b"a-consumer-key:a-consumer-secret"
    assert (pay[0], pay[1], pay[2]["authorization"]) == ("POST", PAY, "Bearer t-1")
    [said] = safe.said(PAY)
    credential = said.pop("SecurityCredential")
    assert private_key().decrypt(b64decode(credential), PKCS1v15()) == b"Safe#123"
    tail = REFERENCE.encode().hex()
    assert said == {
        "OriginatorConversationID": REFERENCE, "InitiatorName": "apiop", "CommandID": "BusinessPayment",
        "Amount": "2450", "PartyA": "600992", "PartyB": "254712000001", "Remarks": "Payout B12",
        "Occassion": REFERENCE, "ResultURL": f"https://house.example/api/v2/hooks/d/T0/r/{tail}",
        "QueueTimeOutURL": f"https://house.example/api/v2/hooks/d/T0/t/{tail}",
    }  # fmt: skip


def test_what_is_stored_holds_no_secret() -> None:
    wire = B2C.write(desk(), order(note="x"), Survey(), number=None)

    assert wire["Remarks"] == "Payout"
    assert not {"SecurityCredential", "ResultURL", "QueueTimeOutURL"} & set(wire)
    assert "T0" not in json.dumps(dict(wire))
    assert len(B2C.write(desk(), order(note="é<" * 999 + "x" * 999), Survey(), number=None)["Remarks"]) <= 100


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (error("400.002.02", "Bad Request - Invalid PhoneNumber", 400), "400.002.02"),
        (error("SFC_IC0003", "", 400), "SFC_IC0003"),
        (error("500.003.02", "System is busy. Spike arrest violation"), "500.003.02"),
        (error("404.001.03", "Invalid Access Token", 401), "404.001.03"),
        (says({**ACK, "ResponseCode": "2040"}), "2040"),
    ],
)
def test_what_surely_was_not_sent_is_refused(safe: Daraja, answer: Says, code: str) -> None:
    safe.answers[PAY] = answer

    said = submit()

    assert isinstance(said, Refused)
    assert said.code == code


@pytest.mark.parametrize(
    "answer",
    [
        error("500.002.1001", "Duplicate OriginatorConversationID."),
        error("400.002.02", "Duplicate OriginatorConversationID.", 400),
        error("500.001.1001", "Wrong credentials"),
        error("500.003.1001", "Internal Server Error"),
        error("401.999.99", "Something new", 403),
        says(b"<html>", 500), says(b"", 502), says(b"no JSON"), says([ACK]), says({}), says(b"x" * 70_000),
        says({**ACK, "ResponseCode": "9"}), says({**ACK, "ConversationID": ""}),
        says({**ACK, "OriginatorConversationID": "P0000002ABCD"}), says(ACK, 302), says(ACK, 500),
        says({**ACK, "ResponseCode": "2040", "OriginatorConversationID": "P0000002ABCD"}),
        reset,
    ],
)  # fmt: skip
def test_what_may_have_been_sent_is_unclear(safe: Daraja, answer: Says) -> None:
    safe.answers[PAY] = answer

    assert isinstance(submit(), Unclear)
    assert safe.calls().count(PAY) == 1


def test_an_answer_that_does_not_come_is_unclear(safe: Daraja, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DARAJA, "limits", Limits(seconds=1))
    over = threading.Event()
    safe.answers[PAY] = lambda far: over.wait(9)  # type: ignore[assignment]

    said = submit()
    over.set()

    assert isinstance(said, Unclear)


def test_nobody_listens(safe: Daraja, settings: Any) -> None:
    B2C.survey(desk(), [])
    safe.server.shutdown()
    safe.server.server_close()  # after the token was had

    said = submit()

    assert isinstance(said, Refused)
    assert said.code == "not_reached"
    DARAJA.forget()
    assert isinstance(submit(), Refused)
    with pytest.raises(RailError, match="does not answer"):
        B2C.survey(desk(), [])
    settings.EGRESS_PRIVATE_HOSTS = frozenset()
    assert isinstance(submit(), Refused)
    with pytest.raises(RailError, match="can't be called"):
        B2C.query(desk(), order(), {})


def test_a_token_is_had_once_and_anew_when_it_is_not_taken(safe: Daraja) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert {type(each) for each in pool.map(lambda _: submit(), range(16))} == {Accepted}
    assert safe.calls().count(TOKEN) == 1

    safe.answers[TOKEN] = says({"access_token": "t-2", "expires_in": "3599"})
    safe.answers[PAY] = lambda far: (
        says(ACK)(far) if far.headers["authorization"] == "Bearer t-2" else error("404.001.03", "", 401)(far)
    )
    assert isinstance(submit(), Accepted)
    assert safe.calls()[17:] == [PAY, TOKEN, PAY]

    safe.answers[PAY] = error("404.001.03", "Invalid Access Token", 401)
    before = len(safe.asked)
    assert isinstance(submit(), Refused)
    assert safe.calls()[before:] == [PAY, TOKEN, PAY]


def test_a_token_that_is_almost_over_is_not_used(safe: Daraja) -> None:
    safe.answers[TOKEN] = says({"access_token": "t-1", "expires_in": "60"})

    submit()
    submit()

    assert safe.calls() == [TOKEN, PAY, TOKEN, PAY]


@pytest.mark.parametrize(
    ("answer", "is_permanent"),
    [
        (error("400.008.01", "Invalid Authentication passed", 400), True), (says({}, 503), False),
        (says({"expires_in": "3599"}), False), (says({"access_token": "a\nb"}), False), (says(b"x"), False),
    ],
)  # fmt: skip
def test_without_a_token_nothing_is_begun(safe: Daraja, answer: Says, is_permanent: bool) -> None:
    safe.answers[TOKEN] = answer

    with pytest.raises(RailError) as refusal:
        B2C.survey(desk(), [order()])

    assert refusal.value.is_permanent is is_permanent
    assert isinstance(submit(), Refused)
    assert PAY not in safe.calls()


def test_only_shillings(safe: Daraja) -> None:
    survey = B2C.survey(desk(), [order(), order(reference="P0000002ABCD", unit=Unit("USD", 4, 2))])

    assert {reference: refusal.code for reference, refusal in survey.refused.items()} == {"P0000002ABCD": "not_kes"}


def test_a_question_is_asked_to_the_letter(safe: Daraja) -> None:
    assert isinstance(B2C.query(desk(), order(), {}), Waiting)

    [said] = safe.said(ASK)
    assert private_key().decrypt(b64decode(said.pop("SecurityCredential")), PKCS1v15()) == b"Safe#123"
    tail = REFERENCE.encode().hex()
    assert said == {
        "Initiator": "apiop", "CommandID": "TransactionStatusQuery", "TransactionID": "",
        "OriginalConversationID": REFERENCE, "PartyA": 600992, "IdentifierType": "4", "Remarks": "Payout",
        "Occasion": REFERENCE, "ResultURL": f"https://house.example/api/v2/hooks/d/T0/s/{tail}",
        "QueueTimeOutURL": f"https://house.example/api/v2/hooks/d/T0/u/{tail}",
    }  # fmt: skip


@pytest.mark.parametrize(
    "answer", [error("400.002.02", "", 400), says(b"x"), says({**ACK, "ResponseCode": "1"}), reset]
)
def test_a_question_that_is_not_taken(safe: Daraja, answer: Says) -> None:
    safe.answers[ASK] = answer

    with pytest.raises(RailError):
        B2C.query(desk(), order(), {})
