"""JSON-RPC: how a node of a chain is asked, by the house's one way out."""

import json
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from audit.egress import CallFailed, Limits, Reply, call
from audit.errors import DomainError
from wallets.rails import RailError
from wallets.rails.evm.receipts import read_quantity

# Receipts of transactions that pay thousands are the largest answers. No redirects: a node has one address.
LIMITS: Final = Limits(seconds=15, body_bytes=16 * 1_048_576)

# As many as providers take in one journey, the chain's id among them.
_AT_ONCE: Final = 100

_HEADERS: Final = {"content-type": "application/json", "accept": "application/json"}
_PURPOSE: Final = "wallets.rails.evm"
# Statuses below 500 that pass: too slow, too early, too much.
_PASSING: Final = frozenset({408, 425, 429})
# No such method, or not with such parameters; and a contract that refuses. All else that nodes say may pass.
_LASTING: Final = frozenset({-32600, -32601, -32602, -32700, 3})


@dataclass(frozen=True, slots=True)
class Question:
    """A method of the node and what it is given."""

    method: str
    params: tuple[Any, ...] = ()


class NodeRefused(RailError):
    """Raised when a node refuses a question; what it says of it, for whoever knows what that means there."""

    def __init__(self, what: str, *, code: int | None, message: str) -> None:
        super().__init__(f"the node refuses {what}: {code} {message}", is_permanent=code in _LASTING)
        self.code, self.message = code, message


def ask(chain_id: int, *questions: Question) -> list[Any]:
    """Ask a node of the chain, in one journey for so many, and return its answers in the order of the questions.

    It is asked for its chain each time, too: behind one address there may be many nodes. Never call it in a
    transaction of the database: what is locked there would wait for the world.

    :raises RailError: if no node is configured, none answers, it is of another chain, or it refuses a question.
    """
    answers = ask_each(chain_id, *questions)
    for answer in answers:
        if isinstance(answer, NodeRefused):
            raise answer
    return answers


def ask_each(chain_id: int, *questions: Question) -> list[Any]:
    """Ask as ``ask`` does, but give back a refused question's refusal in the place of its answer.

    :raises RailError: if no node is configured, none answers, or it is of another chain.
    """
    if len(questions) >= _AT_ONCE:
        cut = _AT_ONCE - 1
        return ask_each(chain_id, *questions[:cut]) + ask_each(chain_id, *questions[cut:])
    asked = (Question("eth_chainId"), *questions)
    body = [
        {"jsonrpc": "2.0", "id": number, "method": question.method, "params": question.params}
        for number, question in enumerate(asked, start=1)
    ]
    reply = _call(_node_of(chain_id), json.dumps(body).encode())
    answers = _answers(reply, asked)
    if isinstance(answers[0], NodeRefused):
        raise answers[0]
    found = read_quantity(answers[0])
    if found != chain_id:
        raise RailError(f"the node is one of chain {found}, and chain {chain_id} was asked for", is_permanent=True)
    return answers[1:]


def _node_of(chain_id: int) -> str:
    nodes: dict[int | None, str] = settings.RPC_NODES
    node = nodes.get(chain_id) or nodes.get(None)
    if node is None:
        raise RailError(f"no node of chain {chain_id} is configured: RPC_URL names none", is_permanent=True)
    return node


def _call(node: str, body: bytes) -> Reply:
    try:
        reply = call("POST", node, purpose=_PURPOSE, headers=_HEADERS, body=body, limits=LIMITS)
    except CallFailed as failed:
        raise RailError(f"the node does not answer: {failed}") from failed
    except DomainError as refusal:
        raise RailError(f"the node can't be asked: {refusal}", is_permanent=True) from refusal
    if not reply.is_success:
        passes = reply.status >= 500 or reply.status in _PASSING
        raise RailError(f"the node answers with status {reply.status}", is_permanent=not passes)
    return reply


def _answers(reply: Reply, asked: tuple[Question, ...]) -> list[Any]:
    try:
        said = reply.json()
    except (ValueError, RecursionError):
        raise RailError("the node answers with something that is no JSON") from None
    if isinstance(said, dict) and "error" in said:
        raise _refused(said["error"], "every question")  # one error for all of them
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        raise RailError("the node answers with something that is no answer to several questions")
    by_number = {each["id"]: each for each in said if type(each.get("id")) is int}
    if len(said) != len(asked) or set(by_number) != set(range(1, len(asked) + 1)):
        raise RailError("the node answers other questions than it was asked")
    answers: list[Any] = []
    for number, question in enumerate(asked, start=1):
        answer = by_number[number]
        if answer.get("error") is not None:
            answers.append(_refused(answer["error"], question.method))
            continue
        if "result" not in answer:
            raise RailError(f"the node answers {question.method} with nothing")
        answers.append(answer["result"])
    return answers


def _refused(error: Any, what: str) -> NodeRefused:
    fields = error if isinstance(error, dict) else {}
    code, message = fields.get("code"), str(fields.get("message", ""))[:200]
    said = message if message.isprintable() else "?"
    return NodeRefused(what, code=code if type(code) is int else None, message=said)
